"""When a frame was captured: the stream's own time, checked against this machine's clock and the camera's."""

DRIFT = 0.0005
"""How far a camera's clock may stray, in seconds a second; crystals stay within a fifth of it."""
SET = 60.0
"""Seconds by which no stream is late: a camera whose clock is further off than it was has set its clock."""
STEP = 0.25
"""Seconds by which the camera's clock and its stream move apart only when the clock was set."""
SLACK = 0.3
"""Seconds by which a report of the camera's clock may be wrong: many take its time beside that of some other frame."""
FORGET = 60.0
"""Seconds without a picture after which a camera may have been restarted, and its clock be another."""


class CaptureClock:
    """Maps stream time to the monotonic clock through the quickest delivery seen; one for each camera.

    No frame arrives before it was captured, so the smallest difference between arrival and stream time is the best
    guess of the offset between the clocks; a frame that the network or the decoder held up keeps its true age. The
    offset grows by no more than :data:`DRIFT`: a delay can never pass for a slow clock and make old frames look new.

    Stream time begins anew with each connection, so it cannot tell when a whole connection is late by the same time.
    The camera's own clock can, where it is told (RTCP sender reports, RFC 3550, 6.4.1): its distance from ours is
    remembered over connections. Nobody needs to have set it right: only that it runs on.

    ``live``: frames come as they are captured. The first ones do not: they come in a rush out of the buffers that
    filled while the connection was made, and until the rush is over nobody knows how old they are. After a connection
    that was late, the camera's own clock has to say that the new one is not, where it is known to tell the time.
    """

    __slots__ = ("_arrival", "_doubted", "_epoch", "_heard", "_least", "_offset", "_rushing", "_stream_time")

    def __init__(self) -> None:
        self._least: float | None = None  # our clock minus the camera's, plus the quickest delivery
        self._heard = 0.0
        self._doubted = False
        self.connect()

    def connect(self) -> None:
        """Begin with a new connection."""
        self._offset: float | None = None
        self._epoch: float | None = None
        self._arrival = 0.0
        self._stream_time = 0.0
        self._rushing = True

    def late(self) -> None:
        """The connection was late: trust the next one only if the camera's clock bears it out."""
        self._doubted = True

    @property
    def live(self) -> bool:
        """Whether the age of the frames is known."""
        return not self._rushing and not (self._doubted and self._least is not None)

    def captured_at(self, stream_time: float, arrival: float, sent: float | None = None) -> float:
        """Monotonic seconds of capture, never later than ``arrival``.

        ``sent``: the same moment as ``stream_time`` by the camera's own clock, in seconds, where it has told it.
        """
        offset = arrival - stream_time
        if self._offset is not None:
            waited = max(0.0, arrival - self._arrival)
            self._rushing = self._rushing and waited < (stream_time - self._stream_time) / 2
            offset = min(offset, self._offset + waited * DRIFT)
        self._offset, self._arrival, self._stream_time = offset, arrival, stream_time
        age = 0.0
        if sent is None:
            if self._least is not None and arrival - self._heard > FORGET:
                self._least = None
        else:
            age = self._age(stream_time, arrival, sent)
        return min(stream_time + offset, arrival - age)

    def _age(self, stream_time: float, arrival: float, sent: float) -> float:
        """Seconds by which the frame is older than the quickest of this camera was, by the camera's clock."""
        distance, epoch = arrival - sent, sent - stream_time
        known = self._least is not None and arrival - self._heard <= FORGET
        if self._least is None or not known or abs(distance - self._least) > SET:
            self._least = distance
        elif self._epoch is not None and abs(epoch - self._epoch) > STEP:
            self._least -= epoch - self._epoch
        self._least = min(distance, self._least + max(0.0, arrival - self._heard) * DRIFT)
        self._epoch, self._heard, self._doubted = epoch, arrival, False
        return max(0.0, distance - self._least - SLACK)
