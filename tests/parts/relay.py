"""What the relays of a native node did, from the file that it appends to with every write: the observer of pulses."""

import time
from dataclasses import dataclass
from pathlib import Path

from tests.parts.waiting import PATIENCE


@dataclass(frozen=True, slots=True)
class Pulse:
    """One opening of one relay. Unix time in seconds; ``closed_at`` is None while it lasts."""

    relay: int
    opened_at: float
    closed_at: float | None

    @property
    def seconds(self) -> float:
        """How long it lasted."""
        assert self.closed_at is not None, f"relay {self.relay} is still open"
        return self.closed_at - self.opened_at


class RelayLog:
    """Reads ``relay.log``: lines ``<unix time ns> <relay> <0|1>``. 1 is energised.

    A killed node writes nothing more, where a real relay would drop: its last pulse ends with its next start.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        self._read = 0
        self._writes: list[tuple[float, int, bool]] = []

    def writes(self) -> list[tuple[float, int, bool]]:
        """All writes so far: (Unix time in seconds, relay, energised)."""
        if self.file.exists():
            with self.file.open("rb") as log:  # only what is new: a soak looks at it many thousand times
                log.seek(self._read)
                content = log.read()
            content = content[: content.rfind(b"\n") + 1]
            self._read += len(content)
            fields = (line.split() for line in content.decode().splitlines())
            self._writes += [(int(at) / 1e9, int(relay), state == "1") for at, relay, state in fields]
        return self._writes

    def pulses(self, relay: int | None = None) -> list[Pulse]:
        """All openings of a fail-secure gate so far, oldest first; of one relay, or of all."""
        found: list[Pulse] = []
        open_since: dict[int, float] = {}
        for at, number, energised in self.writes():
            if energised:
                open_since.setdefault(number, at)
            elif number in open_since:
                found.append(Pulse(number, open_since.pop(number), at))
        found += [Pulse(number, at, None) for number, at in open_since.items()]
        return sorted((p for p in found if relay in (None, p.relay)), key=lambda p: p.opened_at)

    def is_open(self, relay: int) -> bool:
        """Whether the last write to this relay energised it."""
        states = [energised for _, number, energised in self.writes() if number == relay]
        return bool(states) and states[-1]

    def wait_for_pulses(self, count: int, timeout: float = PATIENCE, *, ended: bool = True) -> list[Pulse]:
        """Return all pulses as soon as there are ``count`` of them (and all of them ``ended``)."""
        deadline = time.monotonic() + timeout
        while True:
            pulses = self.pulses()
            if len(pulses) >= count and not (ended and any(p.closed_at is None for p in pulses)):
                return pulses
            if time.monotonic() > deadline:
                raise AssertionError(f"{len(pulses)} pulses instead of {count}: {pulses}")
            time.sleep(0.005)
