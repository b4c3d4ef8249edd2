"""Who may do what: bearer tokens with scopes. A token is 256 random bits; only its digest is kept."""

import asyncio
import hashlib
import hmac
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from math import ceil
from typing import Final

from aiohttp import hdrs

from facegate.web.limits import Failures
from facegate.web.problems import FORBIDDEN, RATE_LIMITED, UNAUTHENTICATED, ProblemError
from facegate.web.services import Store

_PREFIX: Final = "fg_"  # so that a leaked token is recognised by those who search for leaks
_LONGEST: Final = 200  # characters of the header; nothing longer is worth hashing
_FAILURES: Final = 10
_WINDOW: Final = 60.0  # seconds


class Scope(StrEnum):
    """What a token is good for."""

    READ = "read"
    MANAGE = "manage"
    OPEN = "open"
    PERSONS = "persons"
    PRESS = "press"
    """Asks to be recognised, and opens nothing: all that a button on a wall needs."""
    INVITE = "invite"
    """Lets somebody in who is not known yet: guests' passes and invitations to enrol; reads nothing."""
    GUARD = "guard"
    """Opens in a lockdown as well, for a reason that is kept; no pairing yields it unless it is asked for."""
    HISTORY = "history"
    """Reads what has been, and names for a reason that is kept; before the panel only: no pairing yields it."""
    OWNER = "owner"
    """What only an owner may do, before the panel or on the same machine: no pairing yields it."""
    LOCAL = "local"
    """Only for commands on the same machine: no pairing yields it."""


USUAL: Final = (Scope.READ, Scope.MANAGE, Scope.OPEN, Scope.PERSONS, Scope.PRESS)
"""What pairing yields to whoever does not say what for."""
GRANTABLE: Final = (*USUAL, Scope.INVITE, Scope.GUARD)
"""What pairing may yield."""


@dataclass(frozen=True, slots=True)
class Bearer:
    """Whoever presented a good token."""

    id: str
    name: str
    scopes: frozenset[str]


def make_token() -> str:
    """Return a new token."""
    return _PREFIX + secrets.token_urlsafe(32)


def digest(token: str) -> str:
    """Return what is stored of a token. No salt and no stretching: 256 random bits cannot be guessed."""
    return hashlib.sha256(token.encode()).hexdigest()


class Doorkeeper:
    """Knows the bearer of a request.

    The limit quietens those who guess: a good token passes always, so nobody can lock out Home Assistant by failing
    from an address that they share with it.
    """

    def __init__(self, store: Store, local_token: str = "", clock: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._local = digest(local_token) if local_token else ""
        self._failures = Failures(_FAILURES, _WINDOW, clock)

    async def bearer(self, authorization: str | None, peer: str) -> Bearer | None:
        """Return the bearer, ``None`` where no token was sent; raises ProblemError for a token that is not good."""
        if authorization is None:
            return None
        kind, _, token = authorization.partition(" ")
        if kind.lower() == "bearer" and 0 < len(token) <= _LONGEST and token.isascii():
            presented = digest(token.strip())
            if self._local and hmac.compare_digest(presented, self._local):
                return Bearer("local", "this machine", frozenset(Scope))
            found = await asyncio.to_thread(self._store.find_token, presented)
            if found is not None:
                return Bearer(found.id, found.name, found.scopes)
        if wait := self._failures.wait(peer):
            raise too_many(wait)
        self._failures.add(peer)
        raise _unauthenticated("This token is not known, or it was revoked: pair again.", error="invalid_token")

    @staticmethod
    def require(bearer: Bearer | None, scope: Scope) -> None:
        """Raise ProblemError unless ``bearer`` has ``scope``."""
        if bearer is None:
            raise _unauthenticated("Send the token from pairing in the Authorization header: 'Bearer <token>'.")
        if scope not in bearer.scopes:
            raise ProblemError(
                FORBIDDEN, f"This token lacks the scope '{scope}': pair with that scope.", scope=str(scope)
            )


def too_many(wait: float) -> ProblemError:
    """Return the problem of somebody who has to wait."""
    seconds = max(1, ceil(wait))
    return ProblemError(
        RATE_LIMITED, f"Wait {seconds} s and try again.", headers={hdrs.RETRY_AFTER: str(seconds)}, retry_after=seconds
    )


def _unauthenticated(detail: str, error: str = "") -> ProblemError:
    challenge = f'Bearer realm="FaceGate", error="{error}"' if error else 'Bearer realm="FaceGate"'
    return ProblemError(UNAUTHENTICATED, detail, headers={hdrs.WWW_AUTHENTICATE: challenge})
