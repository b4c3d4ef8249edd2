"""Whoever holds the broker: every line between recognizer and node passes through here, and what is kept is said again.

The two ends live on two sites of one Mosquitto, and only this client knows both. It sees everything that the real
attacker of docs/threat-model.md sees, and holds no key.
"""

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Self

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from facegate.contract.messages import Topics
from tests.parts.broker import Mosquitto

GATE = "main"
NEAR, FAR = Topics("near"), Topics("far")  # the recognizer's site, the node's
KEPT = 2_000  # lines of each kind to say again
HELD_SECONDS = 1.4  # a line that waits for a later one; the recognizer tries again after a second

type Copies = list[tuple[float, bytes]]
"""What leaves instead of a line: copies, each after so many seconds."""
type Fault = Callable[[random.Random, bytes, list[bytes]], Copies]
"""What happens to a line: (dice, the line, lines of its kind from before)."""


def flip(dice: random.Random, line: bytes) -> bytes:
    """One bit of it is another."""
    place = dice.randrange(8 * len(line))
    changed = bytearray(line)
    changed[place // 8] ^= 1 << place % 8
    return bytes(changed)


FAULTS: dict[str, Fault] = {
    "dropped": lambda _dice, _line, _old: [],
    "delayed": lambda dice, line, _old: [(dice.uniform(0.05, 0.9), line)],
    "late": lambda dice, line, _old: [(dice.uniform(2.1, 4.0), line)],
    "duplicated": lambda dice, line, _old: [(0, line), (0, line), (dice.uniform(0, 3), line)],
    "truncated": lambda dice, line, _old: [(0, line[: dice.randrange(len(line))])],
    "bit-flipped": lambda dice, line, _old: [(0, flip(dice, line))],
    "flipped and whole": lambda dice, line, _old: [(0, flip(dice, line)), (0, line)],
    "replayed": lambda dice, line, old: [*((0.0, dice.choice(old)) for _ in range(20) if old), (0, line)],
}
"""What one line suffers; what needs two lines or the broker (reordered, retained, queued) is the wire's own."""


@dataclass
class Tally:
    """What the wire did."""

    commands: int = 0
    answers: int = 0
    done: dict[str, int] = field(default_factory=dict)
    dropped_events: list[bytes] = field(default_factory=list)


class Wire:
    """Passes everything on, but what it is told to spoil."""

    def __init__(self, broker: Mosquitto, *, username: str, dice: random.Random) -> None:
        self.tally = Tally()
        self.events: list[bytes] = []
        self.seen_at: dict[bytes, float] = {}
        self.commands: list[bytes] = []
        self._dice = dice
        self._old: dict[str, list[bytes]] = {"command": [], "hello": [], "ack": [], "event": []}
        self._next: dict[str, str] = {}
        self._held: dict[str, bytes] = {}
        self._queue: list[bytes] | None = None
        self._lock = threading.RLock()
        self._timers: set[threading.Timer] = set()
        self._connected = threading.Event()
        # A session that the broker keeps: this observer misses nothing that came while it was away.
        self._client = paho.Client(CallbackAPIVersion.VERSION2, client_id="wire", clean_session=False)
        self._client.reconnect_delay_set(1, 1)
        self._client.tls_set(str(broker.ca))
        self._client.username_pw_set(username, broker.users[username])
        topics = [(NEAR.command(GATE), 1), (FAR.node(GATE, "#"), 1)]
        self._client.on_connect = lambda client, *_: client.subscribe(topics)
        self._client.on_subscribe = lambda *_: self._connected.set()
        self._client.on_disconnect = lambda *_: self._connected.clear()
        self._client.on_message = self._pass
        self._client.connect(broker.host, broker.port)
        self._client.loop_start()

    def __enter__(self) -> Self:
        assert self._connected.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        for timer in tuple(self._timers):
            timer.cancel()
        self._client.disconnect()
        self._client.loop_stop()

    def wait_until_connected(self) -> None:
        """Return when it is with the broker again."""
        assert self._connected.wait(30), "the wire has not found the broker again"

    def spoil(self, leaf: str, fault: str) -> None:
        """Let the next line of this kind (``command``, ``hello``, ``ack``, ``event``) suffer ``fault``."""
        with self._lock:
            self._next[leaf] = fault

    def calm(self) -> None:
        """Nothing is spoilt any more."""
        with self._lock:
            self._next.clear()
            if (held := self._held.pop("command", None)) is not None:
                self._say("command", held)

    def queue_commands(self) -> None:
        """Keep all commands from now on, as a broker does for a subscriber that is away."""
        with self._lock:
            self._queue = []

    def deliver_queued(self) -> None:
        """Hand out what was kept."""
        with self._lock:
            queued, self._queue = self._queue or [], None
        for line in queued:
            self._say("command", line)

    def retain(self, line: bytes) -> None:
        """Leave a command at the broker, for whoever subscribes next."""
        self._client.publish(FAR.command(GATE), line, 1, True).wait_for_publish(10)

    def forget_retained(self) -> None:
        """Take it away again."""
        self._client.publish(FAR.command(GATE), b"", 1, True).wait_for_publish(10)

    def flood(self, lines: list[bytes]) -> None:
        """Say all of these to the node as fast as the broker takes them."""
        for line in lines:
            self._client.publish(FAR.command(GATE), line)

    def replay(self, leaf: str, count: int) -> None:
        """Say old lines of this kind again."""
        with self._lock:
            old = [self._dice.choice(self._old[leaf]) for _ in range(count) if self._old[leaf]]
        for line in old:
            self._say(leaf, line)

    def _pass(self, _client: paho.Client, _data: object, message: paho.MQTTMessage) -> None:
        leaf = message.topic.rsplit("/", 1)[1]
        line = message.payload
        if leaf == "status":  # unsigned: it is shown, and decides nothing
            self._client.publish(NEAR.node(GATE, leaf), line, 1, True)
            return
        with self._lock:
            if leaf == "command":
                self.tally.commands += 1
                self.commands.append(line)
            else:
                self.tally.answers += 1
            if leaf == "event":
                self.events.append(line)
                self.seen_at.setdefault(line, time.time())
            old = self._old[leaf]
            fault = self._next.pop(leaf, "")
            if fault:
                self.tally.done[f"{leaf} {fault}"] = self.tally.done.get(f"{leaf} {fault}", 0) + 1
            self._suffer(leaf, line, fault)
            old.append(line)
            del old[:-KEPT]

    def _suffer(self, leaf: str, line: bytes, fault: str) -> None:
        if leaf == "command" and self._queue is not None:
            self._queue.append(line)
            return
        if fault == "reordered":  # it waits for the next one of its kind, and comes after it
            self._held[leaf] = line
            self._after(HELD_SECONDS, lambda: self._release(leaf, line))
            return
        copies = FAULTS[fault](self._dice, line, self._old[leaf]) if fault else [(0.0, line)]
        if leaf == "event" and line not in (copy for _, copy in copies):
            self.tally.dropped_events.append(line)
        for delay, copy in copies:
            if delay:
                self._after(delay, partial(self._say, leaf, copy))
            else:
                self._say(leaf, copy)
        if (held := self._held.pop(leaf, None)) is not None:
            self._say(leaf, held)

    def _release(self, leaf: str, line: bytes) -> None:
        with self._lock:
            if self._held.get(leaf) is line:
                del self._held[leaf]
                self._say(leaf, line)

    def _after(self, seconds: float, what: Callable[[], None]) -> None:
        timer = threading.Timer(seconds, what)
        self._timers = {timer for timer in self._timers if timer.is_alive()} | {timer}
        timer.daemon = True
        timer.start()

    def _say(self, leaf: str, line: bytes) -> None:
        topic = FAR.command(GATE) if leaf == "command" else NEAR.node(GATE, leaf)
        self._client.publish(topic, line, 0 if leaf in ("command", "hello") else 1)
