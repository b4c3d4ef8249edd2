"""What one gate node says, and what of it may be believed: nothing retained, forged, old or replayed.

No I/O: lines come in as bytes, time from the given clock. docs/protocol.md is the specification.
"""

import logging
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from facegate.contract import lines
from facegate.contract.lines import Ack, Hello, LineError, NodeEvent, Position
from facegate.core.node import QUEUED_EVENTS

_LOG = logging.getLogger(__name__)

ONLINE_SECONDS: Final = 25.0  # two hellos and a half
HISTORY_MS: Final = 3_000  # an event that is older causes nothing
ESTIMATES: Final = 6  # hellos from which the uptime is estimated: a minute, in which two clocks do not drift apart
MOST_WARNINGS: Final = 20  # of different kinds, between two good lines

type NodeState = Literal["online", "silent", "offline"]


@dataclass(frozen=True, slots=True)
class NodeReport:
    """A verified event of the node. ``history``: it is too old, or its age unknown, and so it may cause nothing.

    ``filled``: it was missing, and has come after later ones; it is history, too.
    """

    gate: str
    event: NodeEvent
    history: bool
    filled: bool = False


@dataclass(frozen=True, slots=True)
class Loss:
    """Events of one boot that never came and never will; ``position``: of the last one of it that did.

    What was lost at the end of a boot, after the last one that did arrive, nobody can count.
    """

    gate: str
    position: Position
    count: int


class NodeVoice:
    """What is known of one node from its own verified lines.

    Args:
        gate: the gate's id.
        node_key: the key that the node's lines are signed with.
        clock: monotonic seconds.
    """

    def __init__(self, gate: str, node_key: bytes, clock: Callable[[], float]) -> None:
        self.gate = gate
        self.positions: dict[str, Position] = {}
        self.boot: int | None = None
        self._key = node_key
        self._next_key: bytes | None = None
        self._went_over: Callable[[], None] = lambda: None
        self._clock = clock
        self._hello_at: float | None = None
        self._status = False
        self._offsets: deque[float] = deque(maxlen=ESTIMATES)
        self._challenge = ""
        self._challenge_at = 0.0
        self._dead = ""
        self._missing: set[int] = set()  # numbers of events in the boot of the last one heard
        self._losses: list[Loss] = []
        self._problems: set[str] = set()
        self._warned: set[tuple[str, str]] = set()

    @property
    def state(self) -> NodeState:
        """``silent``: it ought to be there, but has not proved it lately."""
        if not self._status:  # a hello sets it too, so nothing but a later last will makes the node be away
            return "offline"
        fresh = self._hello_at is not None and self._clock() - self._hello_at <= ONLINE_SECONDS
        return "online" if fresh else "silent"

    @property
    def problems(self) -> tuple[str, ...]:
        """``node_key``: it has another key; ``node_boot``: it counts its boots anew. A good hello clears both."""
        return tuple(sorted(self._problems))

    def recall(self, positions: Mapping[str, Position], missing: Iterable[Position] = ()) -> None:
        """Begin where an earlier run ended: nothing up to these positions is believed again but what is ``missing``."""
        self.positions.update(positions)
        last = self.positions.get("event")
        if last is not None:
            self._missing = {lack.seq for lack in missing if lack.boot == last.boot and lack < last}

    @property
    def missing(self) -> frozenset[Position]:
        """Events that have not come although later ones have; each may still come, once."""
        return frozenset(Position(self.positions["event"].boot, seq) for seq in self._missing)

    def next_event(self, boot: int) -> int:
        """The number of the first event of this boot that has not been heard."""
        last = self.positions.get("event")
        if last is None or last.boot != boot:
            return 1
        return min(self._missing, default=last.seq + 1)

    def write_off(self, missing: Iterable[Position]) -> None:
        """Wait for these no more."""
        last = self.positions.get("event")
        gone = {lack.seq for lack in missing if last is not None and lack.boot == last.boot} & self._missing
        if gone and last is not None:
            self._missing -= gone
            self._losses.append(Loss(self.gate, last, len(gone)))

    def take_losses(self) -> list[Loss]:
        """What has turned out to be lost since this was asked last."""
        losses, self._losses = self._losses, []
        return losses

    def expect_key(self, node_key: bytes, went_over: Callable[[], None]) -> None:
        """Believe the next key as well, until the first line under it: from then on that one alone.

        ``went_over`` is called right then, before the line is acted on.
        """
        self._next_key, self._went_over = node_key, went_over

    def challenge(self) -> str | None:
        """What a command may be signed under now; counted from when it was first heard of, as the node counts it."""
        alive = (self._clock() - self._challenge_at) * 1000 < lines.CHALLENGE_LIFE_MS
        return self._challenge if alive and self._challenge not in ("", self._dead) else None

    def give_up(self, challenge: str) -> None:
        """The node itself says that this challenge is dead."""
        self._dead = challenge

    def uptime(self) -> float | None:
        """The node's uptime in ms by now, rather too small than too great: each delay makes a hello look older."""
        return max(self._offsets) + self._clock() * 1000 if self._offsets else None

    def hear_status(self, payload: bytes) -> None:
        """Unsigned and retained: it shows whether the node is there, and is no reason to open or to refuse."""
        self._status = payload == b"online"

    def hear_hello(self, payload: bytes, *, retained: bool) -> Hello | None:
        """Return the hello if it may be believed."""
        hello = self._take(Hello, "hello", payload, retained)
        if hello is None:
            return None
        now = self._clock()
        if hello.boot != self.boot:
            self.boot = hello.boot
            self._offsets.clear()
        self._offsets.append(hello.uptime - now * 1000)
        if hello.challenge != self._challenge:
            self._challenge = hello.challenge
            self._challenge_at = now
        self._hello_at = now
        self._status = True
        self._problems.clear()
        return hello

    def hear_ack(self, payload: bytes, *, retained: bool) -> Ack | None:
        """Return the ack if it may be believed."""
        return self._take(Ack, "ack", payload, retained)

    def hear_event(self, payload: bytes, *, retained: bool) -> NodeReport | None:
        """Return the event, with what its age allows, if it may be believed."""
        event = self._believe(NodeEvent, "event", payload, retained)
        if event is None:
            return None
        before = self.positions.get("event")
        if event.position in self.missing:
            self._missing.discard(event.seq)
            return NodeReport(self.gate, event, history=True, filled=True)
        if not self._moves_on("event", event):
            return None
        if before is not None:
            self._note_gap(before, event)
        uptime = self.uptime()
        live = uptime is not None and event.boot == self.boot and uptime - event.uptime <= HISTORY_MS
        return NodeReport(self.gate, event, history=not live)

    def _note_gap(self, before: Position, event: NodeEvent) -> None:
        """Each boot counts its events from 1; a node tells again no more than it has room for."""
        if before.boot != event.boot and self._missing:
            self._losses.append(Loss(self.gate, before, len(self._missing)))
            self._missing.clear()
        first = before.seq + 1 if before.boot == event.boot else 1
        oldest = event.seq - QUEUED_EVENTS
        gone = {seq for seq in self._missing if seq < oldest}
        self._missing -= gone
        self._missing.update(range(max(first, oldest), event.seq))
        if lost := len(gone) + max(0, oldest - first):
            self._losses.append(Loss(self.gate, event.position, lost))

    def _take[L: (Hello, Ack, NodeEvent)](self, kind: type[L], name: str, payload: bytes, retained: bool) -> L | None:
        line = self._believe(kind, name, payload, retained)
        return line if line is not None and self._moves_on(name, line) else None

    def _believe[L: (Hello, Ack, NodeEvent)](
        self, kind: type[L], name: str, payload: bytes, retained: bool
    ) -> L | None:
        if retained:
            self._warn(name, "it is retained; delete it from the broker")
            return None
        try:
            return self._parse(kind, payload)
        except LineError as error:
            if error.reason == "mac":
                self._problems.add("node_key")
            self._warn(name, f"its {error.reason} is wrong")
            return None

    def _moves_on(self, name: str, line: Hello | Ack | NodeEvent) -> bool:
        """Whether this line comes after all of its kind that were heard before."""
        last = self.positions.get(name)
        if last is not None and line.position <= last:
            if line.boot < last.boot:
                self._problems.add("node_boot")
                self._warn(
                    name,
                    f"it comes from boot {line.boot}, after boot {last.boot}: it is a replay, or the node has lost its "
                    "memory; then give the gate a new key",
                )
            return False
        self.positions[name] = line.position
        self._warned = {warning for warning in self._warned if warning[0] != name}
        return True

    def _parse[L: (Hello, Ack, NodeEvent)](self, kind: type[L], payload: bytes) -> L:
        try:
            return kind.parse(payload, gate=self.gate, key=self._key)
        except LineError as error:
            if error.reason != "mac" or self._next_key is None:
                raise
            line = kind.parse(payload, gate=self.gate, key=self._next_key)
        self._key, self._next_key = self._next_key, None
        self._went_over()
        return line

    def _warn(self, name: str, why: str) -> None:
        """Say it once, until a good line of this kind comes: whoever can forge lines must not fill the disk."""
        if (name, why) not in self._warned and len(self._warned) < MOST_WARNINGS:
            self._warned.add((name, why))
            _LOG.warning("A line '%s' of gate %s is ignored: %s.", name, self.gate, why)
