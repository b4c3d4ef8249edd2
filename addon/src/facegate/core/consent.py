"""What somebody agreed to, in which words, and whether that still holds. A consent is bound to its words by their hash.

A notice has versions. Most changes are of wording; some change what is agreed to. Whoever agreed to another meaning is
asked again, and until then counts as asked, not as agreed: nothing new is stored on the strength of it.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

LANGUAGES: Final = ("en", "zh-Hans")
NOTICE_MOST: Final = 6_000
"""Characters of a notice: what nobody reads to its end tells nobody anything."""


class Purpose(StrEnum):
    """What somebody is asked for, each by itself: nobody has to agree to one to be given the other."""

    FACE_AT_GATES = "face_at_gates"
    PRESENCE_IN_HOME_ASSISTANT = "presence_in_home_assistant"
    """That Home Assistant is told whom a gate has opened for."""


class Channel(StrEnum):
    """How somebody said yes."""

    PANEL = "panel"
    PHONE = "phone"
    PAPER = "paper"
    COMMAND_LINE = "command_line"


class Relation(StrEnum):
    """What a guardian is to the child."""

    PARENT = "parent"
    GUARDIAN = "guardian"


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice in one language. ``version`` grows with every change, in all languages at once.

    ``meaning`` grows where that changes what is agreed to.
    """

    version: int
    language: str
    text: str
    purpose: Purpose = Purpose.FACE_AT_GATES
    meaning: int = 1

    @property
    def hash(self) -> str:
        """SHA-256 in hex of the text: what a consent record refers to."""
        return hashlib.sha256(self.text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Guardian:
    """Who has decided for a child."""

    name: str = field(repr=False)
    relation: Relation


@dataclass(frozen=True, slots=True)
class Consent:
    """What a resident agreed to. ``notice``: the hash of the text they were given; times are Unix seconds.

    ``channel``: how they said so (:class:`Channel`). ``remark``: what was noted with it, such as who has seen the
    paper. Both that and the guardian are sealed under the resident's key.
    """

    id: str
    resident: str
    purpose: str
    notice: str
    language: str
    channel: str
    at: float
    withdrawn_at: float | None = None
    guardian: Guardian | None = None
    remark: str = ""


class ConsentState(StrEnum):
    """How it stands with one purpose of one resident."""

    NEVER = "never"
    STANDS = "stands"
    OUTDATED = "outdated"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Standing:
    """The last word of a resident about one purpose."""

    purpose: Purpose
    state: ConsentState
    consent: Consent | None = None


def current(notices: Iterable[Notice], purpose: Purpose, language: str) -> Notice:
    """Return the newest of these notices. Raises KeyError where there is none."""
    found = [notice for notice in notices if notice.purpose is purpose and notice.language == language]
    if not found:
        raise KeyError((purpose, language))
    return max(found, key=lambda notice: notice.version)


def meanings(notices: Iterable[Notice], purpose: Purpose) -> dict[str, int]:
    """What each text of a purpose means, by hash: words that are used again mean what they mean now."""
    found: dict[str, int] = {}
    for notice in notices:
        if notice.purpose is purpose:
            found[notice.hash] = max(notice.meaning, found.get(notice.hash, 0))
    return found


def is_outdated(consent: Consent, notices: Sequence[Notice]) -> bool:
    """Whether what was agreed to means something else by now; also where nobody knows any more what it was."""
    known = meanings(notices, Purpose(consent.purpose))
    return known.get(consent.notice, 0) < max(known.values(), default=0)


def standing(consents: Iterable[Consent], notices: Sequence[Notice], purpose: Purpose) -> Standing:
    """How a resident stands to a purpose: the newest consent that was not withdrawn, else the newest."""
    own = sorted((c for c in consents if c.purpose == purpose), key=lambda c: (c.withdrawn_at is None, c.at, c.id))
    if not own:
        return Standing(purpose, ConsentState.NEVER)
    last = own[-1]
    if last.withdrawn_at is not None:
        return Standing(purpose, ConsentState.WITHDRAWN, last)
    return Standing(purpose, ConsentState.OUTDATED if is_outdated(last, notices) else ConsentState.STANDS, last)
