"""Nothing leaves and nothing stays: the whole service, its connections, and what is left of whoever walked by.

The service runs as a process of its own, with a real broker and a real camera, in a network that has nothing else where
the system allows one. Python's connections are seen by an audit hook, all others by the packets that found no way.
"""

import ast
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

_ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """An hour of a house: start, enrolment, a stranger at the door, housekeeping, erasure."""
    folder = tmp_path_factory.mktemp("house")
    done = subprocess.run(
        [sys.executable, "-m", "tests.parts.quiet_house", str(folder)],
        capture_output=True, text=True, timeout=240, cwd=_ROOT, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def _elsewhere(connections: list[list[str]], ports: set[int]) -> list[list[str]]:
    """Those that go to other machines, by name or by number, or to a port of this one that nobody has configured."""
    found = []
    for event, *arguments in connections:
        values = [ast.literal_eval(each) for each in arguments if each[:1] in "('\"" or each.isdigit()]
        address = next((value for value in values if isinstance(value, tuple)), None)
        host = address[0] if address else str(values[0]) if values else ""
        asked = event == "socket.getaddrinfo" and int(values[1]) not in ports
        if asked or not event.startswith("socket.") or host not in {"127.0.0.1", "::1"}:
            found.append([event, *arguments])
    return found


def test_the_service_connects_to_its_broker_and_its_camera_alone(lived: dict[str, Any]) -> None:
    assert lived["rounds"] >= 1, "no hour has passed"
    assert lived["enrolled"]["looks"], "nobody was enrolled"
    assert any(str(lived["broker"]) in " ".join(each) for each in lived["connections"])
    assert _elsewhere(lived["connections"], {lived["broker"], lived["camera"]}) == []


def test_no_packet_of_any_library_looked_for_a_way_out(lived: dict[str, Any]) -> None:
    if lived["own_network"]:
        assert lived["lost"] == 0
    else:
        # A system that allows no network of one's own: what the hook has seen is all that can be told.
        assert _elsewhere(lived["connections"], {lived["broker"], lived["camera"]}) == []


def test_a_connection_elsewhere_would_have_been_seen(lived: dict[str, Any]) -> None:
    [seen] = _elsewhere(lived["leaked"], set())
    assert "192.0.2.1" in seen[1]
    assert not lived["own_network"] or lived["leaked_lost"] == 1


def test_of_who_walked_by_no_file_holds_anything(lived: dict[str, Any]) -> None:
    assert lived["walked"]["looks"] >= 4, "nobody walked by"
    names = {Path(name).name for name in lived["walked"]["searched"]}
    assert {"facegate.db", "facegate.db-wal", "site.key"} <= names
    assert lived["walked"]["on_disk"] == []
    assert lived["temporary"] == []


def test_of_who_walked_by_the_process_keeps_nothing_in_its_stores(lived: dict[str, Any]) -> None:
    assert lived["walked"]["decoded"], "the camera's newest frame was not found, so others would not have been either"
    assert lived["walked"]["decoded"] <= 2, "more than the newest frame is kept"  # and the one that is looked at
    whole = [720, 640, 3]
    assert [shape for shape in lived["walked"]["pictures"] if shape != whole] == [], "a part of a picture is kept"
    assert lived["walked"]["near"], "the resident's templates were not found, so others would not have been either"
    assert max(lived["walked"]["near"]) < 0.5, "a template of who walked by is kept"


def test_of_an_enrolment_no_picture_and_no_template_lies_open(lived: dict[str, Any]) -> None:
    assert lived["enrolled"]["on_disk"] == []


def test_what_is_kept_would_have_been_found(lived: dict[str, Any]) -> None:
    assert any(name.endswith("planted") for name, _ in lived["planted"]["on_disk"])
    assert max(lived["planted"]["near"]) > 0.99
