"""What can go wrong with the store; each text is one sentence that says what to do."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.exc import DBAPIError, IntegrityError

from facegate.adapters import sealing
from facegate.adapters.sealing import SecretError


class StoreError(Exception):
    """The store cannot be opened, read or written; nothing was changed."""


class InUseError(StoreError):
    """Another process has the data folder."""


class LockedError(StoreError):
    """The site key needs its passphrase, or was given another one."""


class NotFoundError(StoreError):
    """There is no such gate, camera, resident, consent, opening or token."""


class ExistsError(StoreError):
    """The id is taken, and what has it is not overwritten."""


class FullError(StoreError):
    """What was asked for does not fit; the text names the numbers."""


class LastOwnerError(StoreError):
    """Nobody would be left who may do everything."""


class ConsentError(StoreError):
    """No template without a consent that stands (PRIVACY P4)."""


@contextmanager
def failures(path: Path) -> Iterator[None]:
    """The one place where errors of files, SQLite and keys become sentences for people."""
    try:
        yield
    except sealing.LockedError as error:
        raise LockedError(str(error)) from error
    except SecretError as error:
        raise StoreError(str(error)) from error
    except OSError as error:
        raise StoreError(
            f"{path} cannot be used ({error.strerror or error}): check the disk's free space and the folder's owner "
            "and permissions."
        ) from error
    except UnicodeDecodeError as error:  # SQLite hands on bytes as text that are none
        raise damaged(path, error) from error
    except IntegrityError:
        raise  # a rule of the schema was broken: whoever writes the row knows which, and names it
    except DBAPIError as error:
        if not isinstance(error.orig, sqlite3.Error):
            raise
        raise _sentence(path, error.orig) from error
    except sqlite3.Error as error:
        raise _sentence(path, error) from error


def damaged(path: Path, what: object) -> StoreError:
    """What is said about a database file whose content is not sound."""
    found = " ".join(str(what).split())  # SQLite's findings run over several lines
    return StoreError(
        f"The database {path} is damaged ({found}): restore it from a backup, or move it away to start with an empty "
        "one; it was left as it is."
    )


def _sentence(path: Path, error: sqlite3.Error) -> StoreError:
    name = getattr(error, "sqlite_errorname", "")
    if name == "SQLITE_FULL" or name.startswith("SQLITE_IOERR"):
        return StoreError(
            f"The disk with {path} is full or failing ({error}): free some space or replace the disk; what was stored "
            "before is safe."
        )
    if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
        return damaged(path, error)
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return StoreError(f"The database in {path} is held by another program: close that one and try again.")
    if name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM", "SQLITE_AUTH")):
        return StoreError(f"{path} cannot be written ({error}): check the folder's owner and permissions.")
    return StoreError(f"The database in {path} refused a change ({error}): report this with the log.")
