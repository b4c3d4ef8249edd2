"""How wrong PINs are slowed down where the recognizer decides about them: as a node does it with its own list."""

from dataclasses import dataclass

from facegate.core.node_list import PIN_ATTEMPTS, PIN_LOCK_MAX_S, PIN_LOCK_S


@dataclass(frozen=True, slots=True)
class PinLock:
    """What is remembered of the wrong PINs at one gate. ``until``: running seconds up to which none is looked at."""

    wrong: int = 0
    locks: int = 0
    until: float = float("-inf")

    def locked(self, now: float) -> bool:
        """Whether PINs are not looked at now; cards always are."""
        return now < self.until

    def after_wrong(self, now: float) -> PinLock:
        """What is remembered after one more wrong PIN."""
        if self.wrong + 1 < PIN_ATTEMPTS:
            return PinLock(self.wrong + 1, self.locks, self.until)
        seconds = min(PIN_LOCK_S << min(self.locks, 8), PIN_LOCK_MAX_S)
        return PinLock(0, self.locks + 1, now + seconds)

    def after_right(self) -> PinLock:
        """What is remembered after a right one: nothing."""
        return PinLock()
