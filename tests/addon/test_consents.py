"""Consent: bound to its words, asked for by purpose, by a guardian for a child, and taken back at once (P4)."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from facegate.adapters.store import ConsentError, Store
from facegate.core.audit import Act
from facegate.core.consent import Channel, Consent, ConsentState, Guardian, Purpose, Relation
from facegate.core.models import Resident, ResidentState, Vector
from facegate.residents.consents import Consents, Given, NoticeError, tidy
from facegate.residents.notices import FACE, PRESENCE
from tests.parts.web import LOCAL_TOKEN, Site

FACES = Purpose.FACE_AT_GATES
GUARDIAN = Guardian("Guardian of Resident 1", Relation.PARENT)
WORDS = {"en": "Other words.", "zh-Hans": "别的话。"}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "data") as store:
        yield store


def vector(seed: int = 0) -> Vector:
    drawn = np.random.default_rng(seed).standard_normal(128).astype(np.float32)
    return (drawn / np.linalg.norm(drawn)).astype(np.float32)


def yes(consents: Consents, purpose: Purpose = FACES, guardian: Guardian | None = None, remark: str = "") -> Given:
    return Given(purpose, consents.notice(purpose, "en").hash, "en", Channel.PAPER, guardian, remark)


def enrolled(store: Store, resident: Resident, consent: Consent) -> None:
    store.add_templates(resident.id, "sface", [vector()], consent.id)


def states(consents: Consents, resident: Resident) -> dict[Purpose, ConsentState]:
    return {standing.purpose: standing.state for standing in consents.of(resident.id)}


def child(store: Store) -> Resident:
    [made] = store.add_residents([{"name": "Resident 1", "minor": True}])
    return made


# Notices


def test_every_notice_exists_in_both_languages_and_says_the_same_version(store: Store) -> None:
    consents = Consents(store)
    for purpose in Purpose:
        one, other = (consents.notice(purpose, language) for language in ("en", "zh-Hans"))
        assert (one.version, one.meaning) == (other.version, other.meaning)
        assert one.hash != other.hash


def test_a_changed_notice_is_a_new_version_and_the_old_words_stay(store: Store) -> None:
    consents, resident = Consents(store), store.add_resident("Resident 1")
    before = consents.notice(FACES, "en")
    consents.record("Owner", resident.id, yes(consents))
    consents.change("Owner", FACES, WORDS, new_meaning=False)
    now = consents.notice(FACES, "en")
    assert (now.version, now.text) == (2, "Other words.\n")
    assert consents.text(before.hash) == before.text
    assert consents.notice(Purpose.PRESENCE_IN_HOME_ASSISTANT, "en") == PRESENCE["en"]
    assert Act.NOTICE_CHANGED in {deed.act for deed in store.acts()}
    (consent,) = store.consents(resident.id)
    assert consent.notice == before.hash


def test_words_that_were_agreed_to_stay_when_another_release_brings_others(store: Store) -> None:
    resident = store.add_resident("Resident 1")
    Consents(store).record("Owner", resident.id, yes(Consents(store)))
    later = Consents(store, [*PRESENCE.values()])  # a release that has lost the text
    assert later.text(FACE["en"].hash) == FACE["en"].text


def test_other_words_keep_a_consent_and_another_meaning_asks_again(store: Store) -> None:
    consents, resident = Consents(store), store.add_resident("Resident 1")
    consent = consents.record("Owner", resident.id, yes(consents))
    enrolled(store, resident, consent)
    consents.change("Owner", FACES, WORDS, new_meaning=False)
    assert states(consents, resident)[FACES] is ConsentState.STANDS
    with pytest.raises(NoticeError, match="every language"):
        consents.change("Owner", FACES, {**WORDS, "en": "Another meaning."}, new_meaning=True)
    consents.change("Owner", FACES, {"en": "Another meaning.", "zh-Hans": "另一个意思。"}, new_meaning=True)
    assert states(consents, resident)[FACES] is ConsentState.OUTDATED
    assert consents.by_resident()[resident.id][0].state is ConsentState.OUTDATED
    with pytest.raises(ConsentError, match="means something else"):
        store.add_templates(resident.id, "sface", [vector(1)], consent.id)
    renewed = consents.record("Owner", resident.id, yes(consents))
    assert states(consents, resident)[FACES] is ConsentState.STANDS
    store.add_templates(resident.id, "sface", [vector(1)], renewed.id)
    store.withdraw_consent(consent.id)
    assert len(store.templates()) == 2, "they rest on the newer yes"


def test_a_yes_to_words_that_were_changed_meanwhile_is_none(store: Store) -> None:
    consents, resident = Consents(store), store.add_resident("Resident 1")
    said = yes(consents)
    consents.change("Owner", FACES, WORDS, new_meaning=False)
    with pytest.raises(NoticeError, match="changed meanwhile"):
        consents.record("Owner", resident.id, said)
    assert store.consents(resident.id) == []


@pytest.mark.parametrize("text", ["", "  \n ", "a\x00b", "x" * 7000, "a\u202eb", "\ud800"])
def test_a_notice_without_words_or_with_invisible_ones_is_refused(text: str) -> None:
    with pytest.raises(NoticeError):
        tidy(text)


def test_the_same_words_are_no_change(store: Store) -> None:
    consents = Consents(store)
    consents.change("Owner", FACES, WORDS, new_meaning=False)
    with pytest.raises(NoticeError, match="already"):
        consents.change("Owner", FACES, {"en": "Other words.  \r\n", "zh-Hans": "别的话。\n\n"}, new_meaning=True)


# Children


def test_no_template_of_a_child_without_a_guardian(store: Store) -> None:
    consents, resident = Consents(store), child(store)
    with pytest.raises(NoticeError, match="guardian"):
        consents.record("Owner", resident.id, yes(consents))
    alone = store.add_consent(resident.id, notice=FACE["en"].hash, language="en", channel="paper")
    with pytest.raises(ConsentError, match="guardian"):
        enrolled(store, resident, alone)
    assert store.templates() == []
    enrolled(store, resident, consents.record("Owner", resident.id, yes(consents, guardian=GUARDIAN)))
    assert len(store.templates()) == 1


def test_the_guardians_name_is_readable_here_and_nowhere_else(store: Store, tmp_path: Path) -> None:
    consents, resident = Consents(store), child(store)
    consents.record("Owner", resident.id, yes(consents, guardian=GUARDIAN, remark="seen by Resident 2"))
    (consent,) = store.consents(resident.id)
    assert (consent.guardian, consent.remark) == (GUARDIAN, "seen by Resident 2")
    for file in tmp_path.rglob("*"):
        if file.is_file():
            content = file.read_bytes()
            assert b"Guardian of" not in content
            assert b"seen by" not in content
    store.erase_resident(resident.id)
    (consent,) = store.all_consents()
    assert (consent.guardian, consent.remark) == (None, "")


def test_of_a_grown_up_no_guardian_is_noted(store: Store) -> None:
    consents, resident = Consents(store), store.add_resident("Resident 1")
    assert consents.record("Owner", resident.id, yes(consents, guardian=GUARDIAN)).guardian is None


# Each purpose by itself, and taking it back


def test_one_purpose_is_no_consent_to_another(store: Store) -> None:
    consents, resident = Consents(store), store.add_resident("Resident 1")
    presence = consents.record("Owner", resident.id, yes(consents, Purpose.PRESENCE_IN_HOME_ASSISTANT))
    with pytest.raises(ConsentError):
        enrolled(store, resident, presence)
    assert states(consents, resident) == {
        FACES: ConsentState.NEVER,
        Purpose.PRESENCE_IN_HOME_ASSISTANT: ConsentState.STANDS,
    }


def test_withdrawing_takes_every_template_whatever_yes_it_rests_on(store: Store) -> None:
    consents, resident = Consents(store), store.add_resident("Resident 1")
    presence = Purpose.PRESENCE_IN_HOME_ASSISTANT
    consents.record("Owner", resident.id, yes(consents, presence))
    for seed in (1, 2):
        consent = consents.record("Owner", resident.id, yes(consents))
        store.add_templates(resident.id, "sface", [vector(seed)], consent.id)
    assert consents.withdraw("resident", resident.id, FACES) == 2
    assert store.templates() == []
    assert store.resident(resident.id).state is ResidentState.WITHDRAWN
    assert states(consents, resident) == {FACES: ConsentState.WITHDRAWN, presence: ConsentState.STANDS}
    assert consents.withdraw("resident", resident.id, FACES) == 0
    assert [deed.act for deed in store.acts()].count(Act.WITHDREW) == 1


# Over the API


async def test_owners_change_notices_and_read_all_versions(site: Site) -> None:
    reply = await site.ask("PUT", f"/notices/{FACES}", {**WORDS, "new_meaning": True}, token=LOCAL_TOKEN)
    assert reply.status == 200
    held = [n for n in reply.content if n["purpose"] == FACES and n["language"] == "en"]
    assert [(n["version"], n["meaning"], n["holds"]) for n in held] == [(2, 2, True), (1, 1, False)]
    assert (await site.ask("GET", "/notices", token=await site.pair())).content == reply.content


async def test_home_assistant_changes_no_notice_and_records_no_consent(site: Site) -> None:
    token, resident = await site.pair(), site.store.add_resident("Resident 1")
    body = {"notice": FACE["en"].hash, "language": "en", "channel": "paper", "purpose": str(FACES)}
    for method, path, sent in (
        ("PUT", f"/notices/{FACES}", {**WORDS, "new_meaning": False}),
        ("POST", f"/residents/{resident.id}/consents", body),
        ("DELETE", f"/residents/{resident.id}/consents/{FACES}", None),
    ):
        assert (await site.ask(method, path, sent, token=token)).problem() == "forbidden"


async def test_a_consent_is_recorded_shown_and_taken_back(site: Site) -> None:
    resident = site.store.add_resident("Resident 1")
    path = f"/residents/{resident.id}/consents"
    body = {"notice": FACE["zh-Hans"].hash, "language": "zh-Hans", "channel": "paper", "remark": "seen at the office"}
    made = await site.ask("POST", path, {**body, "purpose": str(FACES)}, token=LOCAL_TOKEN)
    assert made.status == 201
    shown = made.content[0]
    assert (shown["state"], shown["version"], shown["remark"]) == ("stands", 1, "seen at the office")
    enrolled(site.store, resident, site.store.consents(resident.id)[0])
    changes = site.gate_side.changes
    taken = await site.ask("DELETE", f"{path}/{FACES}", token=LOCAL_TOKEN)
    assert taken.content[0]["state"] == "withdrawn"
    assert site.store.templates() == []
    assert site.gate_side.changes == changes + 1, "the gates are told at once"


@pytest.mark.parametrize(
    "body",
    [
        {"notice": "0" * 64, "language": "en", "channel": "paper", "purpose": "face_at_gates"},
        {"notice": FACE["en"].hash, "language": "zh-Hans", "channel": "paper", "purpose": "face_at_gates"},
    ],
)
async def test_a_yes_to_other_words_is_refused(site: Site, body: dict[str, str]) -> None:
    resident = site.store.add_resident("Resident 1")
    reply = await site.ask("POST", f"/residents/{resident.id}/consents", body, token=LOCAL_TOKEN)
    assert reply.problem() == "consent_refused"
