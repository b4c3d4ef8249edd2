"""How often somebody may fail before they have to wait."""

from collections import OrderedDict, deque
from collections.abc import Callable

_MOST_PEERS = 1024  # remembered at once; a flood of addresses costs a bounded amount of memory


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
