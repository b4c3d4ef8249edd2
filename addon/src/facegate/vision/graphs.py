"""Graphs on disk that were prepared once: a start then takes a tenth of a second, and half of the memory.

A file is named after what it was made from and with, and after its own SHA-256: one that was cut short or damaged does
not bear its name rightly and is made anew, and one of another version is never found. Published models are checked
before this is asked (``zoo``), so whoever exchanges a model gets no older graph.
"""

import hashlib
import os
import platform
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import BinaryIO

_CHIP = ("model name", "flags", "Features", "CPU part")
"""What /proc/cpuinfo says of a processor that decides which instructions a graph is laid out for."""


class Graphs:
    """Prepared graphs in one folder, which is made when the first is kept.

    Args:
        folder: where they lie.
        made_with: whatever decides what a graph becomes: versions and the execution provider.
    """

    def __init__(self, folder: Path, *made_with: str) -> None:
        self._folder = folder
        self._made_with = (*made_with, platform.machine(), chip(), _recipe())

    def name(self, model: str, published: bytes) -> str:
        """The name under which the graph of a published model is kept, as far as it is known beforehand."""
        key = hashlib.sha256(hashlib.sha256(published).digest())
        for part in self._made_with:
            key.update(b"\0" + part.encode())
        return f"{model}-{key.hexdigest()[:16]}"

    @contextmanager
    def found(self, name: str) -> Iterator[BinaryIO | None]:
        """The kept graph, open and verified, or ``None``. What is open here is what was verified, whoever writes."""
        for path in sorted(self._folder.glob(f"{name}-*.onnx")):
            try:
                file = path.open("rb")
            except OSError:
                continue
            with file:
                if hashlib.file_digest(file, "sha256").hexdigest() == path.stem.rpartition("-")[2]:
                    file.seek(0)
                    yield file
                    return
            self._forget(path)
        yield None

    def keep(self, name: str, write: Callable[[Path], None]) -> bool:
        """Keep what ``write`` writes to the path it is given, instead of all else of this model; false without room.

        Whatever ``write`` raises passes.
        """
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            handle, made = tempfile.mkstemp(prefix=".making-", suffix=".onnx", dir=self._folder)
            os.close(handle)
        except OSError:
            return False
        path = Path(made)
        try:
            write(path)
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            kept = path.replace(self._folder / f"{name}-{digest}.onnx")
        except OSError:
            return False
        finally:
            self._forget(path)
        for other in self._folder.glob(f"{name.rpartition('-')[0]}-*.onnx"):
            if other != kept:
                self._forget(other)
        return True

    def forget(self, name: str) -> None:
        """Let go of a graph that is of no use after all."""
        for path in self._folder.glob(f"{name}-*.onnx"):
            self._forget(path)

    @staticmethod
    def _forget(path: Path) -> None:
        with suppress(OSError):  # whatever cannot be removed is never found again: a file of the right name replaces it
            path.unlink(missing_ok=True)


@cache
def chip() -> str:
    """Which instructions this processor has: a graph is laid out for them, and may be carried to another machine."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").split("\n\n", 1)[0].splitlines()
    except OSError:
        return platform.processor()
    return "\n".join(line for line in lines if line.partition(":")[0].strip() in _CHIP)


@cache
def _recipe() -> str:
    """The program that prepares graphs: when it changes, they are prepared anew."""
    return hashlib.sha256(Path(__file__).with_name("prepare.py").read_bytes()).hexdigest()
