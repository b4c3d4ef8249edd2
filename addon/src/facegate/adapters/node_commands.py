"""The way of one command to a gate's node: waits for a fresh hello, signs, publishes, awaits the ack, tries again.

Nothing is signed unless whoever asked still has a reason at that very moment. docs/protocol.md, section 7, is the
specification.
"""

import asyncio
import logging
import secrets
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Literal

from facegate.adapters.mqtt import MqttClient
from facegate.adapters.node_voice import NodeVoice
from facegate.contract import lines
from facegate.contract.lines import Ack, Command
from facegate.contract.messages import Topics
from facegate.contract.verbs import Hint, Open, Request

_LOG = logging.getLogger(__name__)

HELLO_SECONDS: Final = 3.0  # to wait for a hello when there is none that a command could be signed under
ANSWER_SECONDS: Final = 1.0  # for each try
SILENT_TRIES: Final = 2  # the same id opens once, so asking again after silence is safe
BUSY_SECONDS: Final = 0.1  # between two tries at a busy node, at most
POLL_SECONDS: Final = 0.02  # how soon the end of a reason is noticed
HINT_SECONDS: Final = 1.0  # a hint that reaches the node later is refused there
LONGEST_SECONDS: Final = 15.0  # nobody waits at a busy gate for longer than that

type Result = Literal[
    "opened", "done", "node_silent", "node_busy", "node_refused", "no_answer", "person_left", "not_connected"
]
"""``no_answer`` alone leaves open whether it was carried out; with all others but ``opened`` and ``done`` it is not."""


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


class NodeCommands:
    """What one recognizer slot asks of one node, now and next. Belongs to one event loop.

    Args:
        voice: what the node says of itself.
        key: signs the commands of ``slot``.
        mqtt: the way to the node.
        topics: of its site.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        voice: NodeVoice,
        *,
        slot: int,
        key: bytes,
        mqtt: MqttClient,
        topics: Topics,
        clock: Callable[[], float],
    ) -> None:
        self.gate = voice.gate
        self.slot = slot
        self._voice = voice
        self._key = key
        self._mqtt = mqtt
        self._topics = topics
        self._clock = clock
        self._counters: dict[str, int] = {}
        self._wishes: dict[str, _Wish] = {}
        self._hints: deque[str] = deque(maxlen=16)  # ids whose acks nobody waits for
        self._waiting: list[str] = []  # who found the node busy: first come, first served

    def sign_under(self, key: bytes) -> None:
        """Sign with this key from now on."""
        self._key = key

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
        if wish.tries > wish.answers and end.result not in ("opened", "done", "no_answer"):
            # The command that nobody has answered may have opened; of two that overtake each other, one is refused.
            end = _End("no_answer", end.detail or end.result)
        return OpenResult(end.result, end.detail, wish.tries, round((self._clock() - began) * 1000))

    def hear(self, ack: Ack) -> None:
        """Take an ack that may be believed."""
        if ack.slot != self.slot:
            return
        if ack.id in self._hints:
            return  # whatever it says: nobody waits for it
        wish = self._wishes.get(ack.id)
        if wish is not None:
            wish.acks.put_nowait(ack)
        else:
            _LOG.warning("Gate %s answers '%s' too late for opening %s.", self.gate, ack.result, ack.id)

    def hint(self, hint: Hint) -> bool:
        """Let the node show something now or never; ``False``: it did not leave.

        It is signed once and not tried again, and it does not come between an opening and its answer.
        """
        waited_for = any(wish.moves and wish.tries > wish.answers for wish in self._wishes.values())
        if waited_for or not self._mqtt.connected:
            return False
        wish = _Wish(hint, secrets.token_hex(8), lambda: True, self._clock() + HINT_SECONDS)
        self._hints.append(wish.opening)
        return self._send(wish)

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
            case "counter":  # this very line, or a later one, was there before: what it did, its own answer would say
                return _End("no_answer", ack.result)
            case _:
                return _End("node_refused", ack.result if ack.detail == lines.NONE else f"{ack.result} {ack.detail}")
        wish.corrected.add(ack.result)
        return None


def _milliseconds(detail: str) -> float:
    """How long the node says that it will be busy, in seconds; for ever if it does not say."""
    number = lines.parse_number(detail, lines.COUNTER_MAX)
    return float("inf") if number is None else number / 1000
