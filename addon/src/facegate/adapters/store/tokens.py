"""Who may use the API: tokens, of which only the hash is kept, and the key that signs events for Home Assistant."""

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Row, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from facegate.adapters.crypto import Kind
from facegate.adapters.store import schema
from facegate.adapters.store.database import Database
from facegate.adapters.store.errors import ExistsError, NotFoundError

_TOKENS = schema.tokens

_USE_EVERY: Final = 3600.0  # seconds; when a token was last used is worth a write an hour, not one per request
_EVENT_KEY: Final = "event"


@dataclass(frozen=True, slots=True)
class Token:
    """What is known about one token; the token itself is known to its holder alone."""

    id: str
    name: str
    scopes: frozenset[str]
    created_at: float
    last_used_at: float | None = None


class TokenStore(Database):
    """What the store knows about who may use the API."""

    def add_token(self, name: str, scopes: Collection[str], token_hash: str) -> Token:
        """Store a new token by its hash; raises ExistsError."""
        token = Token(secrets.token_hex(8), name, frozenset(scopes), self._clock())
        try:
            with self._write() as connection:
                connection.execute(
                    insert(_TOKENS).values(
                        id=token.id,
                        name=name,
                        hash=token_hash,
                        scopes=sorted(token.scopes),
                        created_at=token.created_at,
                    )
                )
        except IntegrityError as error:
            raise ExistsError("This token is stored already: make a new one.") from error
        return token

    def find_token(self, token_hash: str) -> Token | None:
        """The token with this hash, noting (hourly) that it was used."""
        with self._read() as connection:
            row = connection.execute(select(_TOKENS).where(_TOKENS.c.hash == token_hash)).one_or_none()
        if row is None:
            return None
        now = self._clock()
        if row.last_used_at is None or abs(now - row.last_used_at) >= _USE_EVERY:
            with self._write() as connection:
                connection.execute(update(_TOKENS).where(_TOKENS.c.id == row.id).values(last_used_at=now))
        return _token(row)

    def tokens(self) -> list[Token]:
        """All tokens, oldest first."""
        with self._read() as connection:
            return [_token(row) for row in connection.execute(select(_TOKENS).order_by(_TOKENS.c.created_at))]

    def narrow_token(self, token: str, scopes: Collection[str]) -> None:
        """Let a token be good for these scopes alone; raises NotFoundError."""
        with self._write() as connection:
            narrowed = update(_TOKENS).where(_TOKENS.c.id == token).values(scopes=sorted(scopes))
            if not connection.execute(narrowed).rowcount:
                raise NotFoundError(f"There is no token '{token}': look it up among the tokens.")

    def revoke_token(self, token: str) -> None:
        """Delete a token; raises NotFoundError."""
        with self._write() as connection:
            if not connection.execute(delete(_TOKENS).where(_TOKENS.c.id == token)).rowcount:
                raise NotFoundError(f"There is no token '{token}': look it up among the tokens.")

    def event_key(self) -> bytes:
        """The 32-byte key under which events for Home Assistant are signed; made when it is first asked for."""
        with self._write():  # two threads that ask at once get the same key
            if _EVENT_KEY not in self._keys.names(Kind.PAIRING):
                self._keys.make(Kind.PAIRING, _EVENT_KEY)
                self._keys.keep(Kind.PAIRING, _EVENT_KEY)
            return self._keys.key(Kind.PAIRING, _EVENT_KEY)

    def renew_event_key(self) -> bytes:
        """Destroy the event key and return a new one: whoever was paired before believes no event any more."""
        with self._write():
            self._keys.destroy(Kind.PAIRING, _EVENT_KEY)
        return self.event_key()


def _token(row: Row[Any]) -> Token:
    return Token(row.id, row.name, frozenset(row.scopes), row.created_at, row.last_used_at)
