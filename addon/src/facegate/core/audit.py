"""What somebody has done with what FaceGate keeps, one word each: every deed is written down in the same words."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol


class Act(StrEnum):
    """What was done; each is a translation key."""

    LOOKED = "looked"
    """At the track of one person."""
    LOOKED_LIVE = "looked_live"
    """At what a camera sees now, to place it."""
    PROVED = "proved"
    """Whether the trail holds."""

    ADDED = "added"
    CHANGED = "changed"
    IMPORTED = "imported"
    INVITED = "invited"
    CONSENTED = "consented"
    WITHDREW = "withdrew"
    ENROLLED = "enrolled"
    UNENROLLED = "unenrolled"
    """The templates were deleted; the person stayed."""
    SUSPENDED = "suspended"
    RESUMED = "resumed"
    LEVEL_CHANGED = "level_changed"
    EXPIRED = "expired"
    ERASED = "erased"

    CREDENTIAL_GIVEN = "credential_given"
    CREDENTIAL_TAKEN = "credential_taken"
    PASS_MADE = "pass_made"  # noqa: S105  # a word, no password
    PASS_REVOKED = "pass_revoked"  # noqa: S105
    LINK_MADE = "link_made"
    LINK_REVOKED = "link_revoked"
    EXPORTED = "exported"
    """Somebody was given all that exists about them."""

    NOTICE_CHANGED = "notice_changed"
    SETTINGS_CHANGED = "settings_changed"
    DOCUMENTS_PRINTED = "documents_printed"
    MEMBER_CHANGED = "member_changed"
    FACES_SWITCHED = "faces_switched"
    REKEYED = "rekeyed"
    SHARED = "shared"
    """Something that is paired may learn who somebody is from now on."""
    UNSHARED = "unshared"
    CLOCK_CONFIRMED = "clock_confirmed"
    PSEUDONYMISED = "pseudonymised"
    FORGOTTEN = "forgotten"
    """Passages whose time was over were erased."""
    ACTS_FORGOTTEN = "acts_forgotten"
    COPIES_DELETED = "copies_deleted"
    """Of the database, from before an update."""
    RESTORED = "restored"
    """From a backup: what was done after it was made is in this record no more."""
    FOUND_BROKEN = "found_broken"
    """Records were not what the trail says, when their time to be changed or erased had come."""

    UNREADABLE = "unreadable"
    """What no version of FaceGate that is known here has written."""

    @classmethod
    def _missing_(cls, value: object) -> Act:
        return cls.UNREADABLE


RESIDENT: Final = "resident"
"""The actor of what residents do themselves, through their own page."""
HOUSEKEEPING: Final = "housekeeping"
"""The actor of what happens by itself."""
LEAST_REASON: Final = 10
MOST_REASON: Final = 500
"""Characters of the reason for a look: long enough to say one, short enough to be read."""


@dataclass(frozen=True, slots=True)
class Deed:
    """One act as it was written down; ``number`` only grows.

    ``actor``: a member of the panel or a token by name, :data:`RESIDENT` or :data:`HOUSEKEEPING`. ``resident``: whom
    it is about, by id; ``many``: how many records or residents, where it is not one. ``reason`` and ``span`` (what was
    looked at, Unix seconds) are sealed under that resident's key, and ``readable`` says whether that is still there:
    what was done to somebody who is erased by now was done to nobody.
    """

    number: int
    id: str
    at: float
    actor: str
    act: Act
    resident: str | None = None
    many: int | None = None
    reason: str = ""
    span: tuple[float, float] | None = None
    readable: bool = True


class KeepsActs(Protocol):
    """Where acts are written down; synchronous, raises StoreError."""

    def record_act(
        self,
        actor: str,
        act: Act,
        *,
        resident: str | None = None,
        reason: str = "",
        span: tuple[float, float] | None = None,
        many: int | None = None,
    ) -> None:
        """Write down what was done: when this returns, it is on the medium."""


class TellsActs(Protocol):
    """Where acts are read; synchronous, raises StoreError."""

    def acts(
        self,
        limit: int = 100,
        *,
        before: int | None = None,
        since: float | None = None,
        resident: str | None = None,
        of: Collection[Act] = (),
    ) -> list[Deed]:
        """What was done, newest first."""


class ReasonError(ValueError):
    """A reason that states nothing."""


def stated(reason: str) -> str:
    """Return a reason for a look, trimmed; raises ReasonError for one that states nothing."""
    reason = " ".join(reason.split())
    if not LEAST_REASON <= len(reason) <= MOST_REASON or not reason.isprintable():
        raise ReasonError(f"a reason has {LEAST_REASON} to {MOST_REASON} printable characters")
    return reason
