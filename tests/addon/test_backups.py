"""Backups while FaceGate runs: one moment of everything, nobody erased comes back, a kill at any time is no harm."""

import errno
import json
import os
import shutil
import signal
import sqlite3
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest

from facegate.adapters import local_access
from facegate.adapters.store import Store, StoreError, backups
from facegate.core.audit import Act
from facegate.core.models import Gate
from tests.parts.broker import Mosquitto
from tests.parts.recognizer import Recognizer, facegate
from tests.parts.stores import enrolled
from tests.parts.supervisor_backup import config, copy
from tests.parts.waiting import wait_for


def garble(data: Path) -> None:
    """What a copy of a database may be that is being written: pages of different moments."""
    database = data / "facegate.db"
    content = bytearray(database.read_bytes())
    content[len(content) // 2 :] = os.urandom(len(content) - len(content) // 2)
    database.write_bytes(content)
    (data / "facegate.db-wal").write_bytes(os.urandom(5000))
    (data / "keys" / "gates" / "later").write_bytes(b"of a gate that is not in the copy")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A house with a gate, somebody who lives there and somebody who was erased after the backup before this."""
    folder = tmp_path / "data"
    with Store.open(folder) as store:
        store.add_gate(Gate("front", "Front gate"))
        enrolled(store)
        gone = enrolled(store, "Resident 2", seed=7)
        store.erase_resident(gone.id)
    return folder


def test_what_is_restored_is_the_moment_of_the_copy(data: Path, tmp_path: Path) -> None:
    restored = tmp_path / "restored"
    with Store.open(data) as store:
        boot = store.next_boot()
        key, installation = store.gate_key("front"), store.installation
        assert backups.prepare(data, time.time())
        store.add_gate(Gate("later", "Added while it was copied"))
        copy(data, restored)
        backups.finish(data)
        assert {gate.id for gate in store.gates()} == {"front", "later"}
    assert not (data / "backup").exists()
    garble(restored)
    assert not list((restored / "keys").rglob("residents/*"))
    with Store.open(restored) as store:
        assert [gate.id for gate in store.gates()] == ["front"]
        assert (store.gate_key("front"), store.installation) == (key, installation)
        store.add_gate(Gate("later", "Added again"))
        assert store.next_boot() > boot + 1_000, "or Home Assistant takes its messages for repeated ones"
        assert store.acts()[0].act is Act.RESTORED
        assert len(store.unreadable()) == 1, "who lives here has to be enrolled again"
        assert store.templates() == []
        assert store.verify_trail().broken is None
    assert not (restored / "backup").exists()
    with Store.open(restored) as store:
        assert [deed.act for deed in store.acts()].count(Act.RESTORED) == 1


def test_who_was_erased_after_the_backup_stays_erased_where_keys_are_still_there(data: Path, tmp_path: Path) -> None:
    """As with a container, whose owner puts the copy back into the folder that is in use."""
    with Store.open(data) as store:
        [stays] = store.residents()
        goes = enrolled(store, "Resident 3", seed=9)
    backups.prepare(data, time.time())
    shutil.copytree(data / "backup", tmp_path / "kept")
    backups.finish(data)
    with Store.open(data) as store:
        store.erase_resident(goes.id)
    shutil.copytree(tmp_path / "kept", data / "backup")
    with Store.open(data) as store:
        assert store.unreadable() == {goes.id}
        assert [resident.name for resident in store.residents()] == [stays.name]
        assert {template.resident for template in store.templates()} == {stays.id}
        store.erase_resident(goes.id)
        assert not store.unreadable()


def test_an_app_that_does_not_run_is_copied_as_it_lies(data: Path, tmp_path: Path) -> None:
    copy(data, tmp_path / "restored")
    with Store.open(tmp_path / "restored") as store:
        assert [gate.id for gate in store.gates()] == ["front"]


def test_the_same_copy_can_be_restored_again_and_again(data: Path, tmp_path: Path) -> None:
    now = time.time()
    backups.prepare(data, now)
    shutil.copytree(data / "backup", tmp_path / "kept")
    backups.finish(data)
    boots = []
    for later in (60, 120, 30):  # seconds after the copy was made; at last the clock has gone back
        shutil.copytree(tmp_path / "kept", data / "backup")
        for _ in range(3):
            with Store.open(data, clock=lambda at=now + later: at) as store:
                boots.append(store.next_boot())
    assert boots == sorted(set(boots)), "or Home Assistant takes its messages for repeated ones"


def test_what_is_restored_while_the_mark_still_stands_is_not_taken_for_the_copy_that_was_made_here(
    data: Path, tmp_path: Path
) -> None:
    backups.prepare(data, time.time())
    shutil.copytree(data / "backup", tmp_path / "kept")
    with Store.open(data) as store:
        store.remove_gate("front")
    backups.prepare(data, time.time())
    shutil.rmtree(data / "backup")
    shutil.copytree(tmp_path / "kept", data / "backup")
    with pytest.raises(StoreError, match="start FaceGate"):
        backups.prepare(data, time.time())
    with Store.open(data) as store:
        assert [gate.id for gate in store.gates()] == ["front"]
    assert not (data / "backup").exists()
    assert not (data / backups.MARK).exists()


def test_a_copy_that_cannot_be_made_leaves_nothing(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as full:
        full.setattr(backups.key_files, "write_new", Mock(side_effect=OSError(errno.ENOSPC, "no space")))
        with pytest.raises(StoreError, match="free"):
            backups.prepare(data, time.time())
    with monkeypatch.context() as nearly:
        nearly.setattr(backups.disk, "room", lambda _: (backups.disk.LEAST_FREE, 1))
        with pytest.raises(StoreError, match=r"needs 0\.5 GB"):
            backups.prepare(data, time.time())
    assert not {"backup", "backup.new"} & {path.name for path in data.iterdir()}
    assert not (data / backups.MARK).exists()
    assert backups.prepare(data, time.time())


@pytest.mark.parametrize("unfinished", [False, True])
def test_a_kill_between_the_commands_leaves_the_newer_database(data: Path, unfinished: bool) -> None:
    backups.prepare(data, time.time())
    for path in data.rglob("*"):  # as the app does at each start
        os.chown(path, os.getuid(), os.getgid())
    if unfinished:
        (data / "backup").rename(data / "backup.new")
    with closing(sqlite3.connect(data / "facegate.db")) as connection, connection:
        connection.execute("UPDATE gates SET name = 'Newer'")
    with Store.open(data) as store:
        assert [gate.name for gate in store.gates()] == ["Newer"]
        assert Act.RESTORED not in {deed.act for deed in store.acts()}
    assert not {"backup", "backup.new"} & {path.name for path in data.iterdir()}


def test_a_copy_that_was_never_done_does_not_stay_in_what_is_restored(data: Path, tmp_path: Path) -> None:
    backups.prepare(data, time.time())
    (data / "backup").rename(data / "backup.new")
    copy(data, tmp_path / "restored")
    with Store.open(tmp_path / "restored") as store:
        assert [gate.id for gate in store.gates()] == ["front"]
    assert not {"backup", "backup.new"} & {path.name for path in (tmp_path / "restored").iterdir()}


def test_a_kill_while_it_arrives_is_made_good_by_the_next_start(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backups.prepare(data, time.time())
    steps = len(json.loads((data / "backup" / "complete.json").read_bytes())["files"])
    assert steps >= 4
    replace = Path.replace
    for killed_at in range(steps):
        restored = tmp_path / f"restored-{killed_at}"
        copy(data, restored)
        garble(restored)
        done = 0

        def killed(path: Path, target: Path, killed_at: int = killed_at) -> Path:
            nonlocal done
            if done == killed_at:
                raise KeyboardInterrupt
            done += 1
            return replace(path, target)

        with monkeypatch.context() as patch:
            patch.setattr(Path, "replace", killed)
            with pytest.raises(KeyboardInterrupt):
                Store.open(restored)
        with Store.open(restored) as store:
            assert [gate.id for gate in store.gates()] == ["front"]
            assert store.gate_key("front")


@pytest.mark.parametrize("broken", ["facegate.db", "keys/site.key", "complete.json"])
def test_a_copy_that_is_not_whole_is_refused_in_one_sentence(data: Path, tmp_path: Path, broken: str) -> None:
    backups.prepare(data, time.time())
    copy(data, tmp_path / "restored")
    (tmp_path / "restored" / "backup" / broken).write_bytes(b"half")
    with pytest.raises(StoreError, match="not whole"):
        Store.open(tmp_path / "restored")
    assert (tmp_path / "restored" / "facegate.db").exists()


def test_a_copy_that_names_files_elsewhere_is_refused(data: Path, tmp_path: Path) -> None:
    backups.prepare(data, time.time())
    copy(data, tmp_path / "restored")
    complete = tmp_path / "restored" / "backup" / "complete.json"
    content = json.loads(complete.read_bytes())
    content["files"]["../elsewhere"] = content["files"]["facegate.db"]
    complete.write_text(json.dumps(content))
    (tmp_path / "restored" / "elsewhere").write_bytes((data / "backup" / "facegate.db").read_bytes())
    with pytest.raises(StoreError, match="not whole"):
        Store.open(tmp_path / "restored")
    assert not (tmp_path / "elsewhere").exists()


def test_keys_and_database_are_of_one_moment_while_both_change(data: Path, tmp_path: Path) -> None:
    stopped = threading.Event()
    with Store.open(data) as store:

        def change() -> None:
            while not stopped.is_set():
                store.add_gate(Gate("side", "Side gate"))
                store.change_site_key()
                store.remove_gate("side")
                stopped.wait(0.05)

        changing = threading.Thread(target=change)
        changing.start()
        try:
            for number in range(4):
                backups.prepare(data, time.time())
                shutil.copytree(data / "backup", tmp_path / str(number) / "backup")
        finally:
            stopped.set()
            changing.join()
    for number in range(4):
        with Store.open(tmp_path / str(number)) as store:
            assert all(store.gate_key(gate.id) for gate in store.gates())
            assert store.verify_trail().broken is None


def test_a_copy_that_nobody_came_back_for_goes_after_a_day(data: Path) -> None:
    backups.prepare(data, time.time())
    with Store.open(data, clock=lambda: time.time() + 2 * 86_400) as store:
        backups.prepare(data, time.time())
        store.forget_copies(0)
    assert not (data / "backup").exists()


def test_the_first_start_has_nothing_to_back_up(tmp_path: Path) -> None:
    assert not backups.prepare(tmp_path / "data", time.time())
    backups.finish(tmp_path / "data")
    assert not (tmp_path / "data").exists()


def activity(recognizer: Recognizer) -> list[tuple[Any, ...]]:
    records = recognizer.api("GET", "/activity?from=0")["records"]
    return [(one["at"], one["kind"], one["gate"], one["reason"]) for one in records if one["kind"] == "opening"]


def local(recognizer: Recognizer) -> None:
    access = wait_for(lambda: local_access.find(recognizer.data))
    assert access is not None
    recognizer.token = access.token


def command(words: object, data: Path) -> None:
    program, *arguments = str(words).split()
    assert program == "facegate-start"
    done = facegate(*arguments, data=data)
    assert done.returncode == 0, done.stderr


def test_gates_go_on_while_the_running_app_is_backed_up(tmp_path: Path) -> None:
    app = config()
    with Mosquitto(tmp_path / "broker") as broker:
        running = Recognizer(tmp_path / "data", broker.port, extra=("--trial-nodes",))
        try:
            running.start()
            local(running)
            running.api("POST", "/gates", {"id": "try", "name": "Trial gate", "trial": True, "pulse_ms": 100})
            people = [running.api("POST", "/residents", {"name": f"Resident {n}"})["id"] for n in range(3)]
            running.api("DELETE", f"/residents/{people[0]}")
            wait_for(lambda: running.api("GET", "/gates/try")["node"] == "online")
            stopped, opened = threading.Event(), []

            def open_again_and_again() -> None:
                while not stopped.is_set():
                    wish = {"direction": "entry", "issued_at": int(time.time() * 1000)}
                    outcome = running.api(
                        "POST", "/gates/try/open", wish, headers={"Idempotency-Key": os.urandom(8).hex()}
                    )
                    opened.append(outcome["result"])

            opening = threading.Thread(target=open_again_and_again)
            opening.start()
            try:
                command(app["backup_pre"], running.data)
                before = len(opened)
                copy(running.data, tmp_path / "restored")
                wait_for(lambda: len(opened) >= before + 2)
            finally:
                stopped.set()
                opening.join()
            assert set(opened) == {"opened"}
            known = activity(running)
        finally:
            running.stop(signal.SIGKILL)  # before the second command
        with Store.open(running.data) as store:
            assert sum(record.kind == "opening" for record in store.access_log(10_000)) >= len(known), "the newer one"
        assert not (running.data / "backup").exists()
        command(app["backup_post"], running.data)  # Supervisor says it all the same
        restored = Recognizer(tmp_path / "restored", broker.port)
        try:
            restored.start()
            local(restored)
            there = activity(restored)
            assert there
            assert there == known[-len(there) :]
            assert people[0] not in {resident["id"] for resident in restored.api("GET", "/residents")}
            assert [gate["id"] for gate in restored.api("GET", "/gates")] == ["try"]
            assert facegate("verify-log", data=restored.data).returncode == 0
        finally:
            restored.stop()
