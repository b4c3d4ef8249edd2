"""Passes in the store: used once whoever comes at the same time, bounded, and gone with their resident."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Barrier

import pytest

from facegate.adapters.store import FullError, NotFoundError, Store, StoreError
from facegate.adapters.store.passes import DEAD_KEPT, MOST_EACH
from facegate.core.models import Direction, Gate, Reason, Resident
from facegate.core.passes import STEP_SECONDS, Code, Kind, Pass, read

IN, OUT = Direction.ENTRY, Direction.EXIT
DAY = 86400.0
NOON = 1_800_000_000.0


class Clock:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path, clock: Clock):
    with Store.open(tmp_path / "data", clock=clock) as store:
        for gate in ("main", "garage"):
            store.add_gate(Gate(gate, gate))
        yield store


@pytest.fixture
def resident(store: Store) -> Resident:
    return store.add_resident("Resident 1")


def shown(store: Store, bearer: Pass) -> Code:
    """What a resident's phone shows now."""
    code = read(store.pass_codes(bearer.id, bearer.resident, 1)[0][1])
    assert code is not None
    return code


def guest(store: Store, **more: object) -> Code:
    """A guest's pass of the house."""
    wanted = Pass("", Kind.FIXED, "", guest=True, valid_until=NOON + DAY, **more)  # type: ignore[arg-type]
    code = read(store.make_fixed_pass(wanted).text)
    assert code is not None
    return code


def together(store: Store, code: Code, gates: list[str]) -> list[Reason]:
    barrier = Barrier(len(gates))

    def use(gate: str) -> Reason:
        barrier.wait(timeout=10)
        return store.use_pass(code, gate, IN).reason

    with ThreadPoolExecutor(len(gates)) as pool:
        return list(pool.map(use, gates))


def test_a_rotating_code_opens_one_of_two_gates_that_read_it_at_once(store: Store, resident: Resident) -> None:
    code = shown(store, store.make_rotating_pass(resident.id))
    said = together(store, code, ["main", "garage", "main", "garage"])
    assert sorted(said) == [Reason.PASS_GOOD, *[Reason.PASS_USED] * 3]


def test_the_last_use_of_a_guest_is_given_out_once(store: Store) -> None:
    code = guest(store, uses=2)
    said = together(store, code, ["main", "garage", "main", "garage"])
    assert sorted(said) == [*[Reason.PASS_GOOD] * 2, *[Reason.PASS_USED] * 2]


def test_a_code_is_good_within_its_time_once_and_never_after_a_later_one(
    store: Store, resident: Resident, clock: Clock
) -> None:
    bearer = store.make_rotating_pass(resident.id)
    first = shown(store, bearer)
    clock.now += STEP_SECONDS
    second = shown(store, bearer)
    judged = store.use_pass(second, "main", IN)
    assert (judged.reason, judged.resident) == (Reason.PASS_GOOD, resident.id)
    assert store.use_pass(first, "main", IN).reason is Reason.PASS_USED  # within its time, but before the used one
    clock.now += STEP_SECONDS
    assert store.use_pass(second, "garage", IN).reason is Reason.PASS_USED
    clock.now += STEP_SECONDS
    assert store.use_pass(second, "main", IN).reason is Reason.PASS_EXPIRED
    clock.now += 2 * 3600
    assert store.use_pass(second, "main", IN).reason is Reason.PASS_UNKNOWN
    assert store.use_pass(shown(store, bearer), "main", IN).granted


def test_a_used_code_stays_used_when_the_clock_is_set_back_and_after_a_restart(tmp_path: Path, clock: Clock) -> None:
    with Store.open(tmp_path / "data", clock=clock) as store:
        store.add_gate(Gate("main", "Main"))
        bearer = store.make_rotating_pass(store.add_resident("Resident 1").id)
        clock.now -= STEP_SECONDS
        earlier = shown(store, bearer)
        clock.now += STEP_SECONDS
        code = shown(store, bearer)
        assert store.use_pass(code, "main", IN).granted
    with Store.open(tmp_path / "data", clock=clock) as store:
        assert store.use_pass(code, "main", IN).reason is Reason.PASS_USED
        clock.now -= STEP_SECONDS  # somebody sets the clock back, and shows the photograph of an earlier code
        assert store.use_pass(earlier, "main", IN).reason is Reason.PASS_USED


def test_another_residents_secret_and_a_made_up_one_are_unknown(store: Store, resident: Resident) -> None:
    mine, theirs = (store.make_rotating_pass(r.id) for r in (resident, store.add_resident("Resident 2")))
    forged = replace(shown(store, mine), id=theirs.id)
    assert store.use_pass(forged, "main", IN).reason is Reason.PASS_UNKNOWN
    assert store.use_pass(replace(shown(store, mine), id="00" * 5), "main", IN).reason is Reason.PASS_UNKNOWN
    fixed = guest(store)
    assert store.use_pass(replace(fixed, secret=bytes(16)), "main", IN).reason is Reason.PASS_UNKNOWN
    assert store.use_pass(Code(Kind.ROTATING, fixed.id, bytes(10)), "main", IN).reason is Reason.PASS_UNKNOWN


def test_a_new_phone_ends_the_old_one(store: Store, resident: Resident) -> None:
    old = store.make_rotating_pass(resident.id)
    code = shown(store, old)
    store.make_rotating_pass(resident.id)
    assert store.use_pass(code, "main", IN).reason is Reason.PASS_REVOKED
    with pytest.raises(NotFoundError):
        store.pass_codes(old.id, resident.id, 1)


def test_a_revoked_pass_opens_nothing_from_that_moment(store: Store) -> None:
    code = guest(store)
    assert store.use_pass(code, "main", IN).granted
    store.revoke_pass(code.id)
    assert store.use_pass(code, "main", IN).reason is Reason.PASS_REVOKED


def test_a_paper_pass_is_not_handed_back_over_the_fence(store: Store, resident: Resident, clock: Clock) -> None:
    code = read(store.make_fixed_pass(Pass("", Kind.FIXED, resident.id, passback=60)).text)
    assert code is not None
    assert store.use_pass(code, "main", IN).resident == resident.id
    assert store.use_pass(code, "garage", IN).reason is Reason.PASS_AGAIN
    assert store.use_pass(code, "main", OUT).granted
    clock.now += 61
    assert store.use_pass(code, "main", OUT).granted


def test_a_pass_has_the_rights_of_whoever_it_belongs_to(store: Store, resident: Resident, clock: Clock) -> None:
    bearer = store.make_rotating_pass(resident.id)
    guests = read(store.make_fixed_pass(Pass("", Kind.FIXED, resident.id, guest=True, valid_until=NOON + DAY)).text)
    assert guests is not None

    def say(gate: str = "main") -> tuple[Reason, str | None]:
        judged = store.use_pass(shown(store, bearer), gate, IN)
        clock.now += STEP_SECONDS
        return judged.reason, judged.resident

    assert say() == (Reason.PASS_GOOD, resident.id)  # invited and never enrolled: a pass needs no face
    assert store.use_pass(guests, "main", IN).resident is None  # a guest is not the resident
    store.update_resident(replace(resident, gates=frozenset({"garage"})))
    assert say() == (Reason.NOT_THIS_GATE, resident.id)
    assert store.use_pass(guests, "main", IN).reason is Reason.NOT_THIS_GATE
    store.update_resident(replace(resident, valid_until=NOON))
    assert say() == (Reason.EXPIRED, resident.id)
    store.update_resident(resident)
    store.suspend_resident(resident.id)
    assert say() == (Reason.SUSPENDED, resident.id)
    assert store.use_pass(guests, "main", IN).reason is Reason.SUSPENDED
    store.resume_resident(resident.id)
    assert say() == (Reason.PASS_GOOD, resident.id)


def test_a_window_needs_a_clock_that_may_be_believed(store: Store, resident: Resident) -> None:
    code = guest(store)
    assert store.use_pass(code, "main", IN, clock=False).reason is Reason.CLOCK
    mine = shown(store, store.make_rotating_pass(resident.id))
    assert store.use_pass(mine, "main", IN, clock=False).granted  # a way in without a face is there at every hour


def test_what_opened_nothing_is_given_back_and_nothing_more(store: Store, resident: Resident, clock: Clock) -> None:
    bearer = store.make_rotating_pass(resident.id)
    code = shown(store, bearer)
    store.give_back_pass(store.use_pass(code, "main", IN))
    judged = store.use_pass(code, "main", IN)
    assert judged.granted
    clock.now += STEP_SECONDS
    assert store.use_pass(shown(store, bearer), "main", IN).granted
    store.give_back_pass(judged)  # too late: a later code was used since
    assert store.use_pass(code, "main", IN).reason is Reason.PASS_USED
    once = guest(store, uses=1, passback=60.0)
    store.give_back_pass(store.use_pass(once, "main", IN))
    assert store.use_pass(once, "main", IN).granted


def test_nothing_of_a_pass_can_be_read_in_the_files_and_it_goes_with_its_resident(tmp_path: Path, clock: Clock) -> None:
    with Store.open(tmp_path / "data", clock=clock) as store:
        store.add_gate(Gate("main", "Main"))
        resident = store.add_resident("Resident 1")
        made = [
            store.make_fixed_pass(Pass("", Kind.FIXED, who, guest=True, label="Aunt Wang", valid_until=NOON + DAY))
            for who in (resident.id, "")
        ]
        assert {known.label for known in store.passes()} == {"Aunt Wang"}
        assert [known.label for known in store.passes(resident.id)] == ["Aunt Wang"]
        codes = [code for one in made if (code := read(one.text)) is not None]
        content = b"".join(path.read_bytes() for path in (tmp_path / "data").rglob("*") if path.is_file())
        assert b"Aunt" not in content
        assert not any(code.secret in content or code.text.encode() in content for code in codes)
        store.erase_resident(resident.id)
        assert store.use_pass(codes[0], "main", IN).reason is Reason.PASS_UNKNOWN
        assert store.use_pass(codes[1], "main", IN).granted


def test_old_passes_are_forgotten_and_nobody_makes_them_without_end(
    store: Store, resident: Resident, clock: Clock
) -> None:
    for _ in range(MOST_EACH):
        store.make_fixed_pass(Pass("", Kind.FIXED, resident.id))
    with pytest.raises(FullError):
        store.make_fixed_pass(Pass("", Kind.FIXED, resident.id))
    for known in store.passes(resident.id):
        store.revoke_pass(known.id, resident.id)
    assert len(store.passes()) == MOST_EACH
    store.make_fixed_pass(Pass("", Kind.FIXED, resident.id))
    assert store.forget_passes(clock.now + DEAD_KEPT - 1) == 0
    assert store.forget_passes(clock.now + DEAD_KEPT + 1) == MOST_EACH
    assert len(store.passes()) == 1


def test_a_guests_pass_has_an_end_and_a_label_of_one_line(store: Store) -> None:
    with pytest.raises(StoreError, match="end"):
        store.make_fixed_pass(Pass("", Kind.FIXED, "", guest=True))
    with pytest.raises(StoreError, match="label"):
        guest(store, label="a\x00b")


def test_one_residents_passes_are_not_anothers_to_revoke(store: Store, resident: Resident) -> None:
    other = store.add_resident("Resident 2")
    bearer = store.make_rotating_pass(other.id)
    with pytest.raises(NotFoundError):
        store.revoke_pass(bearer.id, resident.id)
    assert store.use_pass(shown(store, bearer), "main", IN).granted


def test_a_pass_is_a_way_in_without_a_face_and_a_guests_is_not(store: Store, resident: Resident) -> None:
    guest(store)
    assert not store.way_book().ways
    store.make_rotating_pass(resident.id)
    [way] = store.way_book().ways
    assert (way.resident, way.method, way.gate) == (resident.id, "qr", "")


def test_codes_are_handed_out_for_some_minutes_ahead(store: Store, resident: Resident) -> None:
    bearer = store.make_rotating_pass(resident.id)
    codes = store.pass_codes(bearer.id, resident.id, 40)
    assert [step for step, _ in codes] == list(range(codes[0][0], codes[0][0] + 40))
    assert len({text for _, text in codes}) == 40
