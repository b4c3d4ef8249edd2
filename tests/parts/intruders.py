"""Those from whom a house is kept safe: somebody on the broker, and an address that waits for a token."""

import socket
import threading

import paho.mqtt.client as paho

from facegate.contract.messages import Topics
from tests.parts.broker import Mosquitto


class Eavesdropper:
    """Somebody on the broker: hears everything, says anything. Comes back when the broker does."""

    def __init__(self, broker: Mosquitto, topics: Topics) -> None:
        self.heard: list[tuple[str, bytes]] = []
        self._topics = topics
        self._made_up: set[bytes] = set()
        self._client = paho.Client(paho.CallbackAPIVersion.VERSION2)
        self._client.reconnect_delay_set(1, 2)
        self._client.on_connect = lambda client, *_: client.subscribe("#")
        self._client.on_message = lambda _client, _data, m: self.heard.append((m.topic, m.payload))
        self._client.connect(broker.host, broker.port)
        self._client.loop_start()

    def say(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Publish, and return when the broker has it."""
        if (topic, payload) not in self.heard:
            self._made_up.add(payload)
        self._client.publish(topic, payload, qos=1, retain=retain).wait_for_publish(10)

    def said_on(self, topic: str) -> list[bytes]:
        """What others than this one said on a topic, as often as it was heard."""
        return [payload for where, payload in self.heard if where == topic and payload not in self._made_up]

    def events(self) -> list[bytes]:
        """The recognizer's own events, as often as they were heard."""
        return self.said_on(self._topics.event)

    def close(self) -> None:
        """Leave."""
        self._client.disconnect()
        self._client.loop_stop()


class Trap:
    """An address that counts whoever connects: no token may ever come here."""

    def __init__(self) -> None:
        self.visitors = 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._count, daemon=True).start()

    def close(self) -> None:
        """Wait for nobody any more."""
        self._socket.close()

    def _count(self) -> None:
        while True:
            try:
                visitor, _ = self._socket.accept()
            except OSError:
                return  # closed
            self.visitors += 1
            visitor.close()
