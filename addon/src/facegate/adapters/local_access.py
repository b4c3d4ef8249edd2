"""How a command on the same machine reaches the running service: a file beside the data that only its owner reads.

The service holds the data folder for itself, so commands such as ``facegate enroll`` ask it instead of opening the
store a second time.
"""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class LocalAccess:
    """Where the running service answers on this machine, and the token that it made for this run."""

    url: str
    token: str


def _path(data: Path) -> Path:
    return data / "run" / "local.json"


def offer(data: Path, access: LocalAccess) -> None:
    """Write the file, readable by its owner alone; the token is worthless once the service has ended."""
    path = _path(data)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(asdict(access), file)


def withdraw(data: Path) -> None:
    """Remove the file."""
    _path(data).unlink(missing_ok=True)


def find(data: Path) -> LocalAccess | None:
    """Return how to reach the service that runs on ``data``, or ``None`` when none has offered itself."""
    try:
        return LocalAccess(**json.loads(_path(data).read_text(encoding="utf-8")))
    except FileNotFoundError, ValueError, TypeError:
        return None
