"""The keys as a whole: a passphrase, a new site key whatever kills it, and exports that wake nobody who is erased."""

import hashlib
import multiprocessing
import random
import shutil
import sqlite3
import time
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import LargeBinary

from facegate.adapters import passphrase
from facegate.adapters.crypto import KeyRing, Kind, SecretError, unseal
from facegate.adapters.store import Intent, LockedError, Store, StoreError, schema
from facegate.adapters.store.keys import restore_site_key
from facegate.adapters.store.site_sealed import OTHERWISE, UNDER_THE_SITE_KEY
from facegate.core.models import Camera, Direction, Gate, Method, Reason, Vector
from facegate.core.passes import Kind as PassKind
from facegate.core.passes import Pass

PASSPHRASE = "correct horse battery staple"
ANOTHER = "a second one, of several words"
SOURCE = "rtsp://viewer:secret@camera.example/1"

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["facegate.adapters.store"])


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "data") as store:
        yield store


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """A guess costs a quarter of a second, and so would every test: they make it cheap, all but the one of the cost."""
    monkeypatch.setattr(passphrase, "_N", 2**4)


def vector(seed: int) -> Vector:
    values = np.random.default_rng(seed).standard_normal(128).astype(np.float32)
    return values / np.linalg.norm(values)


def enrol(store: Store, name: str, seed: int) -> tuple[str, str]:
    """Enrol somebody; their id and their consent's."""
    resident = store.add_resident(name)
    consent = store.add_consent(resident.id, notice="ab" * 32, language="en", channel="paper")
    store.add_templates(resident.id, "sface", [vector(seed)], consent.id)
    return resident.id, consent.id


def fill(store: Store) -> bytes:
    """Put something under every kind of key; the gate's key comes back."""
    enrol(store, "Resident 1", 1)
    enrol(store, "Resident 2", 2)
    gate = store.add_gate(Gate("main", "Main gate"))
    store.add_camera(Camera("front", "main", SOURCE))
    opening = Intent("ab" * 8, "main", Direction.ENTRY, Method.REMOTE, Reason.REMOTE, 1.0, note="for a guest")
    store.begin_opening(opening)
    store.make_fixed_pass(Pass("", PassKind.FIXED, "", guest=True, valid_until=2e9))
    store.hear_persons({"person.one": "One"})
    store.event_key()
    store.checkpoint()
    return gate


def holds(store: Store, gate: bytes) -> None:
    """Fail unless all of it can be read, and the trail of records holds."""
    assert [resident.name for resident in store.residents()] == ["Resident 1", "Resident 2"]
    found = {template.resident: template.vector for template in store.templates()}
    assert sorted(round(float(max(v @ vector(1), v @ vector(2))), 5) for v in found.values()) == [1.0, 1.0]
    assert store.gate_key("main") == gate
    assert [camera.source for camera in store.cameras()] == [SOURCE]
    assert [record.note for record in store.access_log(10)] == ["for a guest"]
    assert store.verify_trail().broken is None
    assert set(store.known_persons()) == {"person.one"}
    assert store.unreadable() == frozenset()


# A passphrase


def test_with_a_passphrase_nothing_opens_without_it(store: Store) -> None:
    gate = fill(store)
    store.set_passphrase(PASSPHRASE)
    holds(store, gate)  # who is at work goes on
    data = store.data
    store.close()
    with pytest.raises(LockedError, match="facegate keys unlock"):
        Store.open(data)
    with pytest.raises(LockedError, match="not the passphrase"):
        Store.open(data, passphrase=ANOTHER)
    with Store.open(data, passphrase=PASSPHRASE) as again:
        assert again.key_standing().locked
        holds(again, gate)


def test_the_key_itself_stands_nowhere_once_it_is_locked(store: Store) -> None:
    plain = (store.data / "keys" / "site.key").read_bytes()
    with (store.data / "keys" / "site.key").open("rb") as still_open:
        store.set_passphrase(PASSPHRASE)
        assert still_open.read() != plain
    for path in store.data.rglob("*"):
        assert path.is_dir() or plain not in path.read_bytes(), path


def test_a_passphrase_is_changed_and_removed(store: Store) -> None:
    gate = fill(store)
    data = store.data
    store.set_passphrase(PASSPHRASE)
    store.set_passphrase(ANOTHER)
    store.close()
    with pytest.raises(LockedError):
        Store.open(data, passphrase=PASSPHRASE)
    with Store.open(data, passphrase=ANOTHER) as again:
        again.set_passphrase(None)
    with Store.open(data) as again:
        assert not again.key_standing().locked
        holds(again, gate)


def test_a_guess_costs_a_hundred_megabytes(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    store.set_passphrase(PASSPHRASE)
    content = (store.data / "keys" / "site.key").read_bytes()
    salt = content[content.index(b"\n") + 1 :][:16]
    key = hashlib.scrypt(PASSPHRASE.encode(), salt=salt, n=2**17, r=8, p=1, maxmem=2**28, dklen=32)
    form = content.index(b"\n") + 1
    assert len(unseal(key, content[form + 16 :], "site key")) == 32


@pytest.mark.parametrize("given", ["", "too short", "x" * 1025])
def test_a_passphrase_that_can_be_guessed_is_refused(store: Store, given: str) -> None:
    with pytest.raises(StoreError, match="12 to 1024 characters"):
        store.set_passphrase(given)
    assert not store.key_standing().locked


def test_a_passphrase_is_the_same_on_every_keyboard(store: Store) -> None:
    store.set_passphrase("Tür zum Hof, drei Stufen")
    store.close()
    Store.open(store.data, passphrase="Tu\u0308r zum Hof, drei Stufen").close()


# A new site key


def test_the_old_site_key_opens_nothing_any_more(store: Store, tmp_path: Path) -> None:
    gate = fill(store)
    shutil.copytree(store.data / "keys", tmp_path / "stolen")
    count = store.change_site_key()
    assert count == sum(store.key_standing().counts.values())
    holds(store, gate)
    stolen = KeyRing(tmp_path / "stolen", create=False)
    for kind in Kind:
        for path in (store.data / "keys" / kind).iterdir():
            (tmp_path / "stolen" / kind / path.name).write_bytes(path.read_bytes())
            with pytest.raises(SecretError):
                stolen.key(kind, path.name)
    with sqlite3.connect(store.data / "facegate.db") as connection:
        for sealed in UNDER_THE_SITE_KEY:
            query = f"SELECT * FROM {sealed.table.name} WHERE {sealed.column} IS NOT NULL"
            rows = connection.execute(query)
            members = [column[0] for column in rows.description]
            found = [dict(zip(members, row, strict=True)) for row in rows]
            assert found, sealed.table.name
            for row in found:
                with pytest.raises(SecretError):
                    stolen.unseal(row[sealed.column], *sealed.place(row))  # type: ignore[arg-type]  # a row by names
    connection.close()
    data = store.data
    store.close()
    with Store.open(data) as again:
        holds(again, gate)


def test_a_new_site_key_stays_under_the_passphrase(store: Store) -> None:
    gate = fill(store)
    data = store.data
    store.set_passphrase(PASSPHRASE)
    store.change_site_key()
    store.close()
    with pytest.raises(LockedError):
        Store.open(data)
    with Store.open(data, passphrase=PASSPHRASE) as again:
        holds(again, gate)


def change_without_end(data: Path) -> None:
    store = Store.open(data)
    (data / "begun").write_bytes(b"")
    while True:
        store.change_site_key()


def test_killing_it_at_any_moment_loses_nothing(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with Store.open(data) as store:
        gate = fill(store)
    chance = random.Random(20261122)  # the moments still differ from run to run, with the machine
    cut_short = 0
    for _ in range(14):
        (data / "begun").unlink(missing_ok=True)
        process = FORKS.Process(target=change_without_end, args=(data,))
        process.start()
        while process.is_alive() and not (data / "begun").exists():
            time.sleep(0.002)
        time.sleep(chance.uniform(0, 0.1))
        process.kill()
        process.join()
        cut_short += (data / "keys" / "site.key.next").exists()
        with Store.open(data) as store:
            holds(store, gate)
            assert not (data / "keys" / "site.key.next").exists()
    assert cut_short, "no kill came while a key was changing"


STEPS = ("begin_change", "rewrap", "end_change")


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("when", ["before", "after"])
def test_whatever_step_it_stops_at_the_next_start_finishes(
    store: Store, monkeypatch: pytest.MonkeyPatch, step: str, when: str
) -> None:
    gate = fill(store)
    before = (store.data / "keys" / "site.key").read_bytes()
    real = getattr(KeyRing, step)

    def stop(ring: KeyRing) -> None:
        if when == "after":
            real(ring)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(KeyRing, step, stop)
        with pytest.raises(KeyboardInterrupt):
            store.change_site_key()
    store.close()
    with Store.open(store.data) as again:
        holds(again, gate)
    changed = (store.data / "keys" / "site.key").read_bytes() != before
    assert changed is ((step, when) != ("begin_change", "before"))


def test_every_column_of_bytes_says_what_it_is_under() -> None:
    named = {f"{sealed.table.name}.{sealed.column}" for sealed in UNDER_THE_SITE_KEY}
    columns = {
        f"{table.name}.{column.name}"
        for table in schema.metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, LargeBinary)
    }
    assert named.isdisjoint(OTHERWISE)
    assert columns == named | OTHERWISE.keys(), "add the column to site_sealed.py"


# Exports, for the day of a disaster


def test_an_ordinary_backup_and_an_export_bring_back_a_lost_box(store: Store, tmp_path: Path) -> None:
    gate = fill(store)
    exported = store.export_keys(PASSPHRASE)
    # What the app's backup holds: everything but keys/residents and keys/faces.
    new = tmp_path / "new box"
    shutil.copytree(store.data / "keys", new / "keys", ignore=shutil.ignore_patterns("residents", "faces"))
    store.backup(new / "facegate.db")
    with Store.open(new) as restored:
        assert restored.residents() == []
        done = restored.import_keys(exported, PASSPHRASE)
        assert (done.brought, done.refused) == (4, 0)
        holds(restored, gate)
        assert restored.import_keys(exported, PASSPHRASE).brought == 0


def test_an_export_and_the_database_alone_are_enough(store: Store, tmp_path: Path) -> None:
    gate = fill(store)
    exported = store.export_keys(PASSPHRASE)
    new = tmp_path / "new box"
    new.mkdir()
    store.backup(new / "facegate.db")
    with pytest.raises(StoreError, match="is missing"):
        Store.open(new)
    with pytest.raises(LockedError):
        restore_site_key(new, exported, ANOTHER)
    assert restore_site_key(new, exported, PASSPHRASE)
    assert not restore_site_key(new, exported, PASSPHRASE)
    with Store.open(new) as restored:
        restored.import_keys(exported, PASSPHRASE)
        holds(restored, gate)


def test_an_export_tells_nothing_without_its_passphrase(store: Store) -> None:
    fill(store)
    exported = store.export_keys(PASSPHRASE)
    for secret in (store.gate_key("main"), (store.data / "keys" / "site.key").read_bytes()):
        assert secret not in exported
        assert b64encode(secret) not in exported
    assert b"Resident" not in exported
    with pytest.raises(LockedError):
        store.import_keys(exported, ANOTHER)
    with pytest.raises(StoreError, match="no export"):
        store.import_keys(b"another file", PASSPHRASE)
    with pytest.raises(LockedError):
        store.import_keys(exported[:-1] + bytes([exported[-1] ^ 1]), PASSPHRASE)


def test_no_import_wakes_who_is_erased_or_has_withdrawn(store: Store) -> None:
    erased, _ = enrol(store, "Resident 1", 1)
    withdrawn, consent = enrol(store, "Resident 2", 2)
    staying, _ = enrol(store, "Resident 3", 3)
    exported = store.export_keys(PASSPHRASE)
    store.erase_resident(erased)
    store.withdraw_consent(consent)
    (store.data / "keys" / "residents" / staying).unlink()
    done = store.import_keys(exported, PASSPHRASE)
    assert (done.brought, done.refused) == (1, 3)  # two keys of the erased one, the face's of the withdrawn one
    keys = store.data / "keys"
    assert {path.name for path in (keys / "residents").iterdir()} == {withdrawn, staying}
    assert {path.name for path in (keys / "faces").iterdir()} == {staying}


def test_a_key_that_is_there_is_not_overwritten_and_a_damaged_one_is_replaced(store: Store) -> None:
    gate = fill(store)
    exported = store.export_keys(PASSPHRASE)
    renewed = store.renew_gate_key("main")
    [path, _] = (store.data / "keys" / "residents").iterdir()
    path.write_bytes(b"damaged")
    assert store.import_keys(exported, PASSPHRASE).brought == 1
    assert store.gate_key("main") == renewed != gate
    assert store.unreadable() == frozenset()


def test_keys_of_another_installation_are_refused(store: Store, tmp_path: Path) -> None:
    with Store.open(tmp_path / "another") as another, pytest.raises(StoreError, match="another installation"):
        store.import_keys(another.export_keys(PASSPHRASE), PASSPHRASE)


# Which model templates were made by


def test_it_names_who_has_to_be_enrolled_again_for_another_model(store: Store) -> None:
    first, consent = enrol(store, "Resident 1", 1)
    second, _ = enrol(store, "Resident 2", 2)
    store.add_templates(first, "newer", [vector(3)], consent)
    assert store.templates_of_other_models("newer") == {second: ["sface"]}
    assert store.templates_of_other_models("sface") == {}
    assert store.key_standing().models == {"newer": 1, "sface": 2}
