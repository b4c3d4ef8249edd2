"""What a camera is doing and why, in words for people; and how its address may be shown."""

import math
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit


class Condition(StrEnum):
    """Whether pictures come: ``ok``, connected but ``silent``, or ``off`` without a connection."""

    OK = "ok"
    SILENT = "silent"
    OFF = "off"


class Fault(StrEnum):
    """Why no pictures come; each is a translation key wherever a person sees it."""

    CONNECTING = "connecting"
    CREDENTIALS = "credentials"
    UNREACHABLE = "unreachable"
    NO_STREAM = "no_stream"
    NOT_VIDEO = "not_video"
    CODEC = "codec"
    ADDRESS = "address"
    FILE = "file"
    LOST = "lost"
    FROZEN = "frozen"
    LATE = "late"
    ENDED = "ended"
    CLOSED = "closed"


SENTENCES = {
    Fault.CONNECTING: "The camera is being connected.",
    Fault.CREDENTIALS: "The camera refuses the user name or password: correct them in the camera's address.",
    Fault.UNREACHABLE: "The camera cannot be reached: check its power, its network and the address and port given.",
    Fault.NO_STREAM: "The camera has no stream of that name: take the stream's path from the camera's own manual.",
    Fault.NOT_VIDEO: "What is found there is not a video: check the camera's address, or the file.",
    Fault.CODEC: "The video's format cannot be decoded: set the camera to H.264.",
    Fault.ADDRESS: "The camera's address cannot be used: give rtsp://…, rtsps://…, http://…, https://… or a file.",
    Fault.FILE: "The video file cannot be read: check its path and permissions.",
    Fault.LOST: "The camera has ended the connection; it is being connected again.",
    Fault.FROZEN: "The camera is connected but sends no new picture; it is being connected again.",
    Fault.LATE: "The camera's pictures arrive too late to decide on: check the network; it is being connected again.",
    Fault.ENDED: "The video has ended.",
    Fault.CLOSED: "The camera has been switched off here.",
}
_CONNECTED = frozenset({Fault.FROZEN, Fault.LATE})


class CameraError(Exception):
    """Why pictures cannot be had; the text is one sentence that says what to do and never holds the address."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(SENTENCES[fault])
        self.fault = fault


@dataclass(frozen=True, slots=True)
class CameraState:
    """How a camera is; ``reason`` is ``None`` exactly when all is well."""

    condition: Condition
    reason: Fault | None = None

    @classmethod
    def of(cls, fault: Fault | None) -> CameraState:
        """The state that a fault means."""
        if fault is None:
            return cls(Condition.OK)
        return cls(Condition.SILENT if fault in _CONNECTED else Condition.OFF, fault)

    @property
    def text(self) -> str:
        """One sentence for people."""
        return "The camera works." if self.reason is None else SENTENCES[self.reason]


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a camera may take, in seconds.

    ``silence``: without any picture. ``stillness``: with the same picture again and again; a sensor's noise makes
    two pictures differ even at night, so an unchanging one is a hung encoder, but strong compression can hide the
    noise for some seconds. ``lag``: from capture to arrival. Attempts to connect wait from ``first_wait``, doubling,
    to ``longest_wait``.
    """

    connecting: float = 8.0
    silence: float = 3.0
    stillness: float = 10.0
    lag: float = 3.0
    first_wait: float = 0.5
    longest_wait: float = 30.0

    def wait(self, attempt: int, fault: Fault) -> float:
        """How long to wait after the ``attempt``-th failure in a row, counted from 0."""
        if fault is Fault.CREDENTIALS:
            return self.longest_wait  # many cameras lock an account after a few wrong passwords
        return min(self.longest_wait, math.ldexp(self.first_wait, min(attempt, 16)))


def names_a_host(source: str) -> bool:
    """Whether a network address has a host, and a port that there can be, if any."""
    try:
        parts = urlsplit(source)
        host, port = parts.hostname, parts.port
    except ValueError:
        return False
    return host is not None and not any(map(str.isspace, host)) and port != 0


def redact(source: str) -> str:
    """Return what may be shown of a camera's address: kind, host and port, or the path of a file.

    Cameras take credentials before the host, in the query and even in the path, so none of these is ever shown.
    """
    kind, separator, rest = source.partition("://")
    if not separator:
        return "…" if "@" in source else source  # rather a mistyped address with credentials than a file
    kind = kind.lower()
    if kind == "file":
        return rest
    if not kind.isalnum():
        return "…"
    authority, slash, beyond = rest.partition("/")
    # Where a password was not escaped, what looks like the host may be a part of it.
    doubtful = "@" in beyond or authority.count("@") > 1 or "?" in authority or "#" in authority
    if kind == "demo" or doubtful or not names_a_host(f"//{authority}"):
        return f"{kind}://…"
    parts = urlsplit(f"//{authority}")
    host, port = parts.hostname or "", parts.port
    shown = f"[{host}]" if ":" in host else host
    return f"{kind}://{shown}{f':{port}' if port else ''}{'/…' if slash else ''}"
