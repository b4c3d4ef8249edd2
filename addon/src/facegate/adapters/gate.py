"""The link to one gate's node: hears what it says, keeps how far that has come, and tells it what is asked of it.

What the node says is verified in ``node_voice``, taken together in ``core.gate_condition``; how a command gets to it
stands in ``node_commands``; docs/protocol.md is the specification.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Final, Protocol

from facegate.adapters.listeners import Cancel, Listeners
from facegate.adapters.mqtt import Connection, MqttClient
from facegate.adapters.node_commands import NodeCommands, OpenResult, Result
from facegate.adapters.node_voice import ONLINE_SECONDS, Loss, NodeReport, NodeState, NodeVoice
from facegate.adapters.retelling import Retelling
from facegate.adapters.store.errors import StoreError
from facegate.contract import lines
from facegate.contract.lines import Hello, Position
from facegate.contract.messages import Topics
from facegate.contract.verbs import Guard, Hint, Open, Request
from facegate.core import node_events
from facegate.core.gate_condition import GateCondition
from facegate.core.models import Direction
from facegate.core.node_events import Happening

__all__ = ["GateLink", "OpenResult", "Positions", "Result"]

_LOG = logging.getLogger(__name__)

OTHERS_SECONDS: Final = 3_900.0
"""A recognizer tells its nodes the time every hour, so one that was silent for longer than that is not there."""


class Positions(Protocol):
    """What of a node is kept over restarts; ``adapters.store.Store`` does."""

    def node_position(self, gate: str, kind: str) -> Position | None:
        """The position of the last accepted line of this kind."""

    def save_node_position(self, gate: str, kind: str, position: Position) -> bool:
        """Move forward to ``position``."""

    def recall_events(self, gate: str) -> tuple[Position | None, frozenset[Position]]:
        """The last event that was heard, and those that are missing although later ones have come."""

    def save_node_gap(self, gate: str, missing: Iterable[Position]) -> None:
        """Keep which are missing now."""

    def node_alarms(self, gate: str) -> Sequence[tuple[Position, Happening]]:
        """The last recorded fire, tamper and held of this gate, oldest first."""


class GateLink:
    """One gate's node as the recognizer knows it. Belongs to the event loop that called :meth:`start`.

    ``condition``: how the gate stands by the node's own words; ``hello_at`` and ``ack_at``: when it was last heard,
    by ``clock``, ``None`` for not since this link began.
    """

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
        recorded: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """``recorded`` returns when the events told so far are on the disk; only then are they not missed any more."""
        self.gate = gate
        self.slot = slot
        self.condition = GateCondition()
        self.hello_at: float | None = None
        self.ack_at: float | None = None
        self._mqtt = mqtt
        self._topics = topics
        self._store = positions
        self._clock = clock
        self._recorded = recorded
        self._voice = NodeVoice(gate, lines.node_key(gate_key, gate), clock)
        self._commands = NodeCommands(
            self._voice,
            slot=slot,
            key=lines.command_key(gate_key, slot, gate),
            mqtt=mqtt,
            topics=topics,
            clock=clock,
        )
        self._retelling = Retelling(self._voice, self.ask, self._on_losses)
        self._others: dict[int, float] = {}  # when each other slot was answered last
        self._unsaved: set[str] = set()
        self._saved_gap: frozenset[Position] = frozenset()
        self._saving: asyncio.Task[None] | None = None
        self._cancels: list[Cancel] = []
        self._told: NodeState = "offline"
        self._timer: asyncio.TimerHandle | None = None
        self._state_listeners = Listeners[NodeState]()
        self._event_listeners = Listeners[NodeReport]()
        self._hello_listeners = Listeners[Hello]()
        self._loss_listeners = Listeners[Loss]()
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

    @property
    def other_slots(self) -> tuple[int, ...]:
        """The slots of other recognizers that the node has answered lately; whoever is there tells it the time."""
        now = self._clock()
        return tuple(sorted(slot for slot, at in self._others.items() if now - at <= OTHERS_SECONDS))

    async def start(self) -> None:
        """Recall what was accepted before, and listen."""
        recalled = {}
        for kind in ("hello", "ack"):
            position = await asyncio.to_thread(self._store.node_position, self.gate, kind)
            if position is not None:
                recalled[kind] = position
        last, self._saved_gap = await asyncio.to_thread(self._store.recall_events, self.gate)
        if last is not None:
            recalled["event"] = last
        self._voice.recall(recalled, self._saved_gap)
        self.condition = self.condition.recalled(await asyncio.to_thread(self._store.node_alarms, self.gate))
        for leaf, hear in (
            ("status", self._on_status),
            ("hello", self._on_hello),
            ("ack", self._on_ack),
            ("event", self._on_event),
        ):
            self._cancels.append(self._mqtt.subscribe(self._topics.node(self.gate, leaf), hear))
        self._cancels.append(self._mqtt.listen(self._on_connection))

    async def stop(self) -> None:
        """Stop listening."""
        for cancel in self._cancels:
            cancel()
        self._cancels.clear()
        await self._retelling.stop()
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

    def on_loss(self, listener: Callable[[Loss], None]) -> Cancel:
        """Call ``listener`` when events of the node have turned out to be lost."""
        return self._loss_listeners.add(listener)

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
        guard: bool = False,
    ) -> OpenResult:
        """Ask the node to open, for as long as there is a reason to.

        Args:
            direction: which relay.
            pulse_ms: for how long; 0 for the node's own time.
            opening: 16 hex digits; the same id opens once, however often it is sent.
            lasts: asked right before each signature; ``False``: the reason to open has gone.
            until: moment of ``clock`` after which nothing may open any more.
            guard: whether somebody on guard answers for it, so that it opens in a lockdown as well.
        """
        verb = Guard if guard else Open
        return await self.ask(verb(direction.relay, pulse_ms), opening, lasts, until=until)

    def hint(self, hint: Hint) -> bool:
        """Let the node show something now or never; ``False``: it did not leave."""
        return self._commands.hint(hint)

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
        return await self._commands.ask(request, opening, lasts, until=until)

    def expect_key(self, gate_key: bytes, went_over: Callable[[], None]) -> None:
        """Believe lines under the next gate key, too; ``went_over`` is called at the first one.

        From that line on the node has erased the key before, and nothing is believed or signed under it any more.
        """

        def over() -> None:
            self.sign_under(gate_key)
            went_over()

        self._voice.expect_key(lines.node_key(gate_key, self.gate), over)

    def sign_under(self, gate_key: bytes) -> None:
        """Sign commands under this gate key from now on."""
        self._commands.sign_under(lines.command_key(gate_key, self.slot, self.gate))

    # What the node says

    def _on_status(self, _topic: str, payload: bytes, _retained: bool) -> None:
        self._voice.hear_status(payload)
        self._tell_state()

    def _on_hello(self, _topic: str, payload: bytes, retained: bool) -> None:
        hello = self._voice.hear_hello(payload, retained=retained)
        if hello is not None:
            self._hello = hello
            self.hello_at = self._clock()
            self.condition = self.condition.heard_hello(hello)
            self._save("hello")
            self._tell_state()
            self._retelling.hear_hello(hello.boot)
            self._hello_listeners.tell(hello)

    def _on_ack(self, _topic: str, payload: bytes, retained: bool) -> None:
        ack = self._voice.hear_ack(payload, retained=retained)
        if ack is None:
            return
        self._save("ack")
        self.ack_at = self._clock()
        if ack.slot != self.slot:
            self._others[ack.slot] = self.ack_at
        self._commands.hear(ack)

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
        self._on_losses()
        happening = node_events.read(report.event)
        self.condition = self.condition.heard_event(report.event.position, happening, filled=report.filled)
        self._event_listeners.tell(report)
        self._retelling.look()

    def _on_losses(self) -> None:
        for loss in self._voice.take_losses():
            _LOG.warning("%d events of gate %s are lost.", loss.count, self.gate)
            self.condition = self.condition.missed(loss.count)
            self._loss_listeners.tell(loss)
            self._save("event")

    def _on_connection(self, _connection: Connection) -> None:
        self._retelling.want()  # the broker keeps nothing for a recognizer that is away

    def _tell_state(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        state = self.state
        if state == "online":
            self._timer = asyncio.get_running_loop().call_later(ONLINE_SECONDS + 0.1, self._tell_state)
        if state != self._told:
            self._told = state
            self._retelling.want()
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
                position, missing = self._voice.positions[kind], self._voice.missing
                if kind == "event":
                    await self._save_gap(missing)
                await asyncio.to_thread(self._store.save_node_position, self.gate, kind, position)
                if (self._voice.positions[kind], self._voice.missing) == (position, missing):
                    self._unsaved.discard(kind)
        except StoreError as error:
            # Kept in memory, and tried again with the node's next line.
            _LOG.error("What gate %s's node has said cannot be remembered: %s", self.gate, error)
        finally:
            self._saving = None

    async def _save_gap(self, missing: frozenset[Position]) -> None:
        """First the record, then what is still missing, then the position: a kill in between loses and doubles none."""
        if self._recorded is not None:
            await self._recorded()
        if missing != self._saved_gap:
            await asyncio.to_thread(self._store.save_node_gap, self.gate, missing)
            self._saved_gap = missing
