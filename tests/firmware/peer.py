"""The other end of the wire, in the tests' hand: hears and verifies all the node says, signs what it shall get."""

import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import replace

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from facegate.contract import lines
from facegate.contract.messages import Topics
from tests.parts.broker import Mosquitto
from tests.parts.waiting import PATIENCE

type Line = lines.Hello | lines.Ack | lines.NodeEvent
KINDS: dict[str, type[Line]] = {"hello": lines.Hello, "ack": lines.Ack, "event": lines.NodeEvent}


class Peer:
    """A recognizer without opinions. Every line of the node is verified when it comes; one that fails is an error."""

    def __init__(self, broker: Mosquitto, *, key: bytes, gate: str = "main", username: str | None = None) -> None:
        self.key = key
        self.gate = gate
        self.topics = Topics("home")
        self.status: list[str] = []
        self.heard: list[Line] = []
        self.errors: list[str] = []
        self._last: tuple[lines.Hello, float]
        self._counters: dict[tuple[str, int], int] = {}
        self._changed = threading.Condition()
        self._client = paho.Client(CallbackAPIVersion.VERSION2)
        self._client.reconnect_delay_set(1, 1)
        if broker.ca is not None:
            self._client.tls_set(str(broker.ca))
        if username is not None:
            self._client.username_pw_set(username, broker.users[username])
        topics = [(self.topics.node(gate, leaf), 1) for leaf in ("status", *KINDS)]
        self._client.on_connect = lambda client, *_: client.subscribe(topics)
        self._client.on_message = self._on_message
        self._client.connect(broker.host, broker.port)
        self._client.loop_start()

    def close(self) -> None:
        """Hang up. Whatever could not be verified fails the test here."""
        self._client.disconnect()
        self._client.loop_stop()
        assert not self.errors, self.errors

    def wait_for[Kind: Line](
        self,
        kind: type[Kind],
        matches: Callable[[Kind], bool] = lambda _: True,
        *,
        after: int = 0,
        timeout: float = PATIENCE,
    ) -> Kind:
        """The first line of this kind that matches, of those heard since ``mark()`` gave ``after``."""

        def find() -> Kind | None:
            return next((line for line in self.heard[after:] if isinstance(line, kind) and matches(line)), None)

        return self.wait_until(find, timeout)

    def wait_until[T](self, find: Callable[[], T | None], timeout: float = PATIENCE) -> T:
        """What ``find`` finds, as soon as it finds anything."""
        with self._changed:
            found: list[T] = []

            def look() -> bool:
                result = find()
                if result:
                    found.append(result)
                return bool(found)

            assert self._changed.wait_for(look, timeout), f"waited in vain; heard: {self.status} {self.heard[-8:]}"
            return found[0]

    def mark(self) -> int:
        """A place in what has been heard, for ``after``."""
        return len(self.heard)

    def events(self, after: int = 0) -> list[str]:
        """The events as "type subject value"."""
        return [f"{e.type} {e.subject} {e.value}" for e in self.heard[after:] if isinstance(e, lines.NodeEvent)]

    @property
    def hello(self) -> lines.Hello:
        """The last hello."""
        return self.wait_until(lambda: next((h for h in reversed(self.heard) if isinstance(h, lines.Hello)), None))

    def fresh_hello(self) -> lines.Hello:
        """The last hello, of the node that is online now."""
        self.wait_until(lambda: self.status[-1:] == ["online"])
        return self.hello

    def command(self, slot: int = 1) -> lines.Command:
        """A good opening of relay 1 under the last challenge, with the next counter."""
        hello = self.hello
        counter = self._counters.get((hello.challenge, slot), 0) + 1
        self._counters[hello.challenge, slot] = counter
        return lines.Command(
            gate=self.gate,
            slot=slot,
            id=secrets.token_hex(8),
            challenge=hello.challenge,
            counter=counter,
            not_after=self.uptime() + lines.COMMAND_LIFE_MS,
            verb="open",
            subject="1",
            value="0",
        )

    def uptime(self) -> int:
        """The node's uptime now, estimated as a recognizer does it: from the last hello and the time since."""
        line, at = self._last
        return line.uptime + int((time.monotonic() - at) * 1000)

    def sign(self, command: lines.Command) -> bytes:
        """The line under the key of its slot."""
        return command.sign(lines.command_key(self.key, command.slot, self.gate))

    def send(self, line: bytes, *, retain: bool = False, qos: int = 0) -> None:
        """Publish a line to the node, and return when the broker has it."""
        self._client.publish(self.topics.command(self.gate), line, qos, retain).wait_for_publish(10)

    def publish(self, topic: str, payload: str) -> None:
        """Publish anything anywhere."""
        self._client.publish(topic, payload).wait_for_publish(10)

    def ask(self, command: lines.Command) -> lines.Ack:
        """Send a command and return its ack."""
        after = self.mark()
        self.send(self.sign(command))
        return self.wait_for(lines.Ack, lambda ack: ack.id == command.id, after=after)

    def open_patiently(self, command: lines.Command) -> lines.Ack:
        """Send a command, and again with a new counter while the node is busy: as the recognizer does."""
        while (ack := self.ask(command)).result == "busy":
            time.sleep(0.1)
            fresh = self.command(command.slot)
            command = replace(fresh, id=command.id)
        return ack

    def _on_message(self, _client: paho.Client, _data: object, message: paho.MQTTMessage) -> None:
        leaf = message.topic.rsplit("/", 1)[1]
        with self._changed:
            if leaf == "status":
                self.status.append(message.payload.decode())
            else:
                try:
                    line = KINDS[leaf].parse(message.payload, gate=self.gate, key=lines.node_key(self.key, self.gate))
                except (KeyError, lines.LineError) as error:
                    self.errors.append(f"{message.topic}: {error!r}: {message.payload!r}")
                    return
                if message.retain:
                    self.errors.append(f"{message.topic} is retained")
                if isinstance(line, lines.Hello):
                    self._last = (line, time.monotonic())
                self.heard.append(line)
            self._changed.notify_all()
