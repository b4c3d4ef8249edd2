"""From every older database to the present one, never the other way, never half."""

import shutil
import sqlite3
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from facegate.adapters.store import Store, StoreError, schema
from facegate.adapters.store.migration import MIGRATIONS
from facegate.core.models import Gate

NEXT = """
import sqlalchemy as sa
from alembic import op

revision = "9999"
down_revision = "{head}"

def upgrade() -> None:
    with op.batch_alter_table("gates") as gates:
        gates.add_column(sa.Column("colour", sa.Text, nullable=False, server_default="grey"))
        gates.alter_column("name", new_column_name="title")
    {more}
"""


def head() -> str:
    return max(path.stem.split("_")[0].removeprefix("v") for path in (MIGRATIONS / "versions").glob("v*.py"))


def newer(folder: Path, more: str = "") -> Path:
    """The migrations as a later version of FaceGate would bring them."""
    scripts = folder / "migrations"
    shutil.copytree(MIGRATIONS, scripts, ignore=shutil.ignore_patterns("__pycache__"))
    (scripts / "versions" / "v9999_next.py").write_text(NEXT.format(head=head(), more=more))
    return scripts


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder of the present version with something in it."""
    with Store.open(tmp_path / "data") as store:
        store.add_gate(Gate("main", "Main gate"))
        store.add_resident("Resident 1")
    return tmp_path / "data"


def rows(path: Path, query: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


def test_the_migrations_lead_to_the_schema(data: Path) -> None:
    engine = create_engine(f"sqlite:///{data / 'facegate.db'}")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, schema.metadata) == []
    engine.dispose()
    assert rows(data / "facegate.db", "SELECT version_num FROM alembic_version") == [(head(),)]


def test_a_newer_version_takes_the_data_along_and_leaves_a_copy_of_what_was(data: Path, tmp_path: Path) -> None:
    Store(data, scripts=newer(tmp_path)).close()
    assert rows(data / "facegate.db", "SELECT id, title, colour FROM gates") == [("main", "Main gate", "grey")]
    assert rows(data / "facegate.db", "SELECT count(*) FROM residents") == [(1,)]
    copy = data / f"facegate-before-migration-from-{head()}.db"
    assert rows(copy, "SELECT id, name FROM gates") == [("main", "Main gate")]
    assert rows(copy, "PRAGMA integrity_check") == [("ok",)]
    assert copy.stat().st_mode & 0o077 == 0


def test_foreign_keys_hold_again_after_a_migration(data: Path, tmp_path: Path) -> None:
    with Store(data, scripts=newer(tmp_path)) as store, store._write() as connection:
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1


@pytest.mark.parametrize(
    "more",
    [
        "raise RuntimeError('a mistake in the migration')",
        "op.execute(\"INSERT INTO cameras VALUES ('c', 'nowhere', '', '', '', '[]', 1, 1, '', 0, 'deny')\")",
    ],
)
def test_a_migration_that_fails_changes_nothing(data: Path, tmp_path: Path, more: str) -> None:
    with pytest.raises((RuntimeError, StoreError)):
        Store(data, scripts=newer(tmp_path, more))
    assert rows(data / "facegate.db", "SELECT version_num FROM alembic_version") == [(head(),)]
    with Store.open(data) as store:
        assert [gate.name for gate in store.gates()] == ["Main gate"]
        assert [resident.name for resident in store.residents()] == ["Resident 1"]


def test_a_database_of_a_newer_version_is_left_as_it_is(data: Path, tmp_path: Path) -> None:
    Store(data, scripts=newer(tmp_path)).close()
    before = (data / "facegate.db").read_bytes()
    for _ in range(2):
        with pytest.raises(StoreError, match=r"written by a newer FaceGate \(schema 9999\): install that version"):
            Store.open(data)
    assert (data / "facegate.db").read_bytes() == before


def test_a_second_opening_migrates_nothing(data: Path) -> None:
    with Store.open(data):
        pass
    assert list(data.glob("*before-migration*")) == []


def test_gates_from_before_face_readers_could_be_switched_go_on_recognising_and_tell(tmp_path: Path) -> None:
    """An update locks nobody out; whoever lacks a way without a face is said by the gate's problem."""
    old, data = tmp_path / "migrations", tmp_path / "data"
    later = [path.name for path in (MIGRATIONS / "versions").glob("v*.py") if path.name[1:5] > "0010"]
    shutil.copytree(MIGRATIONS, old, ignore=shutil.ignore_patterns("__pycache__", *later))
    Store(data, scripts=old).close()
    with sqlite3.connect(data / "facegate.db") as connection:
        connection.execute("INSERT INTO gates VALUES ('main', 'Main gate', 'normal', 0)")
    connection.close()
    with Store.open(data) as store:
        [gate] = store.gates()
        assert (gate.faces, gate.trial, gate.phone, gate.readers) == (True, False, False, frozenset())
        assert store.way_book().gaps("main", 0.0).lasting
