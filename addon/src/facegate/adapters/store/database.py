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

from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, event, insert, select, update

from facegate.adapters.crypto import KeyRing, Kind, SecretError
from facegate.adapters.store import backups, schema
from facegate.adapters.store.errors import InUseError, StoreError, damaged, failures
from facegate.adapters.store.migration import MIGRATIONS, copy, driver, known_revisions, migrate

_BUSY_SECONDS: Final = 5  # only a reader such as a backup tool can hold the file: the lock keeps FaceGate out
_KEY_CHECK: Final = "key check"


class Database:
    """One open data folder. The parts of the store build on :meth:`_read` and :meth:`_write`."""

    def __init__(
        self,
        data: Path,
        *,
        clock: Callable[[], float] = time.time,
        scripts: Path = MIGRATIONS,
        passphrase: str | None = None,
    ) -> None:
        """Open or make the database in ``data``; raises StoreError and leaves the file as it was."""
        self.data = data
        self._clock = clock
        self._lock = threading.RLock()
        with failures(data):
            data.mkdir(parents=True, exist_ok=True)
            self._lock_file = _take_lock(data / "facegate.lock")
        try:
            self.restored = backups.arrive(data, clock())
            with failures(data):
                self._path = data / "facegate.db"
                found = _found(self._path)
                self._keys = KeyRing(data / "keys", create=not found, passphrase=passphrase)
                if found:
                    _inspect(self._path, self._keys, scripts)
                else:
                    os.close(os.open(self._path, os.O_CREAT | os.O_WRONLY, 0o600))  # SQLite would ask the umask
                self._connection = _connect(self._path)
        except BaseException:
            os.close(self._lock_file)
            raise
        try:
            with failures(data):
                migrate(self._connection, self._path, scripts)
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
        with self._lock, failures(target):
            copy(self._connection, target)

    @contextmanager
    def _write(self) -> Iterator[Connection]:
        """One transaction: on the medium when the block ends, or not at all."""
        with self._lock, failures(self.data):
            self._refuse_closed()
            with self._connection.begin():
                yield self._connection

    @contextmanager
    def _read(self) -> Iterator[Connection]:
        """One consistent view."""
        with self._lock, failures(self.data):
            self._refuse_closed()
            with self._connection.begin():
                yield self._connection

    def _key(self, kind: Kind, name: str) -> bytes:
        with failures(self.data):
            return self._keys.key(kind, name)

    def _renewed_key(self, kind: Kind, name: str, key: bytes | None = None) -> bytes:
        with self._lock, failures(self.data):
            return self._keys.renew(kind, name, key)

    @contextmanager
    def _new_key(self, kind: Kind, name: str) -> Iterator[bytes]:
        """A new key for the row that the block writes: kept when the block succeeds, gone when it does not."""
        with self._lock, failures(self.data):
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
        with self._lock, failures(self.data):
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
        with self._lock, failures(self.data):
            driver(self._connection).execute("PRAGMA wal_checkpoint(TRUNCATE)")

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
    try:
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def _found(path: Path) -> bool:
    """Whether there is a database that holds anything; a crash right after the first start leaves empty files."""
    return any(file.exists() and file.stat().st_size > 0 for file in (path, path.with_name(path.name + "-wal")))


def _inspect(path: Path, keys: KeyRing, scripts: Path) -> None:
    """Refuse a database that is damaged, newer than this program or of another site, without writing to it."""
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=_BUSY_SECONDS)) as connection:
        verdict = connection.execute("PRAGMA quick_check(1)").fetchone()
        if verdict != ("ok",):
            raise damaged(path, verdict[0])
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if "alembic_version" not in tables:
            if tables:
                raise StoreError(f"{path} is not a database of FaceGate: move it away or name another data folder.")
            return
        known = known_revisions(scripts)
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
        URL.create("sqlite", database=str(path)),
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
            "temp_store = MEMORY",  # what is sorted stays out of the system's temporary folder
            "trusted_schema = OFF",  # a tampered file cannot smuggle in functions
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
