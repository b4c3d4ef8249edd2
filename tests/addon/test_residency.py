"""Where residents stand, and that nobody who declines their face is worse off for it."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facegate.adapters.store import ConsentError, Store, StoreError
from facegate.core import residency
from facegate.core.allow_list import may_use
from facegate.core.audit import Act
from facegate.core.models import Gate, PrivacyLevel, Resident, ResidentState, Template, Verdict
from facegate.core.policy import decide
from facegate.core.residency import Change, ResidencyError, after, standing
from tests.parts.web import LOCAL_TOKEN, Site

NOW = 1_000_000.0
GATE = Gate("main", "Main gate", faces=True)
S = ResidentState


def of(state: ResidentState, level: PrivacyLevel = PrivacyLevel.STANDARD) -> Resident:
    return Resident("r", "Resident 1", state=state, level=level)


@pytest.mark.parametrize(
    ("change", "before", "has_templates", "withdrew", "expected"),
    [
        (Change.ENROL, S.INVITED, False, False, S.ENROLLED),
        (Change.ENROL, S.WITHDRAWN, False, True, S.ENROLLED),
        (Change.ENROL, S.SUSPENDED, False, False, S.SUSPENDED),
        (Change.SETTLE, S.INVITED, False, False, S.ENROLLED),
        (Change.SETTLE, S.WITHDRAWN, False, True, S.ENROLLED),
        (Change.SETTLE, S.SUSPENDED, True, False, S.SUSPENDED),
        (Change.UNSETTLE, S.ENROLLED, False, False, S.INVITED),
        (Change.WITHDRAW, S.ENROLLED, True, False, S.WITHDRAWN),
        (Change.WITHDRAW, S.INVITED, False, False, S.INVITED),
        (Change.SUSPEND, S.WITHDRAWN, False, True, S.SUSPENDED),
        (Change.RESUME, S.SUSPENDED, True, False, S.ENROLLED),
        (Change.RESUME, S.SUSPENDED, False, True, S.WITHDRAWN),
        (Change.RESUME, S.SUSPENDED, False, False, S.INVITED),
        (Change.RESUME, S.ENROLLED, True, False, S.ENROLLED),
        (Change.ERASE, S.SUSPENDED, True, False, S.ERASED),
    ],
)
def test_what_follows_from_what(
    change: Change, before: ResidentState, has_templates: bool, withdrew: bool, expected: ResidentState
) -> None:
    assert after(change, of(before), has_templates=has_templates, withdrew=withdrew) is expected


def test_who_is_resumed_without_a_face_is_where_their_choice_has_put_them() -> None:
    resident = of(S.SUSPENDED, PrivacyLevel.NO_FACE)
    assert after(Change.RESUME, resident, has_templates=False, withdrew=True) is S.ENROLLED


@pytest.mark.parametrize("change", Change)
def test_nothing_brings_back_whoever_is_erased(change: Change) -> None:
    with pytest.raises(ResidencyError):
        after(change, of(S.ERASED), has_templates=True)


@given(st.sampled_from(Change), st.sampled_from(S), st.booleans(), st.booleans(), st.sampled_from(PrivacyLevel))
def test_no_change_but_resuming_lets_in_whoever_is_suspended(
    change: Change, state: ResidentState, has: bool, withdrew: bool, level: PrivacyLevel
) -> None:
    try:
        found = after(change, of(state, level), has_templates=has, withdrew=withdrew)
    except ResidencyError:
        return
    if state is S.SUSPENDED and change is not Change.RESUME:
        assert found not in residency.ADMITTED
    if found in residency.BY_FACE:
        assert found in residency.ADMITTED


times = st.sampled_from([None, NOW - 1, NOW, NOW + 1])


@given(
    st.builds(
        Resident,
        id=st.just("r"),
        name=st.just("Resident"),
        state=st.sampled_from(S),
        level=st.sampled_from(PrivacyLevel),
        valid_from=times,
        valid_until=times,
        gates=st.sampled_from([frozenset(), frozenset({"main"}), frozenset({"other"})]),
    )
)
def test_declining_is_never_worse(resident: Resident) -> None:
    """Same gates, same hours: wherever a face would be let in, whoever declined is let in by what else they have."""
    by_face = decide("r", resident, GATE, NOW).verdict is Verdict.GRANTED
    for state in (S.WITHDRAWN, S.ENROLLED):
        declined = replace(resident, state=state, level=PrivacyLevel.NO_FACE)
        if by_face:
            assert residency.may_pass(declined, "main", NOW)
            assert may_use(declined, "main")
    if residency.may_pass(resident, "main", NOW):
        assert may_use(resident, "main")


def test_expired_follows_from_the_date_alone() -> None:
    resident = replace(of(S.ENROLLED), valid_until=NOW)
    assert standing(resident, NOW - 1) is S.ENROLLED
    assert standing(resident, NOW) is S.EXPIRED
    assert standing(replace(resident, state=S.SUSPENDED), NOW) is S.EXPIRED


# The store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path) as opened:
        yield opened


def enrol(store: Store, resident: str) -> str:
    consent = store.add_consent(resident, notice="0" * 64, language="en", channel="test").id
    vector = np.zeros(128, np.float32)
    vector[0] = 1
    store.add_templates(resident, "sface", [vector], consent)
    return consent


def kept(store: Store, resident: str) -> list[Template]:
    return [template for template in store.templates() if template.resident == resident]


def test_whoever_chooses_no_face_loses_template_and_consent_and_nothing_else(store: Store) -> None:
    who = store.add_resident("Resident 1").id
    consent = enrol(store, who)
    chosen = store.choose_level(who, PrivacyLevel.NO_FACE)
    assert (chosen.state, chosen.level) == (S.ENROLLED, PrivacyLevel.NO_FACE)
    assert kept(store, who) == []
    assert not list((store.data / "keys").rglob(f"faces/{who}*"))
    [ended] = store.consents(who)
    assert ended.withdrawn_at is not None
    with pytest.raises(ConsentError):
        store.add_templates(who, "sface", [np.eye(1, 128, dtype=np.float32)[0]], consent)
    fresh = store.add_consent(who, notice="0" * 64, language="en", channel="test").id
    with pytest.raises(ConsentError, match="without their face"):
        store.add_templates(who, "sface", [np.eye(1, 128, dtype=np.float32)[0]], fresh)
    assert store.choose_level(who, PrivacyLevel.STANDARD).state is S.INVITED
    enrol(store, who)
    assert store.resident(who).state is S.ENROLLED


def test_the_database_does_not_tell_who_has_declined(store: Store) -> None:
    one, other = store.add_resident("Resident 1").id, store.add_resident("Resident 2").id
    enrol(store, one)
    store.choose_level(other, PrivacyLevel.NO_FACE)
    assert store.resident(one).state is store.resident(other).state
    store.close()
    for file in store.data.rglob("*"):
        if file.is_file():
            assert b"no_face" not in file.read_bytes()


def test_suspending_comes_back_to_where_one_stood(store: Store) -> None:
    who = store.add_resident("Resident 1").id
    store.suspend_resident(who)
    store.choose_level(who, PrivacyLevel.NO_FACE)
    assert store.resident(who).state is S.SUSPENDED, "a choice lets nobody in"
    assert store.resume_resident(who).state is S.ENROLLED


def test_strict_residents_are_resumed_with_their_share(store: Store) -> None:
    who = store.add_resident("Resident 1").id
    assert store.choose_level(who, PrivacyLevel.STRICT).state is S.INVITED
    consent = store.add_consent(who, notice="0" * 64, language="en", channel="test").id
    share = store.issue_share(who, "sface", [np.eye(1, 128, dtype=np.float32)[0]], consent)
    store.suspend_resident(who)
    assert store.resume_resident(who).state is S.ENROLLED
    other = store.add_resident("Resident 2").id
    store.suspend_resident(other)
    assert store.resume_resident(other).state is S.INVITED, "who never enrolled is not enrolled by a pause"
    assert store.open_share(share)
    assert store.choose_level(who, PrivacyLevel.NO_FACE).state is S.ENROLLED
    assert not store.open_share(share)


def test_a_person_who_is_gone_or_renamed_is_a_question_and_nothing_else(store: Store) -> None:
    who = store.add_resident("Resident 1", "person.one")
    nobody = store.add_resident("Resident 2")
    assert store.hear_persons({"person.one": "One"}) == []
    [asked] = store.hear_persons({"person.one": "First"})
    assert (asked.id, asked.person_renamed, asked.name) == (who.id, "First", "Resident 1")
    assert store.hear_persons({"person.one": "First"}) == [], "asked once"
    [asked] = store.hear_persons({})
    assert (asked.person_gone, asked.state, asked.person) == (True, who.state, "person.one")
    assert store.hear_persons({"person.one": "One"}) == []
    back = store.resident(who.id)
    assert (back.person_gone, back.person_renamed) == (False, "")
    assert store.resident(nobody.id) == nobody


def test_several_are_added_whole_or_not_at_all(store: Store) -> None:
    with pytest.raises(StoreError):
        store.add_residents([{"name": "Resident 1", "flat": "1"}, {"name": ""}])
    assert store.residents() == []
    assert not list((store.data / "keys" / "residents").iterdir())
    made = store.add_residents([{"name": "Resident 1", "flat": "1", "groups": frozenset({"a"})}])
    assert [(resident.flat, resident.groups) for resident in store.residents()] == [("1", frozenset({"a"}))]
    assert made == store.residents()


# The API


async def test_every_change_is_written_down(site: Site) -> None:
    async def ask(method: str, path: str, body: object = None) -> dict[str, object]:
        reply = await site.ask(method, path, body, token=LOCAL_TOKEN)
        assert reply.status < 300, reply.raw
        return reply.content or {}

    body = {"name": "Resident 1", "flat": "3-502", "groups": ["staff"], "level": "no_face", "minor": True}
    made = await ask("POST", "/residents", body)
    assert {name: made[name] for name in body} == body
    assert made["state"] == "enrolled"
    path = f"/residents/{made['id']}"
    await ask("PATCH", path, {"flat": "3-503", "residence_seen": True})
    await ask("PATCH", path, {"flat": "3-503"})  # changes nothing
    await ask("PATCH", path, {"level": "standard"})
    await ask("PATCH", path, {"suspended": True})
    await ask("PATCH", path, {"suspended": True})
    await ask("PATCH", path, {"suspended": False})
    given = await ask("POST", f"{path}/credentials", {"kind": "pin"})
    await ask("DELETE", f"{path}/credentials/{given['id']}")
    await ask("DELETE", path)
    acts = [deed.act for deed in reversed(site.store.acts())]
    assert acts == [
        Act.ADDED, Act.CHANGED, Act.LEVEL_CHANGED, Act.SUSPENDED, Act.RESUMED,
        Act.CREDENTIAL_GIVEN, Act.CREDENTIAL_TAKEN, Act.ERASED,
    ]  # fmt: skip


async def test_the_owner_answers_what_became_of_a_person(site: Site) -> None:
    async def ask(method: str, path: str, body: object = None) -> dict[str, object]:
        return (await site.ask(method, path, body, token=LOCAL_TOKEN)).content

    made = await ask("POST", "/residents", {"name": "Resident 1", "person": "person.one"})
    path = f"/residents/{made['id']}"
    await ask("PUT", "/persons", {"persons": [{"id": "person.one", "name": "Resident 1"}]})
    assert (await ask("PUT", "/persons", {"persons": [{"id": "person.one", "name": "New name"}]}))["asked"] == 1
    assert (await ask("GET", path))["person_renamed"] == "New name"
    assert (await ask("PATCH", path, {"name": "New name"}))["person_renamed"] == ""
    assert (await ask("PUT", "/persons", {"persons": []}))["asked"] == 1
    assert (await ask("GET", path))["person_gone"]
    kept_without = await ask("PATCH", path, {"person": None})
    assert (kept_without["person_gone"], kept_without["person"], kept_without["name"]) == (False, None, "New name")
