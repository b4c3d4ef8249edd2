"""How often somebody may fail before they have to wait, and what counts once."""

import time
from collections import OrderedDict, deque
from collections.abc import Callable

_MOST_PEERS = 1024  # remembered at once; a flood of addresses costs a bounded amount of memory
_MOST_TAKEN = 1024  # remembered at once, for the same reason


class Failures:
    """Counts failures by peer in a sliding window; a success forgives nothing."""

    def __init__(self, most: int, window: float, clock: Callable[[], float]) -> None:
        self._most = most
        self._window = window
        self._clock = clock
        self._by_peer: OrderedDict[str, deque[float]] = OrderedDict()

    def wait(self, peer: str) -> float:
        """Return the seconds that ``peer`` has to wait, 0 if it may try."""
        times = self._recent(peer)
        return 0.0 if len(times) < self._most else times[0] + self._window - self._clock()

    def add(self, peer: str) -> None:
        """Record a failure of ``peer``."""
        self._recent(peer).append(self._clock())

    def _recent(self, peer: str) -> deque[float]:
        times = self._by_peer.setdefault(peer, deque(maxlen=self._most))
        self._by_peer.move_to_end(peer)
        while len(self._by_peer) > _MOST_PEERS:
            self._by_peer.popitem(last=False)
        oldest = self._clock() - self._window
        while times and times[0] <= oldest:
            times.popleft()
        return times


class Once:
    """What has been asked lately: each thing counts once, however often it arrives within ``seconds``.

    Ten seconds are longer than a press may be on its way, with a sender's clock that is wrong either way.
    """

    def __init__(self, seconds: float = 10.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._clock = clock
        self._taken: OrderedDict[str, float] = OrderedDict()

    def take(self, name: str) -> bool:
        """Whether this is new. While too many are remembered, nothing is."""
        now = self._clock()
        while self._taken and now - next(iter(self._taken.values())) > self._seconds:
            self._taken.popitem(last=False)
        if name in self._taken or len(self._taken) >= _MOST_TAKEN:
            return False
        self._taken[name] = now
        return True
