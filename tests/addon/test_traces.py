"""The search for what stays behind finds what is there, wherever it stands: else its silence would prove nothing."""

import json
import sqlite3
from pathlib import Path

import paho.mqtt.client as paho
import pytest

from tests.parts.broker import Mosquitto
from tests.parts.traces import DATABASE, Trace, in_folder, in_messages, retained

WORDS = {"name": "Zoë Müller-Ångström", "flat": "Flat 7b"}


@pytest.mark.parametrize(
    "content",
    [
        json.dumps({"a": WORDS["name"]}).encode(),
        json.dumps({"a": WORDS["name"]}, ensure_ascii=False).encode(),
        f"2026 INFO {WORDS['name']} came".encode(),
    ],
)
def test_in_files(tmp_path: Path, content: bytes) -> None:
    (tmp_path / ".storage").mkdir()
    (tmp_path / ".storage" / "core.thing").write_bytes(content)
    (tmp_path / "other").write_bytes(b"nobody")
    assert in_folder(tmp_path, WORDS) == {Trace("name", ".storage/core.thing")}
    assert in_folder(tmp_path, WORDS, leave_out=[".storage"]) == set()


def test_in_rows_of_the_database_that_are_still_written_ahead(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / DATABASE) as connection:
        connection.execute("pragma journal_mode = wal")
        connection.execute("create table states (state text, attributes blob)")
        connection.commit()
        connection.execute(
            "insert into states values (?, ?)", (WORDS["flat"], json.dumps({"n": WORDS["name"]}).encode())
        )
        connection.commit()
        found = in_folder(tmp_path, WORDS)
    connection.close()
    assert {Trace("flat", "recorder states.state"), Trace("name", "recorder states.attributes")} <= found


def test_in_pages_of_the_database_whose_rows_were_deleted(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / DATABASE)
    connection.execute("create table states (state text)")
    connection.execute("insert into states values (?)", (WORDS["name"],))
    connection.commit()
    connection.execute("pragma secure_delete = off")
    connection.execute("delete from states")
    connection.commit()
    connection.close()
    assert in_folder(tmp_path, WORDS) == {Trace("name", "recorder")}


def test_in_what_a_broker_keeps(tmp_path: Path) -> None:
    with Mosquitto(tmp_path) as broker:
        client = paho.Client(paho.CallbackAPIVersion.VERSION2)
        client.connect(broker.host, broker.port)
        client.loop_start()
        for topic, payload, retain in (
            ("a", WORDS["name"], True),
            ("b", WORDS["flat"], False),
            ("c/Flat 7b", "x", True),
        ):
            client.publish(topic, payload, qos=1, retain=retain).wait_for_publish(10)
        kept = retained(broker)
        client.disconnect()
        client.loop_stop()
    assert set(kept) == {"a", "c/Flat 7b"}
    assert in_messages(kept, WORDS) == {Trace("name", "topic a"), Trace("flat", "topic c/Flat 7b")}
