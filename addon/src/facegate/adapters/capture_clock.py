"""When a frame was captured: the stream's own time, checked against this machine's clock."""

DRIFT = 0.0005
"""How far a camera's clock may stray, in seconds a second; crystals stay within a fifth of it."""


class CaptureClock:
    """Maps stream time to the monotonic clock through the quickest delivery seen.

    No frame arrives before it was captured, so the smallest difference between arrival and stream time is the best
    guess of the offset between the clocks; a frame that the network or the decoder held up keeps its true age. The
    offset grows by no more than :data:`DRIFT`: a delay can never pass for a slow clock and make old frames look new.

    ``live``: frames come as they are captured. The first ones do not: they come in a rush out of the buffers that
    filled while the connection was made, and until the rush is over nobody knows how old they are.
    """

    __slots__ = ("_arrival", "_offset", "_stream_time", "live")

    def __init__(self) -> None:
        self._offset: float | None = None
        self._arrival = 0.0
        self._stream_time = 0.0
        self.live = False

    def captured_at(self, stream_time: float, arrival: float) -> float:
        """Monotonic seconds of capture, never later than ``arrival``."""
        offset = arrival - stream_time
        if self._offset is not None:
            waited = max(0.0, arrival - self._arrival)
            self.live = self.live or waited >= (stream_time - self._stream_time) / 2
            offset = min(offset, self._offset + waited * DRIFT)
        self._offset, self._arrival, self._stream_time = offset, arrival, stream_time
        return stream_time + offset
