"""How a database of an older version is brought up to date, and how a copy of one is made."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from facegate.adapters.store.errors import StoreError

MIGRATIONS: Final = Path(__file__).parent.parent / "migrations"


def known_revisions(scripts: Path) -> frozenset[str]:
    """The versions of the schema that this program knows."""
    return frozenset(script.revision for script in ScriptDirectory.from_config(_config(scripts)).walk_revisions())


def migrate(connection: Connection, path: Path, scripts: Path) -> None:
    """Bring the schema up to date in one transaction, after a copy of what was there."""
    config = _config(scripts)
    with connection.begin():
        present = MigrationContext.configure(connection).get_current_revision()
    if present == ScriptDirectory.from_config(config).get_current_head():
        return
    if present is not None:
        copy(connection, path.with_name(f"{path.stem}-before-migration-from-{present}.db"))
    # Changing a table in SQLite means making it anew, which foreign keys would take for a deletion.
    driver(connection).execute("PRAGMA foreign_keys = OFF")
    with connection.begin():
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
        if broken is not None:
            raise StoreError(
                f"{path} could not be brought to the new version (table {broken[0]}) and was left as it is: install "
                "the former version and report this."
            )
    driver(connection).execute("PRAGMA foreign_keys = ON")


def copy(connection: Connection, target: Path) -> None:
    """SQLite's own backup: consistent whatever else happens, and there whole or not at all."""
    unfinished = target.with_name(target.name + ".tmp")
    unfinished.unlink(missing_ok=True)
    os.close(os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    try:
        with closing(sqlite3.connect(unfinished)) as made:
            driver(connection).backup(made)
        unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)


def driver(connection: Connection) -> sqlite3.Connection:
    """SQLite's own connection, for what has no meaning inside a transaction."""
    driver = connection.connection.driver_connection
    if not isinstance(driver, sqlite3.Connection):
        raise TypeError("the store runs on SQLite")
    return driver


def _config(folder: Path) -> Config:
    config = Config()
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
