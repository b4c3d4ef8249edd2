"""The store survives SIGKILL at any moment: what was acknowledged is there, and nothing is there half."""

import itertools
import multiprocessing
import os
import random
import signal
import sqlite3
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from multiprocessing.process import BaseProcess
from pathlib import Path

import numpy as np
import pytest

from facegate.adapters.crypto import KeyRing
from facegate.adapters.store import INTERRUPTED, Intent, Store
from facegate.contract.lines import Position
from facegate.core.models import Direction, Gate, Method, Reason

KILLS = 18
EARLY = 3
MEMORY = Path("/dev/shm")

# The server imports once and forks a writer for each life, so that lives are short and deaths many.
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["facegate.adapters.store"])


def write_without_end(data: Path, output: Path) -> None:
    """Write, and say what has been promised: a line follows once the store has returned, so it must hold."""
    promised = os.open(output, os.O_WRONLY | os.O_APPEND)

    def say(*words: object) -> None:
        os.write(promised, (" ".join(map(str, words)) + "\n").encode())

    store = Store.open(data)
    boot = store.next_boot()
    say("boot", boot)
    vector = np.zeros(128, np.float32)
    vector[0] = 1
    for number in itertools.count():
        opening = os.urandom(8).hex()
        say("try", opening)
        store.begin_opening(Intent(opening, "main", Direction.ENTRY, Method.FACE, Reason.RECOGNISED, float(number)))
        say("begun", opening)
        store.finish_opening(opening, "opened", "-", float(number))
        say("finished", opening)
        resident = store.add_resident(f"Resident {number}")
        say("resident", resident.id, number)
        consent = store.add_consent(resident.id, notice="0" * 64, language="en", channel="command_line")
        templates = store.add_templates(resident.id, "sface", [vector, -vector], consent.id)
        say("templates", resident.id, *(template.id for template in templates))
        if number % 2:
            say("erasing", resident.id)
            store.erase_resident(resident.id)
            say("erased", resident.id)
        gate = f"g-{boot}-{number}"
        key = store.add_gate(Gate(gate, gate))
        say("gate", gate, key.hex())
        store.save_node_position(gate, "hello", Position(boot, number))
        say("position", gate, boot, number)
        if number % 3 == 0:
            say("removing", gate)
            store.remove_gate(gate)
            say("removed", gate)


class Promises:
    """What the writers were promised, over all their lives."""

    def __init__(self) -> None:
        self.said: dict[str, dict[str, list[str]]] = defaultdict(dict)

    def hear(self, output: bytes) -> None:
        for line in output.decode().splitlines(keepends=True):
            if line.endswith("\n"):
                word, subject, *rest = line.split()
                self.said[word][subject] = rest

    def check(self, data: Path) -> None:
        said = self.said
        with Store.open(data) as store:
            log = {record.id: record for record in store.access_log(1_000_000)}
            assert said["begun"].keys() <= log.keys() <= said["try"].keys()
            assert all(log[opening].result == "opened" for opening in said["finished"])
            assert all(record.result in {"opened", INTERRUPTED} for record in log.values())
            assert all(record.completed_at is not None for record in log.values())

            residents = {resident.id: resident for resident in store.residents()}
            assert store.unreadable() == frozenset()
            assert said["resident"].keys() - said["erasing"].keys() <= residents.keys()
            assert not residents.keys() & said["erased"].keys()
            assert all(
                residents[r].name == f"Resident {said['resident'][r][0]}"
                for r in residents.keys() & said["resident"].keys()
            )

            templates = defaultdict(set)
            for template in store.templates():
                assert abs(template.vector[0]) == 1
                templates[template.resident].add(template.id)
            assert templates.keys() <= residents.keys()
            assert all(len(ids) == 2 for ids in templates.values())
            for resident in said["templates"].keys() - said["erasing"].keys():
                assert templates[resident] == set(said["templates"][resident])

            gates = {gate.id for gate in store.gates()}
            assert said["gate"].keys() - said["removing"].keys() <= gates
            assert not gates & said["removed"].keys()
            for gate in gates:
                key = store.gate_key(gate)
                assert said["gate"].get(gate, [key.hex()]) == [key.hex()]
            for gate in said["position"].keys() - said["removing"].keys():
                position = store.node_position(gate, "hello")
                assert position is not None
                assert [str(number) for number in position] == said["position"][gate]

            assert store.next_boot() > max(map(int, said["boot"]), default=0)
            for kind, rows in (("residents", residents.keys()), ("gates", gates)):
                assert {path.name for path in (data / "keys" / kind).iterdir()} == set(rows)
        connection = sqlite3.connect(data / "facegate.db")
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        connection.close()


@pytest.fixture
def memory() -> Iterator[Path]:
    """A folder that no slow disk holds up: what a killed process has written stays either way, synced or not."""
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        yield Path(folder)


def test_killing_the_writer_at_any_moment_loses_nothing(memory: Path) -> None:
    data, said = memory / "data", memory / "said"
    chance = random.Random(20261122)  # the moments still differ from run to run, with the machine
    promises = Promises()
    for life in range(KILLS):
        said.write_bytes(b"")
        writer = FORKS.Process(target=write_without_end, args=(data, said))
        writer.start()
        # The first die while the database is being made, each of the others two lines later than the one before, or a
        # little after: what has been written tells the moment, so that a slow machine kills in the midst of it as well.
        wanted = max(0, 2 * (life - EARLY) + 1)
        while writer.is_alive() and said.read_bytes().count(b"\n") < wanted:
            time.sleep(0.001)
        time.sleep(chance.uniform(0, 0.2 if life < EARLY else 0.01))
        kill(writer)
        promises.hear(said.read_bytes())
        promises.check(data)
    assert len(promises.said["finished"]) > KILLS
    assert promises.said["erased"]
    assert promises.said["removed"]


def kill(writer: BaseProcess) -> None:
    writer.kill()
    writer.join()
    assert writer.exitcode == -signal.SIGKILL


def stop_at(data: Path, action: str, when: str, step: str, output: Path) -> None:
    """Stop for good right before or after one step with a key file."""
    store = Store.open(data)
    (resident,) = store.residents()
    real: Callable[..., object] = getattr(KeyRing, step)

    def stop(*arguments: object) -> None:
        if when == "after":
            real(*arguments)
        output.write_bytes(b"stopped")
        signal.pause()

    setattr(KeyRing, step, stop)
    match action:
        case "add":
            store.add_resident("Resident 2")
        case "erase":
            store.erase_resident(resident.id)
        case "remove":
            store.remove_gate("main")


@pytest.mark.parametrize(
    ("action", "when", "step", "residents", "gates"),
    [
        ("add", "after", "make", ["Resident 1"], ["main"]),
        ("add", "before", "keep", ["Resident 1", "Resident 2"], ["main"]),
        ("erase", "before", "retire", [], ["main"]),
        ("erase", "after", "retire", [], ["main"]),
        ("erase", "before", "destroy", [], ["main"]),
        ("remove", "after", "retire", ["Resident 1"], ["main"]),
        ("remove", "before", "destroy", ["Resident 1"], []),
    ],
)
def test_between_a_key_and_its_row_the_row_decides_and_whoever_was_to_be_erased_is(
    tmp_path: Path, action: str, when: str, step: str, residents: list[str], gates: list[str]
) -> None:
    data, said = tmp_path / "data", tmp_path / "said"
    with Store.open(data) as store:
        store.add_resident("Resident 1")
        gate_key = store.add_gate(Gate("main", "Main gate"))
    writer = FORKS.Process(target=stop_at, args=(data, action, when, step, said))
    writer.start()
    while writer.is_alive() and not said.exists():
        time.sleep(0.005)
    kill(writer)
    with Store.open(data) as store:
        assert [resident.name for resident in store.residents()] == residents
        assert [gate.id for gate in store.gates()] == gates
        assert store.unreadable() == frozenset()
        assert len(store.certificates()) == 1 - len(residents[:1])
        assert {path.name for path in (data / "keys" / "residents").iterdir()} == {r.id for r in store.residents()}
        assert [path.name for path in (data / "keys" / "gates").iterdir()] == gates
        assert [store.gate_key(gate) for gate in gates] == [gate_key] * len(gates)
