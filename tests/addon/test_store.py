"""The store through its public door: what goes in comes out, and what must not be readable is not."""

import threading
from dataclasses import replace

import pytest

from facegate.adapters.store import INTERRUPTED, AccessRecord, ExistsError, NotFoundError, Store
from facegate.contract.lines import Position
from facegate.core.models import Camera, Direction, Gate, Method, Mode, Reason, Resident
from tests.parts.stores import CAMERA, GATE, NOTICE, Clock, intent, reopened, vector

# Gates and cameras


def test_gates_come_back_as_they_went_in(store: Store, clock: Clock) -> None:
    key = store.add_gate(GATE)
    store.add_gate(Gate("back", "Back gate", Mode.LOCKDOWN, 700))
    assert len(key) == 32
    with reopened(store, clock) as again:
        assert again.gates() == [Gate("back", "Back gate", Mode.LOCKDOWN, 700), GATE]
        assert again.gate("main") == GATE
        assert again.gate_key("main") == key
        assert again.gate_key("back") != key


def test_a_gate_is_changed_and_removed_with_its_cameras_and_key(store: Store) -> None:
    key = store.add_gate(GATE)
    store.add_camera(CAMERA)
    store.save_node_position("main", "hello", Position(3, 4))
    store.update_gate(replace(GATE, name="North", pulse_ms=900))
    assert store.set_gate_mode(GATE.id, Mode.FREE)
    assert not store.set_gate_mode(GATE.id, Mode.FREE)
    assert store.gate("main") == Gate("main", "North", Mode.FREE, 900)
    store.remove_gate("main")
    assert store.gates() == []
    assert store.cameras() == []
    assert list((store.data / "keys" / "gates").iterdir()) == []
    assert store.add_gate(GATE) != key
    assert store.node_position("main", "hello") is None


def test_an_id_that_is_taken_is_not_overwritten(store: Store) -> None:
    key = store.add_gate(GATE)
    store.add_camera(CAMERA)
    with pytest.raises(ExistsError, match="a gate 'main' already"):
        store.add_gate(Gate("main", "Another"))
    with pytest.raises(ExistsError, match="a camera 'main-in' already"):
        store.add_camera(CAMERA)
    assert store.gates() == [GATE]
    assert store.gate_key("main") == key


@pytest.mark.parametrize("gate", ["", "Main", "../site", "a" * 33, "-a"])
def test_a_gate_id_fits_the_wire(store: Store, gate: str) -> None:
    with pytest.raises(ValueError, match="a gate is named"):
        store.add_gate(Gate(gate, "x"))


def test_what_does_not_exist_is_not_found(store: Store) -> None:
    nobody = Resident("0" * 16, "Nobody")
    for call in (
        lambda: store.gate("x"),
        lambda: store.gate_key("x"),
        lambda: store.renew_gate_key("x"),
        lambda: store.update_gate(Gate("x", "x")),
        lambda: store.remove_gate("x"),
        lambda: store.add_camera(CAMERA),
        lambda: store.update_camera(CAMERA),
        lambda: store.remove_camera("x"),
        lambda: store.save_node_position("x", "hello", Position(1, 1)),
        lambda: store.resident(nobody.id),
        lambda: store.update_resident(nobody),
        lambda: store.erase_resident(nobody.id),
        lambda: store.add_consent(nobody.id, notice=NOTICE, language="en", channel="paper"),
        lambda: store.withdraw_consent("x"),
        lambda: store.add_templates(nobody.id, "sface", [vector(1)], "x"),
        lambda: store.remove_template("x"),
        lambda: store.finish_opening("x", "opened", "-", 1.0),
        lambda: store.record_passage("x", gate="main", direction=Direction.ENTRY, passage="passed", at=1.0),
        lambda: store.revoke_token("x"),
    ):
        with pytest.raises(NotFoundError):
            call()


def test_cameras_come_back_as_they_went_in(store: Store, clock: Clock) -> None:
    store.add_gate(GATE)
    store.add_gate(Gate("back", "Back"))
    store.add_camera(CAMERA)
    store.add_camera(Camera("back-in", "back", "demo://"))
    with reopened(store, clock) as again:
        assert again.cameras() == [Camera("back-in", "back", "demo://"), CAMERA]
        assert again.cameras("main") == [CAMERA]
        moved = replace(CAMERA, gate="back", source="rtsp://other", zone=())
        again.update_camera(moved)
        assert again.cameras("main") == []
        assert moved in again.cameras("back")
        again.remove_camera("main-in")
        assert [camera.id for camera in again.cameras()] == ["back-in"]


def test_node_positions_only_move_forward(store: Store) -> None:
    store.add_gate(GATE)
    assert store.node_position("main", "event") is None
    for position, moved in (
        (Position(2, 5), True),
        (Position(2, 5), False),
        (Position(2, 4), False),
        (Position(1, 99), False),
        (Position(2, 6), True),
        (Position(3, 0), True),
    ):
        assert store.save_node_position("main", "event", position) is moved
    assert store.node_position("main", "event") == Position(3, 0)
    assert store.node_position("main", "hello") is None


def test_a_new_gate_key_starts_a_new_count(store: Store) -> None:
    key = store.add_gate(GATE)
    store.save_node_position("main", "event", Position(9, 9))
    assert store.renew_gate_key("main") == store.gate_key("main") != key
    assert store.node_position("main", "event") is None


# The access log


def test_an_opening_has_its_intent_before_and_its_result_after(store: Store) -> None:
    store.begin_opening(intent(1, "r1"))
    under_way = AccessRecord(
        1, intent(1).id, "opening", "main", Direction.ENTRY, Method.FACE, Reason.RECOGNISED, 101.0, "r1"
    )
    assert store.access_log(10) == [under_way]
    store.finish_opening(intent(1).id, "opened", "-", 102.0)
    store.record_passage(intent(1).id, gate="main", direction=Direction.ENTRY, passage="passed", at=103.0)
    done = replace(under_way, result="opened", detail="-", completed_at=102.0, passage="passed", passage_at=103.0)
    assert store.opening(intent(1).id) == done
    with pytest.raises(NotFoundError, match="under way"):
        store.finish_opening(intent(1).id, "late", "-", 104.0)
    with pytest.raises(ExistsError):
        store.begin_opening(intent(1))
    assert store.access_log(10) == [done]


def test_an_opening_cut_short_is_said_to_be_so(store: Store, clock: Clock) -> None:
    store.begin_opening(intent(1))
    with reopened(store, clock) as again:
        record = again.opening(intent(1).id)
    assert record is not None
    assert (record.result, record.completed_at) == (INTERRUPTED, clock.now)


def test_the_log_is_newest_first_in_pages_and_ends_when_it_is_old(store: Store) -> None:
    for number in range(5):
        store.begin_opening(intent(number))
    denied = store.record_denial(
        gate="main", direction=Direction.EXIT, method=Method.FACE, reason=Reason.UNKNOWN_FACE, at=106.0
    )
    store.record_passage(None, gate="main", direction=Direction.EXIT, passage="forced", at=107.0)
    newest = store.access_log(3)
    assert [(r.kind, r.reason, r.passage) for r in newest] == [
        ("passage", Reason.PASSAGE, "forced"),
        ("denial", Reason.UNKNOWN_FACE, None),
        ("opening", Reason.RECOGNISED, None),
    ]
    assert newest[1].id == denied
    assert newest[1].resident is None
    assert [r.id for r in store.access_log(9, before=newest[-1].number)] == [intent(n).id for n in (3, 2, 1, 0)]
    assert store.forget_access(103.5) == 4
    assert [r.at for r in store.access_log(9)] == [107.0, 106.0, 104.0]


def test_a_passage_belongs_to_an_opening_of_its_own_gate(store: Store) -> None:
    store.begin_opening(intent(1))
    with pytest.raises(NotFoundError, match="at gate 'back'"):
        store.record_passage(intent(1).id, gate="back", direction=Direction.ENTRY, passage="passed", at=1.0)


# Installation, tokens, keys


def test_the_installation_keeps_its_name_and_counts_its_boots(store: Store, clock: Clock) -> None:
    name = store.installation
    assert len(bytes.fromhex(name)) == 16
    assert [store.next_boot(), store.next_boot()] == [1, 2]
    with reopened(store, clock) as again:
        assert again.installation == name
        assert again.next_boot() == 3


def test_tokens_are_found_by_hash_until_they_are_revoked(store: Store, clock: Clock) -> None:
    token = store.add_token("Home Assistant", {"read", "open"}, "aa" * 32)
    assert store.find_token("aa" * 32) == token
    assert store.find_token("bb" * 32) is None
    assert store.tokens() == [replace(token, last_used_at=clock.now)]
    clock.now += 10
    store.find_token("aa" * 32)
    assert store.tokens()[0].last_used_at == clock.now - 10
    clock.now += 3600
    store.find_token("aa" * 32)
    assert store.tokens()[0].last_used_at == clock.now
    with pytest.raises(ExistsError):
        store.add_token("again", {"read"}, "aa" * 32)
    store.revoke_token(token.id)
    assert store.find_token("aa" * 32) is None


def test_the_event_key_stays_until_it_is_renewed(store: Store, clock: Clock) -> None:
    key = store.event_key()
    assert len(key) == 32
    with reopened(store, clock) as again:
        assert again.event_key() == key
        assert again.renew_event_key() == again.event_key() != key


def test_threads_may_share_the_store(store: Store) -> None:
    faults: list[BaseException] = []

    def work(first: int) -> None:
        try:
            for number in range(first, first + 20):
                store.begin_opening(intent(number))
                store.event_key()
                store.finish_opening(intent(number).id, "opened", "-", 1.0)
        except BaseException as error:  # noqa: BLE001  # handed to the test
            faults.append(error)

    threads = [threading.Thread(target=work, args=(100 * n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    log = store.access_log(200)
    assert len(log) == 80
    assert {record.result for record in log} == {"opened"}
