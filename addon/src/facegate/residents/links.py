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

    def told_address(self) -> str:
        """Where Home Assistant serves the pages; empty where it does not."""

    def tell_address(self, token: str, url: str) -> None:
        """Keep an address that a token's holder has told."""

    def forget_address(self, token: str) -> bool:
        """Forget it if it is that holder's; return whether it was."""


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
        fixed: whether the owner has named that address, so that links carry it whatever Home Assistant tells.
    """

    def __init__(self, store: Store, url: str, *, fixed: bool = False) -> None:
        self.url = url.rstrip("/")
        self.fixed = fixed
        self._store = store

    def make(self, resident: str, kind: LinkKind, actor: str = HOUSEKEEPING) -> Made:
        """Make a link; ``actor``: who wished it. Raises NotFoundError for nobody's id."""
        link, secret = self._store.make_link(resident, kind)
        act = Act.INVITED if kind is LinkKind.INVITATION else Act.LINK_MADE
        self._store.record_act(actor, act, resident=resident)
        return Made(link, f"{self.address()}/{kind.path}#{secret}")

    def address(self) -> str:
        """The address that links carry now: the owner's own, else Home Assistant's, else that of this box."""
        return self.url if self.fixed else self._store.told_address() or self.url

    def tell(self, token: str, url: str, actor: str) -> None:
        """Take the address at which the holder of ``token`` serves the pages: who told last is believed."""
        before = self._store.told_address()
        self._store.tell_address(token, url)
        if url != before:
            self._store.record_act(actor, Act.SETTINGS_CHANGED, reason=f"residents' links lead to {url}")

    def take_back(self, token: str, actor: str) -> None:
        """Forget the address that the holder of ``token`` has told, and nobody else's."""
        if self._store.forget_address(token):
            self._store.record_act(actor, Act.SETTINGS_CHANGED, reason=f"residents' links lead to {self.url}")

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
