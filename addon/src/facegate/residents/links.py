"""Links of residents: made for them by the house or by themselves, opened by whoever holds them, revoked by both."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from facegate.core.audit import HOUSEKEEPING, RESIDENT, Act, KeepsActs
from facegate.core.links import Link, LinkKind


class Store(KeepsActs, Protocol):
    """The part of ``adapters.store.Store`` that links use; synchronous, raises StoreError."""

    def make_link(self, resident: str, kind: LinkKind) -> tuple[Link, str]:
        """Make a link and return it with its secret, this once."""

    def links(self, resident: str) -> Sequence[Link]:
        """All links of a resident, oldest first."""

    def revoke_link(self, resident: str, link: str) -> None:
        """End a link and every browser's access by it."""

    def redeem_link(self, secret: str) -> tuple[Link, str] | None:
        """Open a link: return it with the secret of a new session."""

    def link_session(self, session: str) -> Link | None:
        """The link behind a browser's session."""

    def end_link_session(self, session: str) -> None:
        """Let a browser go."""


@dataclass(frozen=True, slots=True)
class Made:
    """A new link with the address that opens it, which nobody can be told again."""

    link: Link
    url: str = field(repr=False)


class Links:
    """Synchronous and thread-safe, as the store is.

    Args:
        store: where links are.
        url: the address of the residents' pages as phones in the building reach it.
    """

    def __init__(self, store: Store, url: str) -> None:
        self.url = url.rstrip("/")
        self._store = store

    def make(self, resident: str, kind: LinkKind, actor: str = HOUSEKEEPING) -> Made:
        """Make a link; ``actor``: who wished it. Raises NotFoundError for nobody's id."""
        link, secret = self._store.make_link(resident, kind)
        act = Act.INVITED if kind is LinkKind.INVITATION else Act.LINK_MADE
        self._store.record_act(actor, act, resident=resident)
        return Made(link, f"{self.url}/{kind.path}#{secret}")

    def of(self, resident: str) -> Sequence[Link]:
        """All links of a resident, oldest first."""
        return self._store.links(resident)

    def revoke(self, resident: str, link: str, actor: str = RESIDENT) -> None:
        """End a link. Raises NotFoundError unless it is this resident's."""
        self._store.revoke_link(resident, link)
        self._store.record_act(actor, Act.LINK_REVOKED, resident=resident)

    def redeem(self, secret: str) -> tuple[Link, str] | None:
        """Open a link: its kind and whose it is, with a new session; ``None`` where it opens nothing."""
        return self._store.redeem_link(secret)

    def session(self, session: str) -> Link | None:
        """The link behind a browser's session."""
        return self._store.link_session(session)

    def leave(self, session: str) -> None:
        """Let a browser go."""
        self._store.end_link_session(session)
