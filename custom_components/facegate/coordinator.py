"""What Home Assistant knows of one recognizer: pushed over MQTT, listed by the API."""

import hashlib
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final, override

from homeassistant.components import mqtt
from homeassistant.components.mqtt import ReceiveMessage
from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_TOKEN, CONF_URL
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.exceptions import ConfigEntryAuthFailed
from homeassistant.helpers.aiohttp_client import async_get_clientsession
from homeassistant.helpers.debounce import Debouncer
from homeassistant.helpers.storage import Store
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator, UpdateFailed
from homeassistant.util import dt as dt_util

from .address import async_clear_moved, async_note_moved
from .client import FaceGateClient
from .const import CONF_EVENT_KEY, CONF_SITE, DOMAIN, LOGGER, UPDATE_INTERVAL
from .errors import FaceGateError, UnauthorizedError, UnreachableError
from .identities import Identities, learns_persons
from .issues import Issues, async_tell_locked
from .messages import GRANTED, GateEvent, GateState, MessageError, Status, Topics
from .models import Recognizer
from .presence import PresenceCoordinator
from .verifier import Verifier

HINT_COOLDOWN: Final = 2  # seconds; hints are unsigned, so a flood of them must not become a flood of requests
SAVE_DELAY: Final = 10  # seconds; spares flash storage, and MAX_AGE_MS bounds what a crash in between can repeat
LATENCIES: Final = 100  # openings of each gate
TOTAL: Final = "total"  # stage of an event: from the picture to the relay; only what a camera has seen has it

type FaceGateConfigEntry = ConfigEntry[FaceGateCoordinator]


class FaceGateCoordinator(DataUpdateCoordinator[Recognizer]):
    """Follows one recognizer. Only signed messages change anything; unsigned ones are a reason to ask the API."""

    config_entry: FaceGateConfigEntry

    def __init__(self, hass: HomeAssistant, entry: FaceGateConfigEntry) -> None:
        """Prepare; nothing is asked or subscribed yet."""
        super().__init__(
            hass,
            LOGGER,
            config_entry=entry,
            name=entry.title,
            update_interval=UPDATE_INTERVAL,
            request_refresh_debouncer=Debouncer(hass, LOGGER, cooldown=HINT_COOLDOWN, immediate=True),
            always_update=False,
        )
        self.client = FaceGateClient(async_get_clientsession(hass), entry.data[CONF_URL], entry.data[CONF_TOKEN])
        self.dropped: Counter[str] = Counter()
        self.issues = Issues(hass, self)
        self.latencies: dict[str, deque[int]] = {}
        self._topics = Topics(entry.data[CONF_SITE])
        self._key = bytes.fromhex(entry.data[CONF_EVENT_KEY])
        self._verifier = Verifier(self._topics.site, self._key, {})
        self._store = kept_store(hass, entry)
        self._pushed: dict[str, GateState] = {}
        self._event_listeners: dict[str, list[Callable[[GateEvent], None]]] = {}
        self.identities = Identities(hass, entry, self.client) if learns_persons(entry.options) else None
        self.presence: PresenceCoordinator | None = None
        self.hears = True

    @override
    async def _async_setup(self) -> None:
        """Take up where the last run stopped believing, so that a restart readmits nothing."""
        stored = await self._store.async_load()
        if stored is None:
            return
        self.issues.looked.update(stored.get("looked", {}))
        if stored["key"] == self._key_mark:  # a new key starts anew
            self._verifier.positions.update({kind: (boot, seq) for kind, (boot, seq) in stored["positions"].items()})

    @override
    async def _async_update_data(self) -> Recognizer:
        """Ask the API which gates there are."""
        self._pushed.clear()
        try:
            health = await self.client.health()
            gates = {} if health.locked or health.waiting else await self.client.gates()
        except UnauthorizedError as error:
            raise ConfigEntryAuthFailed(translation_domain=DOMAIN, translation_key="unauthorized") from error
        except UnreachableError as error:
            raise UpdateFailed(translation_domain=DOMAIN, translation_key="unreachable") from error
        except FaceGateError as error:
            raise UpdateFailed(translation_domain=DOMAIN, translation_key="unexpected_answer") from error
        async_clear_moved(self.hass, self.config_entry)
        if health.locked:
            async_tell_locked(self.hass, self.config_entry)
            raise UpdateFailed(translation_domain=DOMAIN, translation_key="locked")
        if health.waiting:
            raise UpdateFailed(translation_domain=DOMAIN, translation_key="waiting")
        self._verifier.forget(set(gates))
        # A state that was pushed while the API was answering is newer than the answer.
        pushed = {gate: gates[gate].with_state(state) for gate, state in self._pushed.items() if gate in gates}
        return Recognizer(health=health, gates=gates | pushed)

    async def async_subscribe(self) -> None:
        """Listen until the entry is unloaded. Bytes, not text: what is signed is what is compared."""
        self.config_entry.async_on_unload(mqtt.async_subscribe_connection_status(self.hass, self._async_broker_changed))
        self._async_broker_changed(mqtt.is_connected(self.hass))
        for topic, receive in (
            (self._topics.event, self._async_receive_event),
            (self._topics.state("+"), self._async_receive_state),
            (self._topics.status, self._async_receive_status),
        ):
            self.config_entry.async_on_unload(await mqtt.async_subscribe(self.hass, topic, receive, encoding=None))

    async def async_save(self) -> None:
        """Write down now what outlasts a restart."""
        await self._store.async_save(self._kept())

    @callback
    def async_keep(self) -> None:
        """Write it down soon."""
        self._store.async_delay_save(self._kept, SAVE_DELAY)

    @callback
    def async_add_event_listener(self, gate: str, listener: Callable[[GateEvent], None]) -> CALLBACK_TYPE:
        """Call ``listener`` with every believed event of one gate, until the returned function is called."""
        listeners = self._event_listeners.setdefault(gate, [])
        listeners.append(listener)
        return lambda: listeners.remove(listener)

    @callback
    def _async_broker_changed(self, connected: bool) -> None:
        """Note whether Home Assistant hears events at all; what the recognizer says meanwhile only the API tells."""
        if connected == self.hears:
            return
        self.hears = connected
        self.async_update_listeners()
        self._async_ask_api()

    @callback
    def _async_receive_event(self, message: ReceiveMessage) -> None:
        now = int(dt_util.utcnow().timestamp() * 1000)
        try:
            event = self._verifier.event(_payload(message), retained=message.retain, now_ms=now)
        except MessageError as error:
            self._drop("event", error)
            return
        self.async_keep()
        if event.type == GRANTED and TOTAL in event.ms:
            self.latencies.setdefault(event.gate, deque(maxlen=LATENCIES)).append(event.ms[TOTAL])
        if self.identities is not None:
            self.identities.async_begin(event)
        for listener in tuple(self._event_listeners.get(event.gate, ())):
            listener(event)

    @callback
    def _async_receive_state(self, message: ReceiveMessage) -> None:
        gate = message.topic.split("/")[-2]
        if not message.payload:  # a cleared topic is unsigned: only the API can say that the gate is gone
            self._async_ask_api()
            return
        try:
            state = self._verifier.state(_payload(message), gate=gate)
        except MessageError as error:
            self._drop("state", error)
            return
        self.async_keep()
        self._pushed[gate] = state
        if gate not in self.data.gates or not self.last_update_success:  # a new gate, or it is back
            self._async_ask_api()
        if gate not in self.data.gates:
            return
        gates = {**self.data.gates, gate: self.data.gates[gate].with_state(state)}
        if gates != self.data.gates:
            self.data = replace(self.data, gates=gates)
            self.async_update_listeners()

    @callback
    def _async_receive_status(self, message: ReceiveMessage) -> None:
        try:
            status = Status.parse(_payload(message))
        except MessageError as error:
            self._drop("status", error)
            return
        if status.installation == self.config_entry.unique_id:
            self._async_ask_api(status)

    @callback
    def _async_ask_api(self, status: Status | None = None) -> None:
        """Refresh because of a message that proves nothing by itself."""

        async def ask() -> None:
            await self.async_request_refresh()
            if status is not None:
                async_note_moved(self.hass, self.config_entry, status)

        self.config_entry.async_create_task(self.hass, ask(), "facegate ask the recognizer")

    @callback
    def _drop(self, kind: str, error: MessageError) -> None:
        self.dropped[f"{kind} {error.reason}"] += 1
        LOGGER.debug("Dropped a message of kind %s: %s", kind, error.reason)

    @property
    def _key_mark(self) -> str:
        """Tells two keys apart without telling the key."""
        return hashlib.sha256(b"facegate positions " + self._key).hexdigest()[:16]

    def _kept(self) -> dict[str, Any]:
        """How far the messages have come, and how many an owner has looked at."""
        return {"key": self._key_mark, "positions": self._verifier.positions, "looked": self.issues.looked}


def kept_store(hass: HomeAssistant, entry: FaceGateConfigEntry) -> Store[dict[str, Any]]:
    """Return where one entry keeps what outlasts a restart."""
    return Store(hass, 1, f"{DOMAIN}.{entry.entry_id}")


def _payload(message: ReceiveMessage) -> bytes:
    payload = message.payload
    return payload.encode() if isinstance(payload, str) else bytes(payload)
