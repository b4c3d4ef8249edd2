"""Where words have stayed in Home Assistant: its files, its recorder's database, and what a broker keeps."""

import json
import sqlite3
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import paho.mqtt.client as paho

from tests.parts.broker import Mosquitto

QUIET = 0.5  # seconds without a retained message: the broker sends them at once, before anything else
DATABASE = "home-assistant_v2.db"
SQLITE = b"SQLite format 3\x00"


@dataclass(frozen=True, slots=True, order=True)
class Trace:
    """One word at one place. ``place``: a file, a table's column, or a topic; ``what`` names the word."""

    what: str
    place: str


def in_folder(folder: Path, words: Mapping[str, str], *, leave_out: Iterable[str] = ()) -> set[Trace]:
    """Search every file below ``folder``, as it is and as what it holds; ``leave_out`` are folders' names."""
    found: set[Trace] = set()
    skipped = set(leave_out)
    for file in sorted(folder.rglob("*")):
        place = file.relative_to(folder)
        if not file.is_file() or skipped & set(place.parts):
            continue
        content = file.read_bytes()
        if content.startswith(SQLITE):
            found |= in_database(file, words)
        elif place.name.startswith(DATABASE):
            # What is written ahead is read as part of the database; what was overwritten in it is searched here.
            found |= {Trace(trace.what, "recorder") for trace in in_bytes(place.name, content, words)}
        else:
            found |= in_bytes(str(place), content, words)
    return found


def in_bytes(place: str, content: bytes, words: Mapping[str, str]) -> set[Trace]:
    """Search bytes for words as text, and as JSON writes them when it keeps to ASCII."""
    return {
        Trace(what, place)
        for what, word in words.items()
        if word.encode() in content or json.dumps(word)[1:-1].encode() in content
    }


def in_database(file: Path, words: Mapping[str, str]) -> set[Trace]:
    """Search the rows of a database, and its pages, where what was deleted may still stand."""
    found: set[Trace] = set()
    uri = f"file:{file}?mode=ro"
    connection = sqlite3.connect(uri, uri=True)
    try:
        tables = [name for (name,) in connection.execute("select name from sqlite_master where type = 'table'")]
        for table in tables:
            rows = connection.execute(f'select * from "{table}"')  # a name out of the database itself
            columns = [column[0] for column in rows.description]
            for row in rows:
                for column, value in zip(columns, row, strict=True):
                    if isinstance(value, str | bytes):
                        content = value.encode() if isinstance(value, str) else value
                        found |= in_bytes(f"recorder {table}.{column}", content, words)
    finally:
        connection.close()
    named = {trace.what for trace in found}
    pages = in_bytes("recorder", file.read_bytes(), words)
    return found | {trace for trace in pages if trace.what not in named}


def retained(broker: Mosquitto) -> dict[str, bytes]:
    """What the broker keeps for whoever comes later, by topic."""
    kept: dict[str, bytes] = {}
    last = time.monotonic()

    def hear(_client: paho.Client, _data: object, message: paho.MQTTMessage) -> None:
        nonlocal last
        if message.retain:
            kept[message.topic] = message.payload
            last = time.monotonic()

    client = paho.Client(paho.CallbackAPIVersion.VERSION2)
    ready: list[bool] = []
    client.on_connect = lambda known, *_: known.subscribe("#")
    client.on_subscribe = lambda *_: ready.append(True)
    client.on_message = hear
    client.connect(broker.host, broker.port)
    client.loop_start()
    try:
        end = time.monotonic() + 10
        while time.monotonic() < end and not (ready and time.monotonic() - last > QUIET):
            time.sleep(0.05)
        assert ready, "the broker does not answer"
    finally:
        client.disconnect()
        client.loop_stop()
    return kept


def in_messages(kept: Mapping[str, bytes], words: Mapping[str, str]) -> set[Trace]:
    """Search topics and messages."""
    return {
        trace
        for topic, payload in kept.items()
        for trace in in_bytes(f"topic {topic}", topic.encode() + b"\n" + payload, words)
    }
