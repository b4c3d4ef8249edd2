"""What may be shown to whoever helps: useful, and nothing of it personal or secret."""

from http import HTTPStatus
from typing import Any

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.components.diagnostics import (
    get_diagnostics_for_config_entry,
    get_diagnostics_for_device,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.facegate.devices import gate_identifier
from tests.integration.conftest import DOMAIN, SetUp
from tests.integration.recognizer import (
    API_URL,
    EVENT_KEY,
    INSTALLATION,
    OTHER_KEY,
    TOKEN,
    URL,
    Recognizer,
    gate,
    make_event,
    make_state,
    publish_event,
    publish_state,
    told,
)
from tests.integration.troubles import SAFE, WELL, health

UNREADABLE = "r-0badc0de"


@pytest.fixture
async def house(hass: HomeAssistant, recognizer: Recognizer, entry: MockConfigEntry, set_up: SetUp) -> None:
    """A house with everything in it that nobody else should read."""
    hass.config_entries.async_update_entry(
        entry, options={"share_persons": True, "presence": True}, data={**entry.data, "persons_told": True}
    )
    recognizer.agreed = [told(1)]
    recognizer.people = {"an-alias": told(1)}
    recognizer.gates = [
        gate("stairs-of-resident-1", "Stairs of Resident 1", camera="silent", problems=["camera_frozen"]),
        gate("side", "Side gate"),
    ]
    recognizer.answers["get", "health"] = health(
        "leases_end", "unreadable", residents=WELL | {"leaving": 4}, unreadable=[UNREADABLE]
    )
    await set_up()
    for ms in (210, 190, 800):
        await publish_event(hass, make_event(gate="side", alias="an-alias", ms={"total": ms}))
    await publish_event(hass, make_event(gate="side"), key=OTHER_KEY)
    await publish_state(hass, make_state(gate="side", name="Side gate"), key=OTHER_KEY)


@pytest.mark.usefixtures("house")
async def test_diagnostics_hold_nothing_that_tells_who_or_opens_anything(
    hass: HomeAssistant, recognizer: Recognizer, entry: MockConfigEntry, hass_client: ClientSessionGenerator
) -> None:
    texts = [str(await get_diagnostics_for_config_entry(hass, hass_client, entry))]
    devices = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
    texts += [str(await get_diagnostics_for_device(hass, hass_client, entry, device)) for device in devices]
    assert len(texts) == 4  # the entry, the recognizer and its two gates
    person = told(1)
    secrets = {
        TOKEN, EVENT_KEY.hex(), URL, API_URL, INSTALLATION, entry.entry_id, UNREADABLE, "an-alias", "resident-alias",
        person["name"], person["person"], person["presence"], "Stairs", "stairs", "Side gate", "192.0.2",
        "recognizer.example", hass.config.location_name,
    }  # fmt: skip
    for text in texts:
        assert [secret for secret in secrets if secret.lower() in text.lower()] == []


@pytest.mark.usefixtures("house")
async def test_diagnostics_say_what_helps(
    hass: HomeAssistant, recognizer: Recognizer, entry: MockConfigEntry, hass_client: ClientSessionGenerator
) -> None:
    shown: Any = await get_diagnostics_for_config_entry(hass, hass_client, entry)
    stairs, side = shown.pop("gates")
    assert shown == {
        "integration": "0.1.0",
        "recognizer": "0.1.0",
        "is_app": False,
        "learns_persons": True,
        "options": {"share_persons": True, "presence": True, "residents_pages": False},
        "answers": True,
        "last_failure": None,
        "clock": "",
        "problems": ["leases_end", "unreadable"],
        "residents": {"unreadable": 1, "consents_outdated": 0, "leaving": 4},
        "broker": {"encrypted": SAFE["tls"], "anonymous": "refused"},
        "dropped_messages": {"event mac": 1, "state mac": 1},
    }
    assert (stairs["camera"], stairs["problems"], stairs["milliseconds_to_open"]) == ("silent", ["camera_frozen"], None)
    assert side["milliseconds_to_open"] == {"openings": 3, "median": 210, "nineteen_of_twenty": 800, "longest": 800}
    assert len(side["mark"]) == 16
    device = dr.async_get(hass).async_get_device_by_identifier(gate_identifier(entry, "side"), entry.entry_id)
    assert device is not None
    of_device: Any = await get_diagnostics_for_device(hass, hass_client, entry, device)
    assert of_device["gates"] == [side]


async def test_diagnostics_say_why_nothing_answers(
    hass: HomeAssistant,
    recognizer: Recognizer,
    entry: MockConfigEntry,
    set_up: SetUp,
    hass_client: ClientSessionGenerator,
) -> None:
    await set_up()
    recognizer.refuse("get", "gates", "fault", HTTPStatus.INTERNAL_SERVER_ERROR)
    await entry.runtime_data.async_refresh()
    shown: Any = await get_diagnostics_for_config_entry(hass, hass_client, entry)
    assert (shown["answers"], shown["last_failure"]) == (False, "UpdateFailed")
    assert hass.config_entries.async_entries(DOMAIN) == [entry]
