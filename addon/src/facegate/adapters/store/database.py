"""How the database file is opened, checked, migrated and written: one process, one connection, one lock."""

import fcntl
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final, Self

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, NullPool, create_engine, event, insert, select, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from facegate.adapters.crypto import KeyRing, Kind, SecretError
from facegate.adapters.store import schema
from facegate.adapters.store.errors import InUseError, StoreError

MIGRATIONS: Final = Path(__file__).parent.parent / "migrations"
_BUSY_SECONDS: Final = 5  # only a reader such as a backup tool can hold the file: the lock keeps FaceGate out
_KEY_CHECK: Final = "key check"


class Database:
    """One open data folder. The parts of the store build on :meth:`_read` and :meth:`_write`."""

    def __init__(self, data: Path, *, clock: Callable[[], float] = time.time, scripts: Path = MIGRATIONS) -> None:
        """Open or make the database in ``data``; raises StoreError and leaves the file as it was."""
        self.data = data
        self._clock = clock
        self._lock = threading.RLock()
        with _failures(data):
            data.mkdir(parents=True, exist_ok=True)
            self._lock_file = _take_lock(data / "facegate.lock")
        try:
            with _failures(data):
                self._path = data / "facegate.db"
                found = _found(self._path)
                self._keys = KeyRing(data / "keys", create=not found)
                if found:
                    _inspect(self._path, self._keys, scripts)
                else:
                    os.close(os.open(self._path, os.O_CREAT | os.O_WRONLY, 0o600))  # SQLite would ask the umask
                self._connection = _connect(self._path)
        except BaseException:
            os.close(self._lock_file)
            raise
        try:
            with _failures(data):
                _migrate(self._connection, self._path, scripts)
            self.installation = self._settle_installation()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the database and let another process have the folder; a second call does nothing."""
        with self._lock:
            if self._lock_file >= 0:
                self._connection.close()
                os.close(self._lock_file)
                self._lock_file = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def next_boot(self) -> int:
        """Count this start of the recognizer: every call returns a number that was never returned before."""
        with self._write() as connection:
            connection.execute(update(schema.installation).values(boot=schema.installation.c.boot + 1))
            boot: int = connection.execute(select(schema.installation.c.boot)).scalar_one()
            return boot

    def backup(self, target: Path) -> None:
        """Write a consistent copy of the database, without any key, to a new file."""
        with self._lock, _failures(target):
            _copy(self._connection, target)

    @contextmanager
    def _write(self) -> Iterator[Connection]:
        """One transaction: on the medium when the block ends, or not at all."""
        with self._lock, _failures(self.data):
            self._refuse_closed()
            with self._connection.begin():
                yield self._connection

    @contextmanager
    def _read(self) -> Iterator[Connection]:
        """One consistent view."""
        with self._lock, _failures(self.data):
            self._refuse_closed()
            with self._connection.begin():
                yield self._connection

    def _key(self, kind: Kind, name: str) -> bytes:
        with _failures(self.data):
            return self._keys.key(kind, name)

    def _renewed_key(self, kind: Kind, name: str) -> bytes:
        with self._lock, _failures(self.data):
            return self._keys.renew(kind, name)

    @contextmanager
    def _new_key(self, kind: Kind, name: str) -> Iterator[bytes]:
        """A new key for the row that the block writes: kept when the block succeeds, gone when it does not."""
        with self._lock, _failures(self.data):
            key = self._keys.make(kind, name)
            try:
                yield key
            except BaseException:
                self._keys.destroy(kind, name)
                raise
            self._keys.keep(kind, name)

    @contextmanager
    def _dying_key(self, kind: Kind, name: str) -> Iterator[None]:
        """Destroys the key of the row that the block removes; keeps it when the block fails."""
        with self._lock, _failures(self.data):
            there = self._keys.retire(kind, name)
            try:
                yield
            except BaseException:
                if there:
                    self._keys.keep(kind, name)
                raise
            self._keys.destroy(kind, name)

    def _refuse_closed(self) -> None:
        if self._lock_file < 0:
            raise StoreError("The store is closed: FaceGate is stopping.")

    def _forget_pages(self) -> None:
        """After an erasure: move everything out of the write-ahead log and cut it, so that no old page stays there."""
        with self._lock, _failures(self.data):
            _driver(self._connection).execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def _settle_installation(self) -> str:
        with self._write() as connection:
            row = connection.execute(select(schema.installation.c.id)).scalar_one_or_none()
            if row is not None:
                return str(row)
            new = os.urandom(16).hex()
            connection.execute(
                insert(schema.installation).values(
                    only=1,
                    id=new,
                    key_check=self._keys.seal(new.encode(), _KEY_CHECK),
                    boot=0,
                    created_at=self._clock(),
                )
            )
            return new


def _take_lock(path: Path) -> int:
    """Return a descriptor that holds the folder for this process; the kernel lets go of it when the process ends."""
    descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.pread(descriptor, 20, 0).decode("ascii", "replace").strip() or "unknown"
        os.close(descriptor)
        raise InUseError(
            f"The data folder {path.parent} is in use by another FaceGate (process {holder}): stop that one first, or "
            "name another folder."
        ) from None
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, str(os.getpid()).encode(), 0)
    return descriptor


def _found(path: Path) -> bool:
    """Whether there is a database that holds anything; a crash right after the first start leaves empty files."""
    return any(file.exists() and file.stat().st_size > 0 for file in (path, path.with_name(path.name + "-wal")))


def _inspect(path: Path, keys: KeyRing, scripts: Path) -> None:
    """Refuse a database that is damaged, newer than this program or of another site, without writing to it."""
    with closing(sqlite3.connect(f"file:{path.absolute()}?mode=ro", uri=True, timeout=_BUSY_SECONDS)) as connection:
        verdict = connection.execute("PRAGMA quick_check(1)").fetchone()
        if verdict != ("ok",):
            raise _damaged(path, verdict[0])
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if "alembic_version" not in tables:
            if tables:
                raise StoreError(f"{path} is not a database of FaceGate: move it away or name another data folder.")
            return
        known = {script.revision for script in _scripts(scripts).walk_revisions()}
        for (revision,) in connection.execute("SELECT version_num FROM alembic_version"):
            if revision not in known:
                raise StoreError(
                    f"{path} was written by a newer FaceGate (schema {revision}): install that version or a newer "
                    "one; the database was left as it is."
                )
        for installation, check in connection.execute("SELECT id, key_check FROM installation"):
            try:
                keys.unseal(check, _KEY_CHECK)
            except SecretError as error:
                raise StoreError(
                    f"The site key does not belong to the database {path} of installation {installation}: put the key "
                    "file back that was there when this database was written."
                ) from error


def _connect(path: Path) -> Connection:
    engine = create_engine(
        f"sqlite:///{path}",
        poolclass=NullPool,  # one connection is opened here and kept
        connect_args={"check_same_thread": False, "timeout": _BUSY_SECONDS},  # Database's lock lets one thread in
    )
    _prepare(engine)
    return engine.connect()


def _prepare(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def set_up(connection: sqlite3.Connection, _: Any) -> None:
        connection.isolation_level = None  # transactions are begun below, DDL included
        for pragma in (
            "journal_mode = WAL",
            "synchronous = FULL",  # a commit is on the medium when it returns, also after a power cut
            "secure_delete = ON",  # deleted rows are overwritten with zeros
            "foreign_keys = ON",
            "trusted_schema = OFF",  # a tampered file cannot smuggle in functions
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _scripts(folder: Path) -> ScriptDirectory:
    return ScriptDirectory.from_config(_config(folder))


def _config(folder: Path) -> Config:
    config = Config()
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _migrate(connection: Connection, path: Path, scripts: Path) -> None:
    """Bring the schema up to date in one transaction, after a copy of what was there."""
    config = _config(scripts)
    with connection.begin():
        present = MigrationContext.configure(connection).get_current_revision()
    if present == ScriptDirectory.from_config(config).get_current_head():
        return
    if present is not None:
        _copy(connection, path.with_name(f"{path.stem}-before-migration-from-{present}.db"))
    # Changing a table in SQLite means making it anew, which foreign keys would take for a deletion.
    _driver(connection).execute("PRAGMA foreign_keys = OFF")
    with connection.begin():
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
        if broken is not None:
            raise StoreError(
                f"{path} could not be brought to the new version (table {broken[0]}) and was left as it is: install "
                "the former version and report this."
            )
    _driver(connection).execute("PRAGMA foreign_keys = ON")


def _copy(connection: Connection, target: Path) -> None:
    """SQLite's own backup: consistent whatever else happens, and there whole or not at all."""
    unfinished = target.with_name(target.name + ".tmp")
    unfinished.unlink(missing_ok=True)
    os.close(os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    try:
        with closing(sqlite3.connect(unfinished)) as copy:
            _driver(connection).backup(copy)
        unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)


def _driver(connection: Connection) -> sqlite3.Connection:
    """SQLite's own connection, for what has no meaning inside a transaction."""
    driver = connection.connection.driver_connection
    if not isinstance(driver, sqlite3.Connection):
        raise TypeError("the store runs on SQLite")
    return driver


def _damaged(path: Path, what: object) -> StoreError:
    found = " ".join(str(what).split())  # SQLite's findings run over several lines
    return StoreError(
        f"The database {path} is damaged ({found}): restore it from a backup, or move it away to start with an empty "
        "one; it was left as it is."
    )


@contextmanager
def _failures(path: Path) -> Iterator[None]:
    """The one place where errors of files, SQLite and keys become sentences for people."""
    try:
        yield
    except SecretError as error:
        raise StoreError(str(error)) from error
    except OSError as error:
        raise StoreError(
            f"{path} cannot be used ({error.strerror or error}): check the disk's free space and the folder's owner "
            "and permissions."
        ) from error
    except IntegrityError:
        raise  # a rule of the schema was broken: whoever writes the row knows which, and names it
    except DBAPIError as error:
        if not isinstance(error.orig, sqlite3.Error):
            raise
        raise _sentence(path, error.orig) from error
    except sqlite3.Error as error:
        raise _sentence(path, error) from error


def _sentence(path: Path, error: sqlite3.Error) -> StoreError:
    name = getattr(error, "sqlite_errorname", "")
    if name == "SQLITE_FULL" or name.startswith("SQLITE_IOERR"):
        return StoreError(
            f"The disk with {path} is full or failing ({error}): free some space or replace the disk; what was stored "
            "before is safe."
        )
    if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
        return _damaged(path, error)
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return StoreError(f"The database in {path} is held by another program: close that one and try again.")
    if name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM", "SQLITE_AUTH")):
        return StoreError(f"{path} cannot be written ({error}): check the folder's owner and permissions.")
    return StoreError(f"The database in {path} refused a change ({error}): report this with the log.")
