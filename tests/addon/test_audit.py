"""Every act is written down, tells its reason to whoever may read it, and is about nobody once its person is gone."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from facegate.adapters.store import NotFoundError, Store
from facegate.core.audit import LEAST_REASON, MOST_REASON, Act, stated
from facegate.core.models import Gate
from facegate.core.trail import Broken
from tests.parts.stores import Clock

REASON = "The parcel that was left at the gate on Monday"


@pytest.fixture
def store(tmp_path: Path, clock: Clock) -> Iterator[Store]:
    with Store.open(tmp_path / "data", clock=clock) as store:
        store.add_gate(Gate("main", "Main gate"))
        yield store


def everything_on_disk(store: Store) -> bytes:
    return b"".join(path.read_bytes() for path in store.data.rglob("*") if path.is_file())


def test_an_act_is_read_as_it_was_written_and_stands_nowhere_in_the_open(store: Store, clock: Clock) -> None:
    person = store.add_resident("Resident 1")
    store.record_act("Owner 1", Act.LOOKED, resident=person.id, reason=REASON, span=(1.0, 2.0))
    store.record_act("Owner 1", Act.SETTINGS_CHANGED, reason=REASON, many=3)
    second, first = store.acts()
    assert (first.actor, first.act, first.resident, first.reason, first.span, first.at) == (
        "Owner 1", Act.LOOKED, person.id, REASON, (1.0, 2.0), clock.now
    )  # fmt: skip
    assert (second.act, second.resident, second.reason, second.span, second.many) == (
        Act.SETTINGS_CHANGED, None, REASON, None, 3
    )  # fmt: skip
    assert REASON.encode() not in everything_on_disk(store)
    assert store.verify_trail().broken is None


def test_acts_are_found_by_person_kind_and_time(store: Store, clock: Clock) -> None:
    one, two = store.add_resident("Resident 1"), store.add_resident("Resident 2")
    store.record_act("Owner 1", Act.LOOKED, resident=one.id)
    clock.now += 100
    store.record_act("Owner 1", Act.LOOKED, resident=two.id)
    store.record_act("resident", Act.WITHDREW, resident=one.id)
    assert [deed.act for deed in store.acts(resident=one.id)] == [Act.WITHDREW, Act.LOOKED]
    assert [deed.resident for deed in store.acts(of={Act.LOOKED})] == [two.id, one.id]
    assert [deed.resident for deed in store.acts(since=clock.now, of={Act.LOOKED})] == [two.id]
    newest = store.acts(limit=1)[0]
    assert len(store.acts(before=newest.number)) == 2


def test_whoever_is_erased_takes_the_reason_along_and_the_act_stays(store: Store) -> None:
    person = store.add_resident("Resident 1")
    store.record_act("Owner 1", Act.LOOKED, resident=person.id, reason=REASON, span=(1.0, 2.0))
    store.erase_resident(person.id)
    store.record_act("Owner 1", Act.DOCUMENTS_PRINTED, resident=person.id, reason=REASON)
    (looked,) = store.acts(of={Act.LOOKED})
    assert (looked.act, looked.reason, looked.span, looked.readable) == (Act.LOOKED, "", None, False)
    (late,) = store.acts(of={Act.DOCUMENTS_PRINTED})
    assert late.reason == ""
    assert store.verify_trail().broken is None


def test_nothing_is_done_to_somebody_who_never_was(store: Store) -> None:
    with pytest.raises(NotFoundError):
        store.record_act("Owner 1", Act.LOOKED, resident="0000000000000000", reason=REASON)
    assert store.acts() == []


def test_acts_go_when_their_time_is_over_and_the_trail_holds(store: Store, clock: Clock) -> None:
    store.record_act("Owner 1", Act.DOCUMENTS_PRINTED, reason=REASON)
    clock.now += 100
    store.record_act("Owner 1", Act.EXPORTED)
    assert store.forget_acts(clock.now) == 1
    assert [deed.act for deed in store.acts()] == [Act.ACTS_FORGOTTEN, Act.EXPORTED]
    assert store.verify_trail().broken is None


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("UPDATE acts SET actor = 'Owner 2'", Broken.CHANGED),
        ("UPDATE acts SET resident = NULL", Broken.CHANGED),
        ("UPDATE acts SET act = 'danced'", Broken.CHANGED),
        ("UPDATE acts SET details = zeroblob(60)", Broken.CHANGED),
        ("DELETE FROM acts", Broken.GONE),
    ],
)
def test_whoever_changes_an_act_is_found_out(store: Store, clock: Clock, statement: str, found: Broken) -> None:
    person = store.add_resident("Resident 1")
    store.record_act("Owner 1", Act.LOOKED, resident=person.id, reason=REASON)
    store.close()
    connection = sqlite3.connect(store.data / "facegate.db")
    connection.execute(statement)
    connection.commit()
    connection.close()
    with Store.open(store.data, clock=clock) as again:
        assert len(again.acts()) == (0 if found is Broken.GONE else 1)  # nobody is kept from reading them
        broken = again.verify_trail().broken
        assert broken is not None
        assert (broken.number, broken.what) == (1, found)


def test_a_reason_states_something() -> None:
    assert stated("  The parcel\n that  was lost ") == "The parcel that was lost"
    for reason in ("", " " * LEAST_REASON, "x" * (LEAST_REASON - 1), "x" * (MOST_REASON + 1), "some\x00thing hidden"):
        with pytest.raises(ValueError, match="a reason has"):
            stated(reason)
