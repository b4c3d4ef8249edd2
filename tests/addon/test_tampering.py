"""Whoever changes the database file, in any row of what the trail proves or in any byte of it, is found out."""

import random
import shutil
import sqlite3
from pathlib import Path

import pytest

from facegate.adapters.store import Intent, Store, StoreError
from facegate.core.audit import Act
from facegate.core.models import Direction, Gate, Method, Reason
from facegate.core.trail import Broken

PROVED = ("access", "acts", "checkpoints")
TRIES = 12
NOW = 1_800_000_000.0


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder in which all kinds of records are, some of them changed and some erased since."""
    data = tmp_path_factory.mktemp("house") / "data"
    with Store.open(data, clock=lambda: NOW) as store:
        store.add_gate(Gate("main", "Main gate"))
        person = store.add_resident("Resident 1").id
        for number in range(8):
            name, at = f"{number:016x}", NOW - 86400 * number
            store.begin_opening(
                Intent(name, "main", Direction.ENTRY, Method.REMOTE, Reason.GUARD, at, person, "Guard 1", "a note")
            )
            store.finish_opening(name, "opened", "", at)
            store.record_act("Owner 1", Act.LOOKED, resident=person, reason="A parcel is missing", span=(at, NOW))
            store.checkpoint()
        store.pseudonymise_access(NOW - 3 * 86400)
        store.forget_access(NOW - 6 * 86400)
        store.checkpoint()
        assert store.verify_trail().broken is None
    return data


def contents(data: Path) -> list[object] | None:
    """All rows that the trail proves, as they are in the file; nothing where SQLite itself cannot read them."""
    connection = sqlite3.connect(f"file:{data / 'facegate.db'}?mode=ro", uri=True)
    try:
        return [connection.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall() for table in PROVED]
    except sqlite3.Error, UnicodeDecodeError:
        return None
    finally:
        connection.close()


def verdict(data: Path) -> Broken | None:
    """What FaceGate says of the folder; a file that it refuses to open is found out as well."""
    try:
        with Store.open(data, clock=lambda: NOW) as store:
            broken = store.verify_trail().broken
            return None if broken is None else broken.what
    except StoreError:
        return Broken.CHANGED


def other(chance: random.Random, value: object) -> object:
    """Something else in the place of a value, often of another type."""
    choices: list[object] = [None, chance.random(), chance.randrange(10**6), chance.randbytes(32), "entry", "r2", ""]
    if isinstance(value, int | float):
        choices += [value + 1, -value]
    if isinstance(value, bytes):
        choices += [bytes([value[0] ^ 1]) + value[1:], value[:-1]]
    return chance.choice([one for one in choices if one != value])


@pytest.mark.parametrize("table", PROVED)
def test_any_value_of_any_row(house: Path, tmp_path: Path, table: str) -> None:
    chance = random.Random(table)
    done = 0
    for number in range(TRIES):
        data = tmp_path / str(number)
        shutil.copytree(house, data)
        connection = sqlite3.connect(data / "facegate.db")
        rows = connection.execute(f"SELECT rowid, * FROM {table}").fetchall()
        columns = [name for (name, *_) in connection.execute(f"SELECT name FROM pragma_table_info('{table}')")]
        row = chance.choice(rows)
        column = chance.randrange(len(columns))
        wish = other(chance, row[column + 1])
        try:
            connection.execute(f"UPDATE {table} SET {columns[column]} = ? WHERE rowid = ?", (wish, row[0]))
            connection.commit()
        except sqlite3.IntegrityError:
            continue  # SQLite itself refuses such a row
        finally:
            connection.close()
        if contents(data) == contents(house):
            continue  # SQLite takes one for the other, such as 1.0 for 1
        done += 1
        assert verdict(data) is not None, (table, columns[column], row, wish)
    assert done > TRIES // 2


@pytest.mark.parametrize("table", PROVED)
def test_any_row_that_is_taken_out(house: Path, tmp_path: Path, table: str) -> None:
    chance = random.Random(table)
    for number in range(5):
        data = tmp_path / str(number)
        shutil.copytree(house, data)
        connection = sqlite3.connect(data / "facegate.db")
        (row,) = chance.choice(connection.execute(f"SELECT rowid FROM {table}").fetchall())
        connection.execute(f"DELETE FROM {table} WHERE rowid = ?", (row,))
        connection.commit()
        connection.close()
        assert verdict(data) is Broken.GONE


def test_any_byte_of_the_file(house: Path, tmp_path: Path) -> None:
    """A flipped byte changes a proved row and is found, or it changes none of them."""
    chance = random.Random("bytes")
    whole, found = contents(house), 0
    for number in range(20 * TRIES):
        data = tmp_path / str(number)
        shutil.copytree(house, data)
        file = data / "facegate.db"
        content = bytearray(file.read_bytes())
        content[chance.randrange(100, len(content))] ^= 1 << chance.randrange(8)
        file.write_bytes(content)
        if contents(data) != whole:
            found += 1
            assert verdict(data) is not None
    assert found > 0
