"""Names that last a day: whoever has a resident's key finds all of that resident's days, and nobody else two of them.

A pseudonym is HMAC-SHA-256 of the day under a key of the resident's own. Without that key two days are as unlike as two
strangers; with it each is found again, until the key is destroyed.
"""

import hashlib
import hmac
from collections.abc import Iterable
from typing import Final

DAY: Final = 86400.0
MINUTE: Final = 60.0
_DIGITS: Final = 16  # 64 bits: on one day no two residents of a house meet by chance


def day_of(at: float) -> int:
    """The day of a moment (Unix seconds), in UTC: it needs no time zone, and none can be changed afterwards."""
    return int(at // DAY)


def pseudonym(key: bytes, day: int) -> str:
    """What a resident with this key is called on this day: 16 hex digits."""
    own = hmac.digest(key, b"facegate/1 pseudonym", hashlib.sha256)
    return hmac.new(own, str(day).encode(), hashlib.sha256).hexdigest()[:_DIGITS]


def pseudonyms(key: bytes, since: float, until: float) -> Iterable[str]:
    """What a resident with this key is called on each day from ``since`` to ``until`` (Unix seconds)."""
    return (pseudonym(key, day) for day in range(day_of(since), day_of(until) + 1))


def to_the_minute(at: float | None) -> float | None:
    """A time that fits no other clock's record to the second any more."""
    return None if at is None else at // MINUTE * MINUTE
