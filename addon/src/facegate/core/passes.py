"""QR passes: what a camera reads instead of a face.

Three kinds, told apart by their first letters. A *rotating* pass is on a phone: its code changes every
:data:`STEP_SECONDS`, as RFC 6238's does, and each code opens once, at one gate. A *fixed* pass is on paper: whoever
bears it may pass, so it is bounded by uses, time and passback, and revoked at once. A *share* is half of a strict
resident's key: with the server's half it opens their template for as long as it is shown, and opens no gate by itself.

All are written in letters that QR codes hold most densely (RFC 4648, base32): a rotating pass has 29 of them, which is
25×25 modules, and can be read from a phone at arm's length. A share has 64.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

STEP_SECONDS: Final = 15
REMEMBERED: Final = 240
"""Steps, an hour, for which a code that comes too late is told from one that never was."""
CODE_BYTES: Final = 10
"""80 bits: nobody guesses one within its fifteen seconds."""
ID_BYTES: Final = 5
SECRET_BYTES: Final = 32
BEARER_BYTES: Final = 16
SHARE_BYTES: Final = 32
TEXT_MAX: Final = 64

_CONTEXT: Final = b"facegate/1 pass\0"


class Kind(StrEnum):
    """What a code is; the letters that it begins with."""

    ROTATING = "FG1R"
    FIXED = "FG1F"
    SHARE = "FG1S"


_SECRET_BYTES: Final[Mapping[Kind, int]] = {
    Kind.ROTATING: CODE_BYTES,
    Kind.FIXED: BEARER_BYTES,
    Kind.SHARE: SHARE_BYTES,
}


@dataclass(frozen=True, slots=True)
class Code:
    """What was read. ``id``: the pass, in hex; ``secret``: this moment's code, the bearer's secret or the share."""

    kind: Kind
    id: str
    secret: bytes

    @property
    def text(self) -> str:
        """What stands in the QR code; raises ValueError for an id or a secret of the wrong length."""
        name = bytes.fromhex(self.id)
        if len(name) != ID_BYTES or len(self.secret) != _SECRET_BYTES[self.kind]:
            raise ValueError(f"a {self.kind.name.lower()} code has {_SECRET_BYTES[self.kind]} bytes")
        return self.kind + base64.b32encode(name + self.secret).decode().rstrip("=")


def read(text: str) -> Code | None:
    """The code in a QR text; ``None`` for whatever else people hold into cameras."""
    if len(text) > TEXT_MAX:
        return None
    for kind, secret_bytes in _SECRET_BYTES.items():
        if text.startswith(kind):
            content = _decoded(text.removeprefix(kind))
            if content is None or len(content) != ID_BYTES + secret_bytes:
                return None
            found = Code(kind, content[:ID_BYTES].hex(), content[ID_BYTES:])
            return found if found.text == text else None  # one code has one text
    return None


def step_at(unix: float) -> int:
    """The number of the step that a moment lies in."""
    return int(unix // STEP_SECONDS)


def code_at(secret: bytes, step: int) -> bytes:
    """The code of a rotating pass in one step: HMAC-SHA-256, cut to :data:`CODE_BYTES`."""
    return hmac.digest(secret, _CONTEXT + step.to_bytes(8, "big"), hashlib.sha256)[:CODE_BYTES]


def step_of(secret: bytes, code: bytes, unix: float) -> int | None:
    """The step that a code belongs to, this one or the last; ``None`` for a wrong code and for one whose time is over.

    The step before counts, too: a code that was shown just before its end must not fail in front of the camera. The
    phone follows the recognizer's clock, so one from the future is none.
    """
    now = step_at(unix)
    for step in (now, now - 1):
        if step >= 0 and hmac.compare_digest(code_at(secret, step), code):
            return step
    return None


def was_good(secret: bytes, code: bytes, unix: float) -> bool:
    """Whether a wrong code was a good one within the last :data:`REMEMBERED` steps: a photograph of it, perhaps."""
    now = step_at(unix)
    steps = range(max(0, now - REMEMBERED), max(0, now - 1))
    return any(hmac.compare_digest(code_at(secret, step), code) for step in steps)


def bearer_hash(secret: bytes) -> bytes:
    """What is kept of a fixed pass: it cannot be printed again from it. The secret is random, so one hash suffices."""
    return hashlib.sha256(_CONTEXT + secret).digest()


class Refused(StrEnum):
    """Why a pass is not good now."""

    UNKNOWN = "unknown"
    REVOKED = "revoked"
    NOT_YET = "not_yet"
    EXPIRED = "expired"
    USED_UP = "used_up"
    USED = "used"
    PASSBACK = "passback"
    NOT_THIS_GATE = "not_this_gate"


@dataclass(frozen=True, slots=True)
class Pass:
    """A pass as it is kept, without its secret.

    ``resident``: whose it is, or who vouches for a guest; empty where the house itself vouches. ``guest``: whether it
    lets in somebody else than that resident. ``gates`` empty means every gate of that resident.
    ``uses``: how many times it still opens, ``None`` without limit. ``passback``: seconds in which a fixed pass is not
    good again for the direction it was just used for, so that it is not handed back over the fence. ``used_at`` and
    ``direction``: the last use.
    """

    id: str
    kind: Kind
    resident: str
    gates: frozenset[str] = frozenset()
    label: str = ""
    valid_from: float | None = None
    valid_until: float | None = None
    uses: int | None = None
    passback: float = 0.0
    revoked_at: float | None = None
    used_at: float | None = None
    direction: str | None = None
    guest: bool = False
    created_at: float = 0.0


def refusal(bearer: Pass, gate: str, direction: str, unix: float) -> Refused | None:
    """Why this pass is not good at this gate now, or ``None``; who it belongs to is policy's question."""
    if bearer.revoked_at is not None:
        return Refused.REVOKED
    if bearer.gates and gate not in bearer.gates:
        return Refused.NOT_THIS_GATE
    if bearer.valid_from is not None and unix < bearer.valid_from:
        return Refused.NOT_YET
    if bearer.valid_until is not None and unix >= bearer.valid_until:
        return Refused.EXPIRED
    if bearer.uses is not None and bearer.uses <= 0:
        return Refused.USED_UP
    again = bearer.used_at is not None and bearer.direction == direction and unix < bearer.used_at + bearer.passback
    return Refused.PASSBACK if again else None


def _decoded(letters: str) -> bytes | None:
    try:
        return base64.b32decode(letters + "=" * (-len(letters) % 8))
    except binascii.Error:
        return None
