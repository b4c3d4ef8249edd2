"""What people are told and what they say to it: shown, recorded, withdrawn, asked again. Each is written down."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from facegate.core.audit import Act, KeepsActs
from facegate.core.consent import (
    LANGUAGES,
    NOTICE_MOST,
    Channel,
    Consent,
    ConsentState,
    Guardian,
    Notice,
    Purpose,
    Standing,
    current,
    standing,
)
from facegate.core.models import Resident
from facegate.residents.notices import SHIPPED


class NoticeError(ValueError):
    """A notice that cannot be used or holds no longer; the text is one sentence that says what to do."""


class Store(KeepsActs, Protocol):
    """The part of ``adapters.store.Store`` that consents use; synchronous, raises StoreError."""

    def notices(self) -> Sequence[Notice]:
        """Every version that was ever shown or written here."""

    def keep_notices(self, notices: Sequence[Notice]) -> None:
        """Keep texts for good."""

    def add_notice(
        self, purpose: Purpose, texts: Mapping[str, str], *, above: Notice, new_meaning: bool
    ) -> Sequence[Notice]:
        """Keep a new version."""

    def add_consent(
        self,
        resident: str,
        *,
        notice: str,
        language: str,
        channel: str,
        purpose: str,
        guardian: Guardian | None = None,
        remark: str = "",
    ) -> Consent:
        """Record that a resident consented."""

    def consents(self, resident: str) -> Sequence[Consent]:
        """A resident's consents."""

    def all_consents(self) -> Sequence[Consent]:
        """Everybody's consents."""

    def renew_consent(self, consent: Consent) -> None:
        """Let templates rest on a newer consent."""

    def withdraw_purpose(self, resident: str, purpose: Purpose) -> int:
        """End every consent for a purpose."""

    def resident(self, resident: str) -> Resident:
        """One resident."""

    def residents(self) -> Sequence[Resident]:
        """All residents who are not erased."""


@dataclass(frozen=True, slots=True)
class Given:
    """A yes, as it was said. ``notice``: the hash of the text that was shown; ``remark``: such as who saw the paper."""

    purpose: Purpose
    notice: str
    language: str
    channel: Channel
    guardian: Guardian | None = None
    remark: str = ""


class Consents:
    """Synchronous and thread-safe, as the store is.

    Args:
        store: where notices and consents are.
        shipped: the notices that FaceGate brings.
    """

    def __init__(self, store: Store, shipped: Sequence[Notice] = SHIPPED) -> None:
        self._store = store
        self._shipped = tuple(shipped)

    def notices(self) -> list[Notice]:
        """Every version that is known, of every purpose and language."""
        kept = list(self._store.notices())
        known = {(notice.purpose, notice.language, notice.hash) for notice in kept}
        return [n for n in self._shipped if (n.purpose, n.language, n.hash) not in known] + kept

    def notice(self, purpose: Purpose, language: str) -> Notice:
        """The notice that holds."""
        return current(self.notices(), purpose, language)

    def text(self, digest: str) -> str | None:
        """The words that a record refers to."""
        return next((notice.text for notice in self.notices() if notice.hash == digest), None)

    def change(self, actor: str, purpose: Purpose, texts: Mapping[str, str], *, new_meaning: bool) -> Sequence[Notice]:
        """Put other words in the place of a notice, in all languages at once. Raises NoticeError."""
        written = {language: tidy(texts.get(language, "")) for language in LANGUAGES}
        last = [self.notice(purpose, language) for language in LANGUAGES]
        if all(notice.text == written[notice.language] for notice in last):
            raise NoticeError("The notice says exactly that already: nothing was changed.")
        if new_meaning and any(notice.text == written[notice.language] for notice in last):
            raise NoticeError("Where what is agreed to changes, it changes in every language: change all the texts.")
        self._store.keep_notices([notice for notice in self._shipped if notice.purpose is purpose])
        above = max(last, key=lambda notice: notice.version)
        made = self._store.add_notice(purpose, written, above=above, new_meaning=new_meaning)
        self._store.record_act(actor, Act.NOTICE_CHANGED, reason=f"{purpose} {made[0].version}")
        return made

    def check(self, resident: Resident, given: Given) -> Notice:
        """Return the notice that was agreed to; raises NoticeError unless it is the one that holds."""
        notice = self.notice(given.purpose, given.language)
        if notice.hash != given.notice:
            raise NoticeError("The notice has been changed meanwhile: show it again and ask again.")
        if resident.minor and given.guardian is None:
            raise NoticeError("For a child under 14 a guardian consents: record who that is.")
        return notice

    def record(self, actor: str, resident: str, given: Given) -> Consent:
        """Record a yes; what rested on an older one of the same purpose rests on it. Raises NoticeError, StoreError."""
        known = self._store.resident(resident)
        self._store.keep_notices([self.check(known, given)])
        guardian = given.guardian if known.minor else None  # nothing is noted that nobody needs
        consent = self._store.add_consent(
            resident,
            notice=given.notice,
            language=given.language,
            channel=given.channel,
            purpose=given.purpose,
            guardian=guardian,
            remark=given.remark,
        )
        if given.purpose is Purpose.FACE_AT_GATES:
            self._store.renew_consent(consent)
        self._store.record_act(actor, Act.CONSENTED, resident=resident, reason=given.purpose)
        return consent

    def withdraw(self, actor: str, resident: str, purpose: Purpose) -> int:
        """End every consent for a purpose; templates that rest on it are gone when this returns.

        The caller awaits ``changed`` so that gates forget the face, too. Raises NotFoundError.
        """
        ended = self._store.withdraw_purpose(resident, purpose)
        if ended:
            self._store.record_act(actor, Act.WITHDREW, resident=resident, reason=purpose)
        return ended

    def of(self, resident: str) -> list[Standing]:
        """How a resident stands to each purpose."""
        consents, notices = self._store.consents(resident), self.notices()
        return [standing(consents, notices, purpose) for purpose in Purpose]

    def allows(self, resident: str, purpose: Purpose) -> bool:
        """Whether a resident has agreed to a purpose as it is now."""
        return standing(self._store.consents(resident), self.notices(), purpose).state is ConsentState.STANDS

    def by_resident(self) -> dict[str, list[Standing]]:
        """The same for all residents who are not erased."""
        notices = self.notices()
        own: dict[str, list[Consent]] = {resident.id: [] for resident in self._store.residents()}
        for consent in self._store.all_consents():
            if consent.resident in own:
                own[consent.resident].append(consent)
        return {who: [standing(said, notices, purpose) for purpose in Purpose] for who, said in own.items()}


def tidy(text: str) -> str:
    """A notice as it is kept: lines without space at their ends, one end. Raises NoticeError."""
    lines = [line.rstrip() for line in text.replace("\r\n", "\n").replace("\r", "\n").strip().split("\n")]
    tidied = "\n".join(lines) + "\n"
    if len(tidied) > NOTICE_MOST or not lines[0] or not all(line.isprintable() for line in lines):
        raise NoticeError(
            f"A notice has 1 to {NOTICE_MOST} printable characters in English and in Chinese: complete or correct it."
        )
    return tidied
