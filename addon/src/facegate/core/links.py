"""Links that residents hold: to enrol, and to their own page. Whoever has the secret is taken for the resident.

The secret stands behind the '#' of an address, which browsers keep to themselves: no server's log, proxy or preview
of a messenger learns it. Of a secret only the digest is kept; with 256 random bits it needs no salt and no stretching.
"""

import base64
import binascii
import hashlib
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

SECRET_BYTES: Final = 32
INVITATION_SECONDS: Final = 72 * 3600.0
SESSION_SECONDS: Final = {"invitation": 2 * 3600.0, "personal": 90 * 86400.0}
"""How long a browser stays let in: an enrolment at one go; a personal page as long as it is looked at every season."""
_PATHS: Final = {"invitation": "begin", "personal": "open"}


class LinkKind(StrEnum):
    """An invitation is good for one enrolment, a personal link for its resident's page until it is revoked."""

    INVITATION = "invitation"
    PERSONAL = "personal"

    @property
    def seconds(self) -> float | None:
        """How long it is good for; ``None``: until it is revoked."""
        return INVITATION_SECONDS if self is LinkKind.INVITATION else None

    @property
    def session_seconds(self) -> float:
        """How long a browser that has opened it stays let in without coming by."""
        return SESSION_SECONDS[self]

    @property
    def path(self) -> str:
        """The page that a link of this kind opens."""
        return _PATHS[self]


class LinkState(StrEnum):
    """How a link stands; only an open one lets anybody in."""

    OPEN = "open"
    USED = "used"
    EXPIRED = "expired"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class Link:
    """What is kept of a link, but for its digest. ``used_at``: when it was last opened. Times are Unix seconds."""

    id: str
    resident: str
    kind: LinkKind
    created_at: float
    expires_at: float | None = None
    used_at: float | None = None
    revoked_at: float | None = None

    def state(self, now: float) -> LinkState:
        """How it stands at ``now``."""
        if self.revoked_at is not None:
            return LinkState.REVOKED
        if self.kind is LinkKind.INVITATION and self.used_at is not None:
            return LinkState.USED
        if self.expires_at is not None and now >= self.expires_at:
            return LinkState.EXPIRED
        return LinkState.OPEN


def written(secret: bytes) -> str:
    """A secret as it stands in an address."""
    if len(secret) != SECRET_BYTES:
        raise ValueError(f"the secret of a link has {SECRET_BYTES} bytes")
    return base64.urlsafe_b64encode(secret).rstrip(b"=").decode("ascii")


def digest(secret: str) -> bytes | None:
    """What is kept of a secret; ``None`` for anything that is not written as one."""
    try:
        content = base64.b64decode(secret + "=", altchars=b"-_", validate=True)
    except binascii.Error, ValueError:
        return None
    if len(content) != SECRET_BYTES or written(content) != secret:
        return None
    return hashlib.sha256(b"facegate/1 link\0" + content).digest()
