"""What somebody is given when they are erased: what was destroyed, when and why, signed, and what it cannot promise.

It names nobody: the random id means nothing once the key is gone. Whoever is given one checks its signature with the
public key in it, which is the one that signs checkpoints of the trail, too.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Self

from facegate.core.leaving import Cause
from facegate.core.trail import canonical

LIMITS: Final = ("copies", "recovery", "flash", "records", "elsewhere")
"""What no erasure here can reach; each is a translation key."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """What was destroyed. ``asked_at``, ``at``: whole Unix seconds.

    ``keys``: SHA-256 (hex) of each destroyed key by its kind, so that a copy of one that turns up somewhere can be told
    to be that. ``rows``: how many records went, by their kind. ``limits``: what this does not reach.
    """

    installation: str
    resident: str
    cause: Cause
    asked_at: int
    at: int
    keys: Mapping[str, str] = field(default_factory=dict)
    rows: Mapping[str, int] = field(default_factory=dict)
    limits: tuple[str, ...] = LIMITS
    key: bytes = b""
    signature: bytes = b""

    @property
    def statement(self) -> bytes:
        """The very bytes that are signed: a word for what this is, and one line of JSON."""
        return b"facegate-deletion/1 " + canonical(self._content())

    def written(self) -> dict[str, Any]:
        """As plain values, to keep and to send."""
        return {**self._content(), "key": self.key.hex(), "signature": self.signature.hex()}

    @classmethod
    def read(cls, written: Mapping[str, Any]) -> Self:
        """What :meth:`written` gave; raises ValueError, KeyError or TypeError for anything else."""
        return cls(
            str(written["installation"]),
            str(written["resident"]),
            Cause(written["cause"]),
            int(written["asked_at"]),
            int(written["at"]),
            {str(kind): str(found) for kind, found in dict(written["keys"]).items()},
            {str(kind): int(count) for kind, count in dict(written["rows"]).items()},
            tuple(str(limit) for limit in written["limits"]),
            bytes.fromhex(written["key"]),
            bytes.fromhex(written["signature"]),
        )

    def _content(self) -> dict[str, Any]:
        return {
            "installation": self.installation,
            "resident": self.resident,
            "cause": str(self.cause),
            "asked_at": self.asked_at,
            "at": self.at,
            "keys": dict(self.keys),
            "rows": dict(self.rows),
            "limits": list(self.limits),
        }


def fingerprint(key: bytes) -> str:
    """What a certificate says of a destroyed key: 256 random bits cannot be found out from it."""
    return hashlib.sha256(b"facegate/1 destroyed\0" + key).hexdigest()
