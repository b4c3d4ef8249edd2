"""Who an event was about, where the owner has switched that on: asked for once, told to those who may know, forgotten.

Nothing here is ever written down. What a state carries is the random id of its context; who that was is known to this
object alone, for the few events before the next ones push it out, and never to an entity of a gate.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from homeassistant.core import CALLBACK_TYPE, Context, HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from .client import FaceGateClient
from .const import CONF_PERSONS_TOLD, CONF_PRESENCE, CONF_SHARE_PERSONS, DOMAIN, LOGGER
from .errors import FaceGateError, RefusedError, UnauthorizedError
from .messages import GRANTED, GateEvent
from .models import Told

if TYPE_CHECKING:
    from .coordinator import FaceGateConfigEntry

SHARING: Final = (CONF_SHARE_PERSONS, CONF_PRESENCE)
"""Options for which the recognizer has to tell who somebody is."""

PATIENCE: Final = 3  # seconds; a welcome that comes later is none, and a recognizer at home answers in milliseconds
REMEMBERED: Final = 32
"""Events back: a passage follows its opening at once, and so does an automation its event."""

type Listener = Callable[[GateEvent, Told | None], None]


def learns_persons(options: Mapping[str, Any]) -> bool:
    """Whether these options need a token that learns who somebody is."""
    return any(options.get(option) for option in SHARING)


class Identities:
    """Resolves each alias once, without holding up the event that it came with."""

    def __init__(self, hass: HomeAssistant, entry: FaceGateConfigEntry, client: FaceGateClient) -> None:
        """Know nobody yet."""
        self._hass = hass
        self._entry = entry
        self._client = client
        self._contexts: OrderedDict[tuple[int, int], Context] = OrderedDict()
        self._told: OrderedDict[str, asyncio.Task[Told | None]] = OrderedDict()
        self._openings: OrderedDict[str, asyncio.Task[Told | None]] = OrderedDict()
        self._listeners: list[Listener] = []

    @callback
    def async_add_listener(self, listener: Listener) -> CALLBACK_TYPE:
        """Call ``listener`` with each event and who it was about, once that is known."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    @callback
    def async_begin(self, event: GateEvent) -> None:
        """Begin to ask who this was. A passage was whoever the opening before it was for."""
        if event.type == GRANTED and event.alias:
            asking = self._entry.async_create_task(
                self._hass, self._ask(event), "facegate ask who it was", eager_start=False
            )
            if event.opening:
                _remember(self._openings, event.opening, asking)
        elif (earlier := self._openings.get(event.opening)) is not None:
            asking = earlier
        else:
            return
        context = Context()
        _remember(self._contexts, (event.boot, event.seq), context)
        _remember(self._told, context.id, asking)
        self._entry.async_create_task(
            self._hass, self._tell(event, asking), "facegate tell who it was", eager_start=False
        )

    @callback
    def async_context(self, event: GateEvent) -> Context:
        """Return what ties the state that shows ``event`` to who it was; it says nothing by itself.

        Never the one of an event before: a stranger must not be taken for the resident who came a second earlier.
        """
        return self._contexts.get((event.boot, event.seq)) or Context()

    async def async_person(self, context: str) -> Told | None:
        """Return whom the gate had opened for in the event of this context; ``None`` where nobody may know."""
        asking = self._told.get(context)
        return None if asking is None else await asyncio.shield(asking)

    async def _ask(self, event: GateEvent) -> Told | None:
        try:
            async with asyncio.timeout(PATIENCE):
                return await self._client.event_person(event.alias)
        except (FaceGateError, TimeoutError) as error:
            LOGGER.warning("The recognizer did not tell who an event was about: %r", error)
            if isinstance(error, RefusedError | UnauthorizedError):
                async_note_taken_back(self._hass, self._entry)
            return None

    async def _tell(self, event: GateEvent, asking: asyncio.Task[Told | None]) -> None:
        told = await asyncio.shield(asking)
        for listener in tuple(self._listeners):
            listener(event, told)


async def async_give_back_persons(hass: HomeAssistant, entry: FaceGateConfigEntry) -> None:
    """Give back what the options no longer need; asks nothing where there is nothing to give back."""
    ir.async_delete_issue(hass, DOMAIN, _taken_back(entry))
    if entry.options.get(CONF_SHARE_PERSONS):
        ir.async_delete_issue(hass, DOMAIN, _not_shared(entry))
    if learns_persons(entry.options) or not entry.data.get(CONF_PERSONS_TOLD):
        return
    try:
        await entry.runtime_data.client.stop_learning_persons()
    except FaceGateError as error:
        LOGGER.warning("The recognizer could not be told that persons are no longer shared; trying again: %r", error)
        return  # at the next set-up, since the entry still says so
    hass.config_entries.async_update_entry(entry, data={**entry.data, CONF_PERSONS_TOLD: False})


@callback
def async_clear_notes(hass: HomeAssistant, entry: FaceGateConfigEntry) -> None:
    """Take back what was told of an entry."""
    for issue in (_taken_back(entry), _not_shared(entry)):
        ir.async_delete_issue(hass, DOMAIN, issue)


@callback
def async_note_taken_back(hass: HomeAssistant, entry: FaceGateConfigEntry) -> None:
    """Tell the owner that the recognizer tells of nobody any more, though the options ask for it."""
    _note(hass, entry, _taken_back(entry), "persons_taken_back")


@callback
def async_note_not_shared(hass: HomeAssistant, entry: FaceGateConfigEntry) -> None:
    """Tell the owner that an automation waits for persons and will never run: that is switched off again."""
    _note(hass, entry, _not_shared(entry), "persons_not_shared")


def _note(hass: HomeAssistant, entry: FaceGateConfigEntry, issue: str, text: str) -> None:
    ir.async_create_issue(
        hass,
        DOMAIN,
        issue,
        is_fixable=False,
        severity=ir.IssueSeverity.WARNING,
        translation_key=text,
        translation_placeholders={"name": entry.title},
    )


def _taken_back(entry: FaceGateConfigEntry) -> str:
    return f"persons_taken_back_{entry.entry_id}"


def _not_shared(entry: FaceGateConfigEntry) -> str:
    return f"persons_not_shared_{entry.entry_id}"


def _remember[K, V](known: OrderedDict[K, V], key: K, value: V) -> None:
    known[key] = value
    while len(known) > REMEMBERED:
        known.popitem(last=False)
