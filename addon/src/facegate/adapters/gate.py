"""The way to one gate's node: waits for a fresh hello, signs, publishes, awaits the ack, tries again while it may.

Nothing is signed unless whoever asked still has a reason at that very moment. What the node says is verified in
``node_voice``; docs/protocol.md is the specification.
"""

import asyncio
import logging
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Literal, Protocol

from facegate.adapters.listeners import Cancel, Listeners
from facegate.adapters.mqtt import MqttClient
from facegate.adapters.node_voice import ONLINE_SECONDS, NodeReport, NodeState, NodeVoice
from facegate.adapters.store.errors import StoreError
from facegate.contract import lines
from facegate.contract.lines import Ack, Command, Hello, Position
from facegate.contract.messages import Topics
from facegate.contract.verbs import Open, Request
from facegate.core.models import Direction

_LOG = logging.getLogger(__name__)

HELLO_SECONDS: Final = 3.0  # to wait for a hello when there is none that a command could be signed under
ANSWER_SECONDS: Final = 1.0  # for each try
SILENT_TRIES: Final = 2  # the same id opens once, so asking again after silence is safe
BUSY_SECONDS: Final = 0.1  # between two tries at a busy node, at most
POLL_SECONDS: Final = 0.02  # how soon the end of a reason is noticed
LONGEST_SECONDS: Final = 15.0  # nobody waits at a busy gate for longer than that

type Result = Literal[
    "opened", "done", "node_silent", "node_busy", "node_refused", "no_answer", "person_left", "not_connected"
]
"""``no_answer`` alone leaves open whether it was carried out; with all others but ``opened`` and ``done`` it is not."""


class Positions(Protocol):
    """Where the last accepted line of each kind is kept over restarts; ``adapters.store.Store`` does."""

    def node_position(self, gate: str, kind: str) -> Position | None:
        """The position of the last accepted line of this kind."""

    def save_node_position(self, gate: str, kind: str, position: Position) -> bool:
        """Move forward to ``position``."""


@dataclass(frozen=True, slots=True)
class OpenResult:
    """What came of one wish. ``tries``: signed commands; ``ms``: from the wish to the result."""

    result: Result
    detail: str = ""
    tries: int = 0
    ms: int = 0

    @property
    def opened(self) -> bool:
        """Whether the node says that the relay moved."""
        return self.result == "opened"

    @property
    def done(self) -> bool:
        """Whether the node says that it has done what was asked, where that moves no relay for anybody."""
        return self.result == "done"


@dataclass(slots=True)
class _Wish:
    """One command that is under way.

    ``silent_boot``: the boot of a node that has left a command of it unanswered; ``challenge``: the last one used.
    """

    request: Request
    opening: str
    lasts: Callable[[], bool]
    until: float
    acks: asyncio.Queue[Ack] = field(default_factory=asyncio.Queue)
    challenge: str = ""
    tries: int = 0
    answers: int = 0
    silent_tries: int = 0
    silent_boot: int | None = None
    was_busy: bool = False
    not_before: float = 0.0
    corrected: set[str] = field(default_factory=set)

    @property
    def moves(self) -> bool:
        """Whether it asks for the relay, and so has to wait for its turn."""
        return isinstance(self.request, Open)


@dataclass(frozen=True, slots=True)
class _End:
    """How a wish ended."""

    result: Result
    detail: str = ""


class GateLink:
    """One gate's node as the recognizer knows it. Belongs to the event loop that called :meth:`start`."""

    def __init__(
        self,
        gate: str,
        gate_key: bytes,
        mqtt: MqttClient,
        topics: Topics,
        *,
        positions: Positions,
        slot: int = 1,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.gate = gate
        self.slot = slot
        self._mqtt = mqtt
        self._topics = topics
        self._store = positions
        self._clock = clock
        self._key = lines.command_key(gate_key, slot, gate)
        self._voice = NodeVoice(gate, lines.node_key(gate_key, gate), clock)
        self._counters: dict[str, int] = {}
        self._wishes: dict[str, _Wish] = {}
        self._waiting: list[str] = []  # who found the node busy: first come, first served
        self._unsaved: set[str] = set()
        self._saving: asyncio.Task[None] | None = None
        self._cancels: list[Cancel] = []
        self._told: NodeState = "offline"
        self._timer: asyncio.TimerHandle | None = None
        self._state_listeners = Listeners[NodeState]()
        self._event_listeners = Listeners[NodeReport]()
        self._hello_listeners = Listeners[Hello]()
        self._hello: Hello | None = None

    @property
    def state(self) -> NodeState:
        """Whether the node is there; ``silent``: it ought to be, but has not proved it lately."""
        return self._voice.state

    @property
    def problems(self) -> tuple[str, ...]:
        """What is wrong with the node's lines: ``node_key``, ``node_boot``."""
        return self._voice.problems

    @property
    def hello(self) -> Hello | None:
        """What the node has said of itself last, since this link began; look at ``state`` for its age."""
        return self._hello

    async def start(self) -> None:
        """Recall what was accepted before, and listen."""
        recalled = {}
        for kind in ("hello", "ack", "event"):
            position = await asyncio.to_thread(self._store.node_position, self.gate, kind)
            if position is not None:
                recalled[kind] = position
        self._voice.recall(recalled)
        for leaf, hear in (
            ("status", self._on_status),
            ("hello", self._on_hello),
            ("ack", self._on_ack),
            ("event", self._on_event),
        ):
            self._cancels.append(self._mqtt.subscribe(self._topics.node(self.gate, leaf), hear))

    async def stop(self) -> None:
        """Stop listening."""
        for cancel in self._cancels:
            cancel()
        self._cancels.clear()
        if self._timer is not None:
            self._timer.cancel()
        if self._saving is not None:
            await self._saving

    def on_state(self, listener: Callable[[NodeState], None]) -> Cancel:
        """Call ``listener`` whenever the state changes."""
        return self._state_listeners.add(listener)

    def on_event(self, listener: Callable[[NodeReport], None]) -> Cancel:
        """Call ``listener`` with each verified event, each once."""
        return self._event_listeners.add(listener)

    def on_hello(self, listener: Callable[[Hello], None]) -> Cancel:
        """Call ``listener`` with each verified hello."""
        return self._hello_listeners.add(listener)

    async def open(
        self,
        direction: Direction,
        pulse_ms: int,
        opening: str,
        lasts: Callable[[], bool],
        *,
        until: float | None = None,
    ) -> OpenResult:
        """Ask the node to open, for as long as there is a reason to.

        Args:
            direction: which relay.
            pulse_ms: for how long; 0 for the node's own time.
            opening: 16 hex digits; the same id opens once, however often it is sent.
            lasts: asked right before each signature; ``False``: the reason to open has gone.
            until: moment of ``clock`` after which nothing may open any more.
        """
        return await self.ask(Open(direction.relay, pulse_ms), opening, lasts, until=until)

    async def ask(
        self,
        request: Request,
        opening: str | None = None,
        lasts: Callable[[], bool] = lambda: True,
        *,
        until: float | None = None,
    ) -> OpenResult:
        """Ask the node for anything of ``contract.verbs``; the rest is as with :meth:`open`.

        ``opening`` is the command's id, one of its own by default.
        """
        opening = opening or secrets.token_hex(8)
        if opening in self._wishes:
            raise ValueError(f"opening {opening} is under way: share its result")
        began = self._clock()
        longest = began + LONGEST_SECONDS
        wish = _Wish(request, opening, lasts, longest if until is None else min(until, longest))
        self._wishes[opening] = wish
        try:
            end = await self._pursue(wish)
        finally:
            del self._wishes[opening]
            if opening in self._waiting:
                self._waiting.remove(opening)
        if wish.tries > wish.answers and end.result not in ("opened", "done", "node_refused", "no_answer"):
            end = _End("no_answer", end.result)  # the command that nobody has answered may have opened
        return OpenResult(end.result, end.detail, wish.tries, round((self._clock() - began) * 1000))

    async def _pursue(self, wish: _Wish) -> _End:
        """Ask until the node has said yes or no, or nobody wants it any more."""
        while True:
            end = await self._wait_for_turn(wish)
            if end is not None:
                return end
            if wish.acks.empty() and not self._send(wish):
                return _End("not_connected")
            asked = self._voice.boot
            try:
                ack = await asyncio.wait_for(wish.acks.get(), ANSWER_SECONDS)
            except TimeoutError:
                wish.silent_tries += 1
                wish.silent_boot = asked
                if wish.silent_tries >= SILENT_TRIES:
                    return _End("no_answer")
                continue
            end = self._heed(wish, ack)
            if end is not None:
                return end

    async def _wait_for_turn(self, wish: _Wish) -> _End | None:
        """Return when a command may be signed: first in the line, challenge fresh, reason there; else why not.

        An answer that has come late, to an earlier try, needs no command.
        """
        patience = self._clock() + HELLO_SECONDS
        while wish.acks.empty():
            end = self._over(wish)
            if end is not None:
                return end
            now = self._clock()
            if wish.moves and ((self._waiting and self._waiting[0] != wish.opening) or now < wish.not_before):
                self._queue(wish)
                patience = now + HELLO_SECONDS
            elif self._voice.challenge() is not None:
                return None
            elif now >= patience:
                return _End("node_silent")
            await asyncio.sleep(POLL_SECONDS)
        return None

    def _over(self, wish: _Wish) -> _End | None:
        """Return why nothing may be signed for this wish any more, if so it is."""
        if not self._mqtt.connected:
            return _End("not_connected")
        if not wish.lasts():
            return _End("person_left")
        if self._clock() >= wish.until:
            return _End("node_busy" if wish.was_busy else "node_silent")
        if wish.silent_boot is not None and self._voice.boot != wish.silent_boot:
            return _End("no_answer", "restarted")  # it may have opened before, and has forgotten the id
        return None

    def _queue(self, wish: _Wish) -> None:
        wish.was_busy = True
        if wish.opening not in self._waiting:
            self._waiting.append(wish.opening)

    def _send(self, wish: _Wish) -> bool:
        """Sign one command, at this moment, and let it go; ``False``: it did not leave."""
        uptime, challenge = self._voice.uptime(), self._voice.challenge()
        if uptime is None or challenge is None:
            return False
        life = min(lines.COMMAND_LIFE_MS, (wish.until - self._clock()) * 1000)
        counter = self._counters.get(challenge, 0) + 1
        self._counters = {challenge: counter}
        wish.challenge = challenge
        command = Command(
            gate=self.gate,
            slot=self.slot,
            id=wish.opening,
            challenge=challenge,
            counter=counter,
            not_after=int(uptime + life),
            verb=wish.request.verb,
            subject=wish.request.arguments.subject,
            value=wish.request.arguments.value,
        )
        if not self._mqtt.publish(self._topics.command(self.gate), command.sign(self._key)):
            return False
        wish.tries += 1
        return True

    def _heed(self, wish: _Wish, ack: Ack) -> _End | None:
        """Return how the wish ended by the node's answer, or ``None`` if it is worth another try."""
        wish.answers += 1
        match ack.result:
            case "opened" | "done":
                return _End(ack.result, ack.detail)
            case "busy":
                self._queue(wish)
                wish.not_before = self._clock() + min(_milliseconds(ack.detail), BUSY_SECONDS)
                return None
            case "stale" if "stale" not in wish.corrected:
                self._voice.give_up(wish.challenge)
            case "counter" if "counter" not in wish.corrected:
                # This recognizer has started anew under a challenge that it had used before; the node knows how far.
                used = lines.parse_number(ack.detail, lines.COUNTER_MAX) or 0
                self._counters[wish.challenge] = max(used, self._counters.get(wish.challenge, 0))
            case _:
                return _End("node_refused", ack.result if ack.detail == lines.NONE else f"{ack.result} {ack.detail}")
        wish.corrected.add(ack.result)
        return None

    # What the node says

    def _on_status(self, _topic: str, payload: bytes, _retained: bool) -> None:
        self._voice.hear_status(payload)
        self._tell_state()

    def _on_hello(self, _topic: str, payload: bytes, retained: bool) -> None:
        hello = self._voice.hear_hello(payload, retained=retained)
        if hello is not None:
            self._hello = hello
            self._save("hello")
            self._tell_state()
            self._hello_listeners.tell(hello)

    def _on_ack(self, _topic: str, payload: bytes, retained: bool) -> None:
        ack = self._voice.hear_ack(payload, retained=retained)
        if ack is None:
            return
        self._save("ack")
        if ack.slot != self.slot:
            return
        wish = self._wishes.get(ack.id)
        if wish is not None:
            wish.acks.put_nowait(ack)
        else:
            _LOG.warning("Gate %s answers '%s' too late for opening %s.", self.gate, ack.result, ack.id)

    def _on_event(self, _topic: str, payload: bytes, retained: bool) -> None:
        report = self._voice.hear_event(payload, retained=retained)
        if report is None:
            return
        self._save("event")
        if report.event.type == "refused":
            _LOG.warning(
                "Gate %s has refused a line (%s); %s since it started.",
                self.gate,
                report.event.subject,
                report.event.value,
            )
        if report.lost:
            _LOG.warning("%d events of gate %s are lost.", report.lost, self.gate)
        self._event_listeners.tell(report)

    def _tell_state(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        state = self.state
        if state == "online":
            self._timer = asyncio.get_running_loop().call_later(ONLINE_SECONDS + 0.1, self._tell_state)
        if state != self._told:
            self._told = state
            self._state_listeners.tell(state)

    def _save(self, kind: str) -> None:
        """Write the position soon. What a crash before that readmits, its age gives away as history."""
        self._unsaved.add(kind)
        if self._saving is None:
            self._saving = asyncio.get_running_loop().create_task(self._save_all())

    async def _save_all(self) -> None:
        try:
            while self._unsaved:
                kind = min(self._unsaved)
                position = self._voice.positions[kind]
                await asyncio.to_thread(self._store.save_node_position, self.gate, kind, position)
                if self._voice.positions[kind] == position:
                    self._unsaved.discard(kind)
        except StoreError as error:
            # Kept in memory, and tried again with the node's next line.
            _LOG.error("What gate %s's node has said cannot be remembered: %s", self.gate, error)
        finally:
            self._saving = None


def _milliseconds(detail: str) -> float:
    """How long the node says that it will be busy, in seconds; for ever if it does not say."""
    number = lines.parse_number(detail, lines.COUNTER_MAX)
    return float("inf") if number is None else number / 1000
