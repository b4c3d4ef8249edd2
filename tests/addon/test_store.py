"""The store through its public door: what goes in comes out, and what must not be readable is not."""

import resource
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from facegate.adapters.store import (
    INTERRUPTED,
    AccessRecord,
    ConsentError,
    ExistsError,
    Intent,
    NotFoundError,
    Store,
    StoreError,
)
from facegate.contract.lines import Position
from facegate.core.models import (
    Camera,
    Direction,
    Gate,
    LivenessLevel,
    Method,
    Mode,
    PrivacyLevel,
    Reason,
    Resident,
    ResidentState,
    Vector,
)

NOTICE = "ab" * 32
GATE = Gate("main", "Main gate")
CAMERA = Camera(
    "main-in",
    "main",
    "rtsp://viewer:hunter2secret@192.0.2.7/stream",
    Direction.EXIT,
    "udp",
    ((0.1, 0.2), (0.9, 0.2), (0.5, 1.0)),
    64.0,
    0.5,
    LivenessLevel.CHALLENGE,
)


class Clock:
    """Unix seconds that a test sets."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path, clock: Clock) -> Iterator[Store]:
    with Store.open(tmp_path / "data", clock=clock) as store:
        yield store


def vector(seed: int) -> Vector:
    values = np.random.default_rng(seed).standard_normal(128).astype(np.float32)
    return values / np.linalg.norm(values)


def enrolled(store: Store, name: str = "Resident 1", seed: int = 1) -> Resident:
    resident = store.add_resident(name, "person.one")
    consent = store.add_consent(resident.id, notice=NOTICE, language="en", channel="command_line")
    store.add_templates(resident.id, "sface", [vector(seed), vector(seed + 1)], consent.id)
    return store.resident(resident.id)


def intent(number: int, resident: str | None = None) -> Intent:
    return Intent(f"{number:016x}", "main", Direction.ENTRY, Method.FACE, Reason.RECOGNISED, 100.0 + number, resident)


def reopened(store: Store, clock: Clock) -> Store:
    store.close()
    return Store.open(store.data, clock=clock)


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


# Residents, consents and templates


def test_residents_come_back_as_they_went_in(store: Store, clock: Clock) -> None:
    one = store.add_resident("Résident 一", "person.one")
    two = store.add_resident("a second")
    assert one.state is ResidentState.INVITED
    changed = replace(
        one,
        state=ResidentState.SUSPENDED,
        valid_from=1.5,
        valid_until=2.5,
        gates=frozenset({"main", "back"}),
        flat="3-1201",
        groups=frozenset({"pool", "garage"}),
        level=PrivacyLevel.NO_FACE,
        minor=True,
        residence_seen=True,
    )
    store.update_resident(changed)
    with reopened(store, clock) as again:
        assert again.residents() == [two, changed]
        assert again.resident(one.id) == changed


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "x" * 101])
def test_a_name_must_be_readable(store: Store, name: str) -> None:
    with pytest.raises(StoreError, match="1 to 100 printable"):
        store.add_resident(name)
    assert store.residents() == []


def test_removing_a_gate_opens_no_other_one_to_its_residents(store: Store) -> None:
    store.add_gate(GATE)
    resident = store.add_resident("Resident 1")
    store.update_resident(replace(resident, gates=frozenset({"main"})))
    store.remove_gate("main")
    assert store.resident(resident.id).gates == {"main"}


def test_templates_come_back_as_they_went_in(store: Store, clock: Clock) -> None:
    resident = enrolled(store)
    assert resident.state is ResidentState.ENROLLED
    with reopened(store, clock) as again:
        templates = again.templates()
    assert [(t.resident, t.model) for t in templates] == [(resident.id, "sface")] * 2
    for seed in (1, 2):
        assert any(np.allclose(template.vector, vector(seed), atol=1e-6) for template in templates)


def test_no_template_without_the_residents_own_standing_consent(store: Store) -> None:
    one, two = store.add_resident("Resident 1"), store.add_resident("Resident 2")
    other = store.add_consent(two.id, notice=NOTICE, language="en", channel="paper")
    photo = store.add_consent(one.id, notice=NOTICE, language="en", channel="paper", purpose="something_else")
    ended = store.add_consent(one.id, notice=NOTICE, language="en", channel="paper")
    store.withdraw_consent(ended.id)
    for consent in ("", "0" * 16, other.id, photo.id, ended.id):
        with pytest.raises(ConsentError, match="consent"):
            store.add_templates(one.id, "sface", [vector(1)], consent)
    assert store.templates() == []
    assert store.resident(one.id).state is ResidentState.INVITED


@pytest.mark.parametrize(
    "bad",
    [
        vector(1) * 2,
        vector(1).astype(np.float64),
        np.full(128, np.nan, np.float32),
        np.zeros(128, np.float32),
        vector(1)[None],
    ],
)
def test_only_unit_vectors_are_templates(store: Store, bad: Vector) -> None:
    resident = store.add_resident("Resident 1")
    consent = store.add_consent(resident.id, notice=NOTICE, language="en", channel="paper")
    with pytest.raises(ValueError, match="unit length"):
        store.add_templates(resident.id, "sface", [vector(1), bad], consent.id)
    assert store.templates() == []


def test_withdrawing_deletes_the_templates_and_shuts_the_face_out(store: Store, clock: Clock) -> None:
    resident = enrolled(store)
    (consent,) = store.consents(resident.id)
    assert (consent.channel, consent.language, consent.notice, consent.at) == ("command_line", "en", NOTICE, clock.now)
    clock.now += 60
    store.withdraw_consent(consent.id)
    assert store.templates() == []
    assert store.resident(resident.id).state is ResidentState.WITHDRAWN
    assert store.consents(resident.id) == [replace(consent, withdrawn_at=clock.now)]
    clock.now += 60
    store.withdraw_consent(consent.id)
    assert store.consents(resident.id) == [replace(consent, withdrawn_at=clock.now - 60)]


def test_enrolling_does_not_lift_a_suspension(store: Store) -> None:
    resident = store.add_resident("Resident 1")
    consent = store.add_consent(resident.id, notice=NOTICE, language="en", channel="paper")
    store.update_resident(replace(resident, state=ResidentState.SUSPENDED))
    store.add_templates(resident.id, "sface", [vector(1)], consent.id)
    assert store.resident(resident.id).state is ResidentState.SUSPENDED


def test_a_template_is_removed_alone(store: Store) -> None:
    enrolled(store)
    first, second = store.templates()
    store.remove_template(first.id)
    assert [template.id for template in store.templates()] == [second.id]


def test_an_erased_resident_is_gone_with_key_name_and_templates(store: Store, clock: Clock) -> None:
    one, two = enrolled(store), enrolled(store, "Resident 2", 5)
    store.erase_resident(one.id)
    assert [resident.id for resident in store.residents()] == [two.id]
    assert {template.resident for template in store.templates()} == {two.id}
    assert [path.name for path in (store.data / "keys" / "residents").iterdir()] == [two.id]
    with pytest.raises(NotFoundError):
        store.erase_resident(one.id)
    with reopened(store, clock) as again:
        assert again.residents() == [two]
        assert again.unreadable() == frozenset()


def test_an_old_database_brings_no_erased_resident_back(store: Store, clock: Clock) -> None:
    one, two = enrolled(store), enrolled(store, "Resident 2", 5)
    store.backup(store.data / "old.db")
    store.erase_resident(one.id)
    store.close()
    (store.data / "old.db").replace(store.data / "facegate.db")
    with Store.open(store.data, clock=clock) as again:
        assert again.residents() == [two]
        assert {template.resident for template in again.templates()} == {two.id}
        assert again.unreadable() == {one.id}
        with pytest.raises(StoreError, match="gone"):
            again.resident(one.id)
        again.erase_resident(one.id)
        assert again.unreadable() == frozenset()


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


# What must not be readable


def test_nothing_personal_can_be_read_in_the_files(store: Store, clock: Clock) -> None:
    store.add_gate(GATE)
    store.add_camera(CAMERA)
    keys = [store.event_key(), store.gate_key("main")]
    resident = store.add_resident("Zebulon Quux", "person.zebulon")
    consent = store.add_consent(resident.id, notice=NOTICE, language="en", channel="command_line")
    store.add_templates(resident.id, "sface", [vector(7)], consent.id)
    secrets = [b"Zebulon", b"Quux", b"zebulon", b"hunter2secret", b"viewer", b"192.0.2.7", *keys]
    # No run of four floats, wherever it starts and however it is written.
    embedding = vector(7)
    for kind in ("<f4", ">f4", "<f8", "<f2"):
        content = embedding.astype(kind).tobytes()
        width = np.dtype(kind).itemsize
        secrets += [content[at : at + 4 * width] for at in range(0, len(content), width)][:-3]
    secrets += [f"{value:.4f}".encode() for value in embedding if abs(value) > 0.05]

    def searched() -> list[Path]:
        paths = [path for path in store.data.rglob("*") if path.is_file()]
        for path in paths:
            content = path.read_bytes()
            assert not [secret for secret in secrets if secret in content], path
        return paths

    assert "facegate.db-wal" in {path.name for path in searched()}
    store.erase_resident(resident.id)
    searched()
    store.close()
    searched()


def test_erasing_leaves_no_sealed_remains_in_the_files(store: Store) -> None:
    resident = enrolled(store)
    with sqlite3.connect(f"file:{store.data / 'facegate.db'}?mode=ro", uri=True) as spy:
        sealed = [row[0] for row in spy.execute("SELECT sealed FROM templates UNION SELECT profile FROM residents")]
    spy.close()
    assert len(sealed) == 3
    store.erase_resident(resident.id)
    for path in (store.data / "facegate.db", store.data / "facegate.db-wal"):
        content = path.read_bytes()
        assert not [blob for blob in sealed if blob in content], path


def test_the_database_is_private(store: Store) -> None:
    store.add_gate(GATE)
    for path in store.data.glob("facegate.*"):
        assert path.stat().st_mode & 0o077 == 0, path


# What can go wrong


OPEN = """
import sys
from pathlib import Path
from facegate.adapters.store import Store, StoreError
try:
    Store.open(Path(sys.argv[1]))
except StoreError as error:
    print(error)
    sys.exit(3)
"""


def test_a_second_process_is_refused(store: Store) -> None:
    done = subprocess.run([sys.executable, "-c", OPEN, store.data], capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert "in use by another FaceGate (process" in done.stdout
    store.add_gate(GATE)
    store.close()
    with Store.open(store.data) as again:
        assert again.gates() == [GATE]


def test_a_closed_store_says_so(store: Store) -> None:
    store.close()
    store.close()
    with pytest.raises(StoreError, match="closed"):
        store.gates()


def snapshot(data: Path) -> dict[str, bytes]:
    return {str(p.relative_to(data)): p.read_bytes() for p in data.rglob("*") if p.is_file() and p.suffix != ".lock"}


def refused(data: Path, match: str) -> None:
    """The store does not open, says one sentence, and has changed nothing; nor does it hold the folder afterwards."""
    for _ in range(2):
        before = snapshot(data)
        with pytest.raises(StoreError, match=match) as caught:
            Store.open(data)
        assert "\n" not in str(caught.value)
        assert {name: content for name, content in snapshot(data).items() if not name.endswith(("-shm", "-wal"))} == {
            name: content for name, content in before.items() if not name.endswith(("-shm", "-wal"))
        }


def test_a_missing_site_key_is_not_replaced(store: Store) -> None:
    enrolled(store)
    store.close()
    key = store.data / "keys" / "site.key"
    kept = key.rename(store.data / "kept")
    refused(store.data, "site key .* is missing")
    kept.rename(key)
    with Store.open(store.data) as again:
        assert len(again.templates()) == 2


def test_a_damaged_site_key_is_not_replaced(store: Store) -> None:
    store.close()
    (store.data / "keys" / "site.key").write_bytes(b"short")
    refused(store.data, "site key .* is damaged")


def test_the_site_key_of_another_installation_is_refused(store: Store, tmp_path: Path) -> None:
    store.close()
    with Store.open(tmp_path / "other"):
        pass
    shutil.copy(tmp_path / "other" / "keys" / "site.key", store.data / "keys" / "site.key")
    refused(store.data, "does not belong to the database")


def test_a_damaged_database_is_left_as_it_is(store: Store) -> None:
    for number in range(200):
        store.begin_opening(intent(number))
    store.close()
    path = store.data / "facegate.db"
    whole = path.read_bytes()
    for damaged in (
        b"this is not a database, whatever its name says" * 100,
        whole[: len(whole) // 2],
        whole[:8192] + b"\xa5" * 8192 + whole[16384:],
    ):
        path.write_bytes(damaged)
        refused(store.data, r"is damaged .*restore it from a backup")
    path.write_bytes(whole)
    with Store.open(store.data) as again:
        assert len(again.access_log(300)) == 200


def test_a_database_of_something_else_is_left_as_it_is(tmp_path: Path) -> None:
    with Store.open(tmp_path / "data"):
        pass
    path = tmp_path / "data" / "facegate.db"
    path.unlink()
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE recipes (name)")
    other.commit()
    other.close()
    refused(tmp_path / "data", "not a database of FaceGate")


def test_one_damaged_resident_key_leaves_all_others_in(
    store: Store, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    one, two = enrolled(store), enrolled(store, "Resident 2", 5)
    (store.data / "keys" / "residents" / one.id).write_bytes(b"damaged")
    with reopened(store, clock) as again:
        assert again.residents() == [two]
        assert {template.resident for template in again.templates()} == {two.id}
        assert again.unreadable() == {one.id}
    assert f"erase them with 'facegate forget ID': {one.id}" in caplog.text


def test_a_data_folder_may_have_any_name(tmp_path: Path) -> None:
    data = tmp_path / "a b?c=d&e#f%20 门"
    for count in (1, 2):
        with Store.open(data) as store:
            assert store.next_boot() == count
    assert (data / "facegate.db").exists()


def test_a_data_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").write_bytes(b"a file where the folder should be")
    with pytest.raises(StoreError, match="cannot be used"):
        Store.open(tmp_path / "data")


FILL_THE_DISK = """
import resource, sys
from pathlib import Path
from facegate.adapters.store import Intent, Store, StoreError
from facegate.core.models import Direction, Gate, Method, Reason

store = Store.open(Path(sys.argv[1]))
store.add_gate(Gate("main", "Main gate"))
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
for number in range(100_000):
    try:
        store.begin_opening(
            Intent(f"{number:016x}", "main", Direction.ENTRY, Method.FACE, Reason.RECOGNISED, float(number))
        )
    except StoreError as error:
        print(number)
        print(error)
        break
for limit in (40, 1000):  # too little for the key file, too little for the database
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    try:
        store.add_resident("Resident 1")
    except StoreError as error:
        print(error)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
store.add_resident("Resident 2")
print([resident.name for resident in store.residents()])
"""


def test_a_full_disk_loses_nothing_and_says_so(tmp_path: Path) -> None:
    # A limit on the size of files stands for the disk: it needs no rights, and SQLite meets it in the same place.
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[1] == resource.RLIM_INFINITY
    done = subprocess.run(
        [sys.executable, "-c", FILL_THE_DISK, tmp_path / "data", "700000"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    stored, opening, key, row, residents = done.stdout.splitlines()
    for sentence in (opening, row):
        assert "is full or failing" in sentence
        assert "free some space" in sentence
    assert "check the disk's free space" in key
    assert residents == "['Resident 2']"
    with Store.open(tmp_path / "data") as store:
        assert [record.id for record in store.access_log(100_000)] == [
            f"{number:016x}" for number in reversed(range(int(stored)))
        ]
        (resident,) = store.residents()
        assert [path.name for path in (tmp_path / "data" / "keys" / "residents").iterdir()] == [resident.id]
