"""The MQTT broker, for asyncio: paho's network thread below, callbacks on the event loop above.

Nothing is kept for later: what cannot be sent at once is not sent, because a command that waits for a broker would
open a gate long after its person has gone. Freshness is the lines' own affair; this file carries bytes.
"""

import asyncio
import logging
import ssl
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode

from facegate.adapters.listeners import Cancel, Listeners
from facegate.settings import Broker

_LOG = logging.getLogger(__name__)

KEEPALIVE_SECONDS: Final = 15  # a dead connection is noticed, and the last will published, within a minute
CONNECT_SECONDS: Final = 5.0
BACKOFF_SECONDS: Final = (1, 5)
"""After the first and after many failed attempts. No longer: until it is back, gates stay closed to faces, and what
nodes that are back already say is heard by nobody."""
STOP_SECONDS: Final = 2.0  # for the last message to leave

# Return codes of MQTT 3.1.1 in the words that paho gives them
_REFUSED: Final = ("Bad user name or password", "Not authorized")


class MqttError(Exception):
    """A broker that cannot be used as it is set; the text is one sentence that says what to do."""


@dataclass(frozen=True, slots=True)
class Connection:
    """Whether the broker is there. ``reason``: connected, starting, unreachable, refused, untrusted, lost, stopped."""

    connected: bool
    reason: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Presence:
    """What is retained under ``topic`` while this client is connected, and its last will for when it is not."""

    topic: str
    online: bytes
    offline: bytes


type OnMessage = Callable[[str, bytes, bool], None]
"""(topic, payload, retained). Retained means that the broker had kept the message from before."""


class MqttClient:
    """One connection to one broker, held for as long as it runs: it tries for ever and says in ``state`` how it goes.

    All methods but the constructor belong to the event loop that called :meth:`start`.
    """

    def __init__(
        self, broker: Broker, *, presence: Presence | None = None, name: str = "", quiet: bool = False
    ) -> None:
        """Raise :class:`MqttError` for settings that can never work.

        Args:
            broker: where to connect.
            presence: what is retained as long as this client is connected.
            name: client id; empty: the broker chooses.
            quiet: log for debugging alone, because a refusal is as good an answer as any.
        """
        _check(broker)
        self._quiet = quiet
        self.broker = broker
        self.state = Connection(False, "starting", f"FaceGate has not yet reached the MQTT broker at {_place(broker)}.")
        self._presence = presence
        self._loop: asyncio.AbstractEventLoop | None = None
        self._subscriptions: dict[object, tuple[str, OnMessage]] = {}
        self._listeners = Listeners[Connection]()
        self._client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=name,
            clean_session=True,  # a session that is kept would hand out yesterday's lines
            protocol=paho.MQTTv311,  # all that the demo's embedded broker speaks; nothing here needs version 5
        )
        self._client.connect_timeout = CONNECT_SECONDS
        self._client.reconnect_delay_set(*BACKOFF_SECONDS)
        if broker.username:
            self._client.username_pw_set(broker.username, broker.password)
        if broker.tls:
            self._client.tls_set_context(_tls(broker))
        if presence is not None:
            self._client.will_set(presence.topic, presence.offline, qos=1, retain=True)
        # paho calls these in its own thread; each only hands over to the loop.
        self._client.on_connect = self._paho_connect
        self._client.on_connect_fail = self._paho_connect_fail
        self._client.on_disconnect = self._paho_disconnect
        self._client.on_message = self._paho_message
        self._client.on_subscribe = self._paho_subscribe

    @property
    def connected(self) -> bool:
        """Whether a message sent now would reach the broker, as far as is known."""
        return self.state.connected and self._client.is_connected()

    async def start(self) -> None:
        """Begin to connect; returns at once, whether or not there is a broker."""
        self._loop = asyncio.get_running_loop()
        place = _place(self.broker)
        self.state = Connection(False, "starting", f"FaceGate has not yet reached the MQTT broker at {place}.")
        self._client.connect_async(self.broker.host, self.broker.port, KEEPALIVE_SECONDS)
        self._client.loop_start()

    async def stop(self) -> None:
        """Say goodbye and end the thread."""
        if self._loop is None:
            return
        self._change(Connection(False, "stopped", "FaceGate has left the MQTT broker."))
        await asyncio.to_thread(self._leave)
        self._loop = None

    def publish(self, topic: str, payload: bytes, *, retain: bool = False, qos: int = 0) -> bool:
        """Send now; ``False``: there is no broker, and the message is forgotten."""
        if not self.connected:
            return False
        return self._client.publish(topic, payload, qos, retain).rc == paho.MQTT_ERR_SUCCESS

    def subscribe(self, topic: str, callback: OnMessage) -> Cancel:
        """Call ``callback`` for each message on ``topic`` (which may have wildcards), also after a reconnect.

        Subscribed with QoS 1: what the node sends again is dropped by its position.
        """
        token = object()
        self._subscriptions[token] = (topic, callback)
        if self.connected:
            self._client.subscribe(topic, 1)

        def cancel() -> None:
            if self._subscriptions.pop(token, None) is not None and self.connected and topic not in self._topics():
                self._client.unsubscribe(topic)

        return cancel

    def listen(self, listener: Callable[[Connection], None]) -> Cancel:
        """Call ``listener`` with each new state."""
        return self._listeners.add(listener)

    # On the event loop

    def _change(self, state: Connection) -> None:
        if state == self.state or self.state.reason == "stopped":
            return
        self.state = state
        level = logging.INFO if state.connected or state.reason == "stopped" else logging.WARNING
        _LOG.log(logging.DEBUG if self._quiet else level, "%s", state.text)
        self._listeners.tell(state)

    def _topics(self) -> list[str]:
        return list(dict.fromkeys(topic for topic, _ in self._subscriptions.values()))

    def _arrived(self) -> None:
        if self.state.reason == "stopped":
            return
        # Before anyone is told: who speaks as soon as the broker is there wants to hear the answer.
        for topic in self._topics():
            self._client.subscribe(topic, 1)
        self._change(Connection(True, "connected", f"Connected to the MQTT broker at {_place(self.broker)}."))
        if self._presence is not None:
            self.publish(self._presence.topic, self._presence.online, retain=True, qos=1)

    def _deliver(self, topic: str, payload: bytes, retained: bool) -> None:
        for wanted, callback in tuple(self._subscriptions.values()):
            if paho.topic_matches_sub(wanted, topic):
                callback(topic, payload, retained)

    # In paho's thread

    def _hand_over[*Ts](self, function: Callable[[*Ts], None], *args: *Ts) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(function, *args)

    def _paho_connect(self, _client: paho.Client, _data: Any, _flags: Any, code: ReasonCode, _props: Any) -> None:
        if not code.is_failure:
            self._hand_over(self._arrived)
            return
        place = _place(self.broker)
        if str(code) in _REFUSED:
            text = f"The MQTT broker at {place} refuses FaceGate's user name or password: correct them in the settings."
            self._hand_over(self._change, Connection(False, "refused", text))
        else:
            text = f"The MQTT broker at {place} turns FaceGate away ({code}): look into the broker's log."
            self._hand_over(self._change, Connection(False, "unreachable", text))

    def _paho_connect_fail(self, _client: paho.Client, _data: Any) -> None:
        place = _place(self.broker)
        error = sys.exception()  # paho calls this from where it caught the failure, and does not pass it on
        if isinstance(error, ssl.SSLError):
            why = getattr(error, "verify_message", "") or error.reason or "TLS failed"
            text = f"The MQTT broker at {place} cannot be trusted ({why}): check the CA file and the host's name."
            self._hand_over(self._change, Connection(False, "untrusted", text))
            return
        why = getattr(error, "strerror", None) or str(error) or "no answer"
        text = f"No MQTT broker answers at {place} ({why}): start it, or correct its address in the settings."
        self._hand_over(self._change, Connection(False, "unreachable", text))

    def _paho_disconnect(self, _client: paho.Client, _data: Any, _flags: Any, code: ReasonCode, _props: Any) -> None:
        text = f"The connection to the MQTT broker at {_place(self.broker)} is lost: FaceGate goes on trying."
        self._hand_over(self._lost, Connection(False, "lost", text))

    def _lost(self, state: Connection) -> None:
        if self.state.connected:  # a broker that refuses also disconnects; the refusal is the better reason
            self._change(state)

    def _paho_message(self, _client: paho.Client, _data: Any, message: paho.MQTTMessage) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError:
            return  # no broker in order sends that, and nobody subscribes to it; paho's thread must not end by it
        self._hand_over(self._deliver, topic, message.payload, message.retain)

    def _paho_subscribe(
        self, _client: paho.Client, _data: Any, _mid: int, codes: list[ReasonCode], _props: Any
    ) -> None:
        if any(code.is_failure for code in codes):
            _LOG.warning(
                "The MQTT broker at %s does not let FaceGate read its topics: allow 'facegate/#' to its user.",
                _place(self.broker),
            )

    def _leave(self) -> None:
        if self._presence is not None and self._client.is_connected():
            sent = self._client.publish(self._presence.topic, self._presence.offline, 1, retain=True)
            if sent.rc == paho.MQTT_ERR_SUCCESS:
                sent.wait_for_publish(STOP_SECONDS)
        self._client.disconnect()
        self._client.loop_stop()


def _place(broker: Broker) -> str:
    return f"{broker.host}:{broker.port}"


def _check(broker: Broker) -> None:
    try:
        broker.host.encode("idna")
    except UnicodeError as error:
        raise MqttError(f"'{broker.host}' is no host name: correct the MQTT broker's address.") from error
    if not broker.host:
        raise MqttError("The MQTT broker has no address: set one.")
    if not 0 < broker.port < 65536:
        raise MqttError(f"{broker.port} is no port of an MQTT broker: use 1 to 65535, usually 1883 or 8883.")


def _tls(broker: Broker) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=broker.ca_file or None)
    except (OSError, ssl.SSLError) as error:
        raise MqttError(
            f"The CA file {broker.ca_file} of the MQTT broker cannot be used ({error.strerror or error}): correct it."
        ) from error
    # Certificates that people make for their own broker often lack the extensions that strict mode wants. Chain,
    # host name and validity are checked all the same.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context
