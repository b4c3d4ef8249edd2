"""Which messages of the recognizer are believed; pure, so that every rule can be tested by itself.

The broker is not trusted: whoever may publish there can forge, keep, repeat and delay messages, never sign one.
"""

from .messages import MAX_AGE_MS, GateEvent, GateState, MessageError

type Position = tuple[int, int]
"""(boot, seq) of the last believed message of one kind."""

EVENT = "event"


class Verifier:
    """Remembers how far each kind of message has come; a refusal raises MessageError with its reason."""

    def __init__(self, site: str, key: bytes, positions: dict[str, Position]) -> None:
        self._site = site
        self._key = key
        self.positions = positions

    def event(self, payload: bytes, *, retained: bool, now_ms: int) -> GateEvent:
        """Return an event that is signed, happened just now and was never seen before."""
        if retained:
            raise MessageError("retained")
        event = GateEvent.parse(payload, self._key)
        if event.site != self._site:
            raise MessageError("site")
        position = (event.boot, event.seq)
        last = self.positions.get(EVENT)
        if last is not None and position <= last:
            raise MessageError("repeated" if position == last else "old")
        if abs(now_ms - event.at) > MAX_AGE_MS:
            raise MessageError("age")
        self.positions[EVENT] = position
        return event

    def state(self, payload: bytes, *, gate: str) -> GateState:
        """Return a state that is signed, belongs to this topic's gate and is not older than the last one."""
        state = GateState.parse(payload, self._key)
        if state.site != self._site:
            raise MessageError("site")
        if state.gate != gate:
            raise MessageError("gate")
        kind = f"state {gate}"
        position = (state.boot, state.seq)
        last = self.positions.get(kind)
        if last is not None and position < last:
            raise MessageError("old")
        self.positions[kind] = position
        return state

    def forget(self, gates: set[str]) -> None:
        """Forget the states of gates other than ``gates``."""
        wanted = {EVENT, *(f"state {gate}" for gate in gates)}
        self.positions = {kind: position for kind, position in self.positions.items() if kind in wanted}
