"""The one-time code that pairs Home Assistant with this recognizer; it lives in memory and dies with the service."""

import hmac
import logging
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

LIFE: Final = 600.0  # seconds: long enough to walk from the log to the form, too short to guess in
TRIES: Final = 5
LENGTH: Final = 12  # symbols of 5 bits: 60 bits against 5 tries
_GROUP: Final = 4
_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no I, L, O or U, so that what is read aloud or from a screen cannot be mistaken."""
_MISREAD: Final = str.maketrans("ILO", "110")

_LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Offer:
    code: str
    made: float
    tries: int = TRIES


class Pairing:
    """Makes pairing codes; each is accepted at most once. For one thread, the event loop's."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._offer: _Offer | None = None

    def make_code(self) -> str:
        """Return a new code in groups of four; it replaces any older one."""
        code = "".join(secrets.choice(_ALPHABET) for _ in range(LENGTH))
        self._offer = _Offer(code, self._clock())
        return "-".join(code[i : i + _GROUP] for i in range(0, LENGTH, _GROUP))

    def accept(self, code: str) -> bool:
        """Whether ``code`` is the one that was made; whatever the answer, the code is used up or a try is gone."""
        offer, self._offer = self._offer, None
        if offer is None or self._clock() - offer.made >= LIFE:
            return False
        plain = "".join(code.split()).replace("-", "").upper().translate(_MISREAD)
        if hmac.compare_digest(plain.encode(), offer.code.encode()):
            return True
        if offer.tries > 1:
            self._offer = replace(offer, tries=offer.tries - 1)
        else:
            _LOGGER.warning("The pairing code is void after %d wrong tries: make a new one.", TRIES)
        return False
