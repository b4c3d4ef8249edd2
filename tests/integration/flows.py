"""Config flows as the frontend walks them."""

from typing import Any

from homeassistant.config_entries import SOURCE_MQTT, SOURCE_USER
from homeassistant.core import HomeAssistant
from homeassistant.helpers.service_info.mqtt import MqttServiceInfo

from tests.integration.conftest import DOMAIN
from tests.integration.recognizer import API_URL, EVENT_KEY, SITE, TOKEN, TOPICS, URL

ENTRY_DATA = {
    "url": URL,
    "api": API_URL,
    "token": TOKEN,
    "event_key": EVENT_KEY.hex(),
    "site": SITE,
    "persons_told": False,
}
OTHER_INSTALLATION = "f" * 32
STRANGER = "http://192.0.2.66:8711"


async def start(hass: HomeAssistant) -> dict[str, Any]:
    return await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_USER})


async def fill(hass: HomeAssistant, flow: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return await hass.config_entries.flow.async_configure(flow["flow_id"], fields)


async def announce(hass: HomeAssistant, payload: bytes | str) -> dict[str, Any]:
    info = MqttServiceInfo(
        topic=TOPICS.status, payload=payload, qos=0, retain=True, subscribed_topic="facegate/+/status", timestamp=0.0
    )
    return await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_MQTT}, data=info)
