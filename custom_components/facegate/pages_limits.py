"""How often and how much at once strangers on the internet may ask, each of them and all together."""

import ipaddress
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

IPV6_NET: Final = 64  # what one household is given: counting single addresses there would count nothing
REMEMBERED: Final = 1024
"""Visitors; a flood of addresses costs a bounded amount of memory, and meets the limit for all."""


@dataclass(frozen=True, slots=True)
class Limit:
    """``at_once``: requests under way; ``burst``: as many in one go, and ``a_minute`` over time."""

    at_once: int
    burst: int
    a_minute: int


EACH: Final = Limit(at_once=16, burst=200, a_minute=600)
"""An enrolment sends some 150 pictures a minute, and several residents may have the address of one router."""
ALL: Final = Limit(at_once=48, burst=600, a_minute=2400)
"""What Home Assistant spares for all of them: measured in docs/home-assistant/residents-pages.md."""


@dataclass(slots=True)
class _Bucket:
    """A visitor's allowance, as it stood at a moment."""

    left: float
    at: float


class Limits:
    """Belongs to the event loop."""

    def __init__(self, each: Limit = EACH, everybody: Limit = ALL, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin with nobody there."""
        self._each = each
        self._everybody = everybody
        self._clock = clock
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()
        self._all = _Bucket(everybody.burst, clock())
        self._inside: Counter[str] = Counter()

    def wait(self, visitor: str) -> float:
        """Count a request and return 0, or return the seconds that its visitor has to wait."""
        now = self._clock()
        mine = self._buckets.setdefault(visitor, _Bucket(self._each.burst, now))
        self._buckets.move_to_end(visitor)
        while len(self._buckets) > REMEMBERED:
            self._buckets.popitem(last=False)
        _fill(mine, self._each, now)
        _fill(self._all, self._everybody, now)
        if self._inside[visitor] >= self._each.at_once or self._inside.total() >= self._everybody.at_once:
            return 1.0
        wait = max(_until(mine, self._each), _until(self._all, self._everybody))
        if not wait:
            mine.left -= 1
            self._all.left -= 1
        return wait

    @contextmanager
    def inside(self, visitor: str) -> Iterator[None]:
        """Count a request as under way."""
        self._inside[visitor] += 1
        try:
            yield
        finally:
            self._inside[visitor] -= 1
            if not self._inside[visitor]:
                del self._inside[visitor]


def visitor(address: str) -> str:
    """Return by what a browser's requests are counted; raises ValueError for what is no address."""
    known = ipaddress.ip_address(address)
    if isinstance(known, ipaddress.IPv6Address) and known.ipv4_mapped is None:
        return str(ipaddress.IPv6Network((int(known), IPV6_NET), strict=False))
    return str(known)


def _fill(bucket: _Bucket, limit: Limit, now: float) -> None:
    bucket.left = min(limit.burst, bucket.left + (now - bucket.at) * limit.a_minute / 60)
    bucket.at = now


def _until(bucket: _Bucket, limit: Limit) -> float:
    return 0.0 if bucket.left >= 1 else (1 - bucket.left) * 60 / limit.a_minute
