"""A backup while FaceGate runs: one consistent copy of the database and of the keys that may travel with it.

::

    facegate backup prepare   data/backup/   the copy, with complete.json written last; whoever makes backups copies it
                              data/run/backup   the mark: this folder is where the copy was made; it never travels
    facegate backup finish    both are gone again

A start that finds a copy and the mark has been killed in between: the database beside it is newer, and the copy goes. A
start that finds another copy than the marked one, or no mark, stands in what somebody has restored: the copy takes the
place of the database and keys beside it, which are older or were taken while they were being written.

The keys of residents and faces are in no copy: an old backup must not bring back whom somebody has erased since.
"""

import fcntl
import hashlib
import json
import logging
import math
import os
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Final

from facegate.adapters import disk, key_files
from facegate.adapters.crypto import Kind
from facegate.adapters.store.errors import StoreError, failures

FOLDER: Final = "backup"
UNFINISHED: Final = "backup.new"
MARK: Final = "run/backup"
STAY_HERE: Final = (Kind.RESIDENTS, Kind.FACES)
"""Keys that are in no backup."""

_DATABASE: Final = "facegate.db"
_COMPLETE: Final = "complete.json"
_KEYS: Final = "keys"
_ATTEMPTS: Final = 50  # keys change a few times a year; a change of all of them takes a second
_PAUSE: Final = 0.1
_MADE: Final = "run/backup.made"
"""Another name of the last file of the copy that was made here. A copy of the copy is another file, and no change of
owners or times makes it the same one."""
_LATER: Final = 100_000
"""Starts that a restored recognizer counts as made since, so that nobody takes its messages for repeated ones."""

_LOG = logging.getLogger(__name__)

type _Look = dict[Path, tuple[int, int, int]]


def prepare(data: Path, clock: float) -> bool:
    """Make the copy, whether or not FaceGate runs on ``data``; ``False``: there is nothing yet. Raises StoreError.

    Nobody waits for it: openings go on while it is made. ``clock``: Unix seconds.
    """
    if not (data / _DATABASE).exists():
        return False
    with failures(data):
        if _is_restored(data):
            raise StoreError(f"A restored backup waits in {data / FOLDER}: start FaceGate, which begins with it.")
    with failures(data), _alone(data):
        _remove_copies(data)
        try:
            _require_room(data)
            _copy(data, clock)
        except BaseException:  # nobody would come back for it
            _remove_copies(data)
            (data / MARK).unlink()
            raise
    return True


def finish(data: Path, before: float = math.inf) -> None:
    """Remove the copy that was made here, or one that was begun before ``before`` (Unix seconds). Raises StoreError."""
    with failures(data):
        if (data / MARK).exists() and (data / MARK).stat().st_mtime < before:
            with _alone(data):
                if not _is_restored(data):
                    _remove_copies(data)
                (data / MARK).unlink()
                (data / _MADE).unlink(missing_ok=True)


def arrive(data: Path, now: float) -> float | None:
    """Before the database is opened: put a restored copy in its place, and return when it was made (Unix seconds).

    ``now``: Unix seconds. Belongs to whoever holds the folder's lock. May be killed at any moment: the next start does
    it again. Raises StoreError for a copy that is not whole.
    """
    copy = data / FOLDER
    with failures(data):
        if (data / MARK).exists() and (copy / _COMPLETE).exists() and not _is_restored(data):
            _LOG.warning(
                "%s was made here for a backup and is removed. If you have just restored it, stop FaceGate and restore "
                "it again.",
                copy,
            )
        finish(data)
        if not copy.is_dir():
            _remove_copies(data)  # one that was never done
            return None
        made_at, names = _checked(copy)
        known = _starts(data / _DATABASE)
        for name in (f"{_DATABASE}-wal", f"{_DATABASE}-shm"):  # they belong to the database that goes
            (data / name).unlink(missing_ok=True)
        for path in _travelling(data):
            if str(path.relative_to(data)) not in names:
                path.unlink()
        for name in names:
            path = data / name
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            arriving = path.with_name(path.name + key_files.UNFINISHED)
            shutil.copyfile(copy / name, arriving)
            arriving.chmod(0o600)
            if name == _DATABASE:
                _count_on(arriving, max(known, int(now)))
            _sync(arriving)
            arriving.replace(path)
            key_files.sync_folder(path.parent)
        shutil.rmtree(copy)
        return made_at


def _copy(data: Path, clock: float) -> None:
    new = data / UNFINISHED
    new.mkdir(mode=0o700)
    with closing(_reading(data / _DATABASE)) as source:
        keys = _keys_of_one_moment(data, source)
        os.close(os.open(new / _DATABASE, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        with closing(sqlite3.connect(new / _DATABASE)) as target:
            source.backup(target)  # of the moment that the reading began with, whatever is written meanwhile
    for name, content in keys.items():
        path = new / _KEYS / name
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        key_files.write_new(path, content)
    _sync(new / _DATABASE)
    files = {str(path.relative_to(new)): _digest(path) for path in sorted(new.rglob("*")) if path.is_file()}
    key_files.write_new(new / _COMPLETE, json.dumps({"made_at": clock, "files": files}, indent=1).encode())
    new.rename(data / FOLDER)
    key_files.sync_folder(data)
    with suppress(OSError):  # not every file system knows two names of one file; then all copies are of here
        os.link(data / FOLDER / _COMPLETE, data / _MADE)
        key_files.sync_folder((data / _MADE).parent)


def _require_room(data: Path) -> None:
    free, size = disk.room(data)
    if free < size + disk.LEAST_FREE:
        raise StoreError(
            f"A backup needs {(size + disk.LEAST_FREE) / 1e9:.1f} GB and {free / 1e9:.1f} GB are free where {data} "
            "lies: free some space. Openings are recorded there before they happen."
        )


def _is_restored(data: Path) -> bool:
    """Whether a complete copy lies here that was not made here."""
    complete, made = data / FOLDER / _COMPLETE, data / _MADE
    if not complete.exists():
        return False
    return not (data / MARK).exists() or (made.exists() and not complete.samefile(made))


def _keys_of_one_moment(data: Path, source: sqlite3.Connection) -> dict[str, bytes]:
    """Begin to read the database, and return the keys as they were at that very moment.

    Another process may write both. The reading keeps its moment by itself; for the keys, no file of theirs may change
    from before that moment until they are read.
    """
    for _ in range(_ATTEMPTS):
        before = _look(data)
        source.execute("BEGIN")
        source.execute("SELECT count(*) FROM sqlite_master").fetchone()
        try:
            keys = {str(path.relative_to(data / _KEYS)): path.read_bytes() for path in before}
        except FileNotFoundError:
            keys = {}
        if keys and _look(data) == before:
            return keys
        source.execute("ROLLBACK")
        time.sleep(_PAUSE)
    raise StoreError(f"The keys in {data / _KEYS} are being changed: try again when that is done.")


def _look(data: Path) -> _Look:
    found = {}
    for path in _travelling(data):
        with_state = path.stat()
        found[path] = (with_state.st_ino, with_state.st_mtime_ns, with_state.st_size)
    return found


def _travelling(data: Path) -> list[Path]:
    """The key files that may be in a backup; a file whose writing was cut short is none."""
    keys = data / _KEYS
    return [
        path
        for path in sorted(keys.rglob("*"))
        if path.is_file() and path.suffix != key_files.UNFINISHED and path.relative_to(keys).parts[0] not in STAY_HERE
    ]


def _checked(copy: Path) -> tuple[float, list[str]]:
    """When the copy was made, and its files; the database comes last, so that its keys are there before it."""
    try:
        content = json.loads((copy / _COMPLETE).read_text(encoding="utf-8"))
        files, made_at = dict(content["files"]), float(content["made_at"])
        whole = all(_digest(copy / name) == digest for name, digest in files.items()) and _DATABASE in files
    except OSError, ValueError, KeyError, TypeError:
        whole = False
    if not whole or any(Path(name).is_absolute() or ".." in Path(name).parts for name in files):
        raise StoreError(
            f"The backup that was restored into {copy} is not whole: restore another one, or delete that folder to go "
            "on with the database as it lies beside it."
        )
    return made_at, sorted(files, key=lambda name: (name == _DATABASE, name))


def _starts(database: Path) -> int:
    """The starts that a database has counted, which may be no whole one; 0 if that cannot be read."""
    try:
        with closing(sqlite3.connect(database)) as connection:
            counted: int = connection.execute("SELECT boot FROM installation").fetchone()[0]
            return counted
    except sqlite3.Error, TypeError:
        return 0


def _count_on(database: Path, known: int) -> None:
    """Count further than any start may have been counted: a start takes longer than a second of the clock."""
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("UPDATE installation SET boot = max(boot, ?) + ?", (known, _LATER))


def _reading(database: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)


def _remove_copies(data: Path) -> None:
    (data / _MADE).unlink(missing_ok=True)  # first, or the next copy would be another one than it tells of
    for name in (UNFINISHED, FOLDER):
        if (data / name).exists():
            shutil.rmtree(data / name)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


@contextmanager
def _alone(data: Path) -> Iterator[None]:
    """Set the mark, and let nobody else prepare or finish at the same time."""
    mark = data / MARK
    mark.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    while True:
        descriptor = os.open(mark, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if os.fstat(descriptor).st_nlink == 0:  # whoever was waited for has removed it
                continue
            os.utime(descriptor)
            os.fsync(descriptor)
            key_files.sync_folder(mark.parent)
            yield
            return
        finally:
            os.close(descriptor)
