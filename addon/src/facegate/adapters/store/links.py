"""Links of residents and the browsers that have opened them: of every secret only the digest is here."""

import secrets
from typing import Any, Final

from sqlalchemy import Row, delete, insert, select, update

from facegate.adapters.store import schema
from facegate.adapters.store.errors import NotFoundError
from facegate.adapters.store.residents import ResidentStore
from facegate.core.links import SECRET_BYTES, Link, LinkKind, LinkState, digest, written

_LINKS = schema.links
_SESSIONS = schema.link_sessions
_SESSIONS_MOST: Final = 10  # browsers per personal link; the one that came first has to open the link again
_SEEN_EVERY: Final = 3600.0  # seconds between two writes that a browser has come by
_DEAD_KEPT: Final = 30 * 86400.0  # seconds that a link which opens nothing any more is still listed


class LinkStore(ResidentStore):
    """What the store knows about links; nothing here goes by anything but the link itself."""

    def make_link(self, resident: str, kind: LinkKind) -> tuple[Link, str]:
        """Make a link and return it with its secret, this once; a new invitation revokes the resident's former ones."""
        now, secret = self._clock(), written(secrets.token_bytes(SECRET_BYTES))
        expires = None if kind.seconds is None else now + kind.seconds
        link = Link(secrets.token_hex(8), resident, kind, now, expires)
        with self._write() as connection:
            self._row(connection, resident)
            connection.execute(
                delete(_LINKS).where(
                    (_LINKS.c.revoked_at < now - _DEAD_KEPT) | (_LINKS.c.expires_at < now - _DEAD_KEPT)
                )
            )
            if kind is LinkKind.INVITATION:
                former = (_LINKS.c.resident == resident, _LINKS.c.kind == kind, _LINKS.c.used_at.is_(None))
                connection.execute(update(_LINKS).where(*former, _LINKS.c.revoked_at.is_(None)).values(revoked_at=now))
            values = {"id": link.id, "resident": resident, "kind": kind, "hash": digest(secret)}
            connection.execute(insert(_LINKS).values(created_at=now, expires_at=expires, **values))
        return link, secret

    def links(self, resident: str) -> list[Link]:
        """All links of a resident, oldest first."""
        query = select(_LINKS).where(_LINKS.c.resident == resident).order_by(_LINKS.c.created_at, _LINKS.c.id)
        with self._read() as connection:
            return [_link(row) for row in connection.execute(query)]

    def revoke_link(self, resident: str, link: str) -> None:
        """End a link and every browser's access by it; raises NotFoundError unless it is this resident's."""
        with self._write() as connection:
            row = connection.execute(select(_LINKS).where(_LINKS.c.id == link, _LINKS.c.resident == resident)).first()
            if row is None:
                raise NotFoundError(f"There is no link '{link}': look it up among the resident's links.")
            if row.revoked_at is None:
                connection.execute(update(_LINKS).where(_LINKS.c.id == link).values(revoked_at=self._clock()))
            connection.execute(delete(_SESSIONS).where(_SESSIONS.c.link == link))

    def redeem_link(self, secret: str) -> tuple[Link, str] | None:
        """Open a link: return it with the secret of a new session; ``None`` where it opens nothing.

        An invitation opens once.
        """
        found, now = digest(secret), self._clock()
        if found is None:
            return None
        with self._write() as connection:
            row = connection.execute(select(_LINKS).where(_LINKS.c.hash == found)).one_or_none()
            if row is None or _link(row).state(now) is not LinkState.OPEN:
                return None
            link, session = _link(row), written(secrets.token_bytes(SECRET_BYTES))
            connection.execute(update(_LINKS).where(_LINKS.c.id == link.id).values(used_at=now))
            connection.execute(delete(_SESSIONS).where(_SESSIONS.c.ends_at <= now))
            kept = select(_SESSIONS.c.hash).where(_SESSIONS.c.link == link.id).order_by(_SESSIONS.c.seen_at.desc())
            too_many = kept.offset(_SESSIONS_MOST - 1)
            connection.execute(delete(_SESSIONS).where(_SESSIONS.c.hash.in_(too_many)))
            ends = now + link.kind.session_seconds
            values = {"hash": digest(session), "link": link.id, "seen_at": now, "ends_at": ends}
            connection.execute(insert(_SESSIONS).values(values))
        return link, session

    def link_session(self, session: str) -> Link | None:
        """The link behind a browser's session; ``None`` where it has ended or its link was revoked."""
        found, now = digest(session), self._clock()
        if found is None:
            return None
        query = (
            select(_LINKS, _SESSIONS.c.seen_at)
            .join(_SESSIONS, _SESSIONS.c.link == _LINKS.c.id)
            .where(_SESSIONS.c.hash == found, _SESSIONS.c.ends_at > now, _LINKS.c.revoked_at.is_(None))
        )
        with self._write() as connection:
            row = connection.execute(query).one_or_none()
            if row is None:
                return None
            link = _link(row)
            if link.kind is LinkKind.PERSONAL and not 0 <= now - row.seen_at < _SEEN_EVERY:
                seen = {"seen_at": now, "ends_at": now + link.kind.session_seconds}
                connection.execute(update(_SESSIONS).where(_SESSIONS.c.hash == found).values(seen))
        return link

    def end_link_session(self, session: str) -> None:
        """Let a browser go."""
        with self._write() as connection:
            connection.execute(delete(_SESSIONS).where(_SESSIONS.c.hash == digest(session)))


def _link(row: Row[Any]) -> Link:
    return Link(row.id, row.resident, LinkKind(row.kind), row.created_at, row.expires_at, row.used_at, row.revoked_at)
