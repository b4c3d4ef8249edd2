"""A paired installation whose API is answered at the HTTP level and whose broker is Home Assistant's own mock."""

from collections.abc import Awaitable, Callable, Iterator
from unittest.mock import patch

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.camera import Camera
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    MockModule,
    MockPlatform,
    async_fire_time_changed,
    mock_integration,
    mock_platform,
)
from pytest_homeassistant_custom_component.test_util.aiohttp import AiohttpClientMocker

import custom_components.facegate  # first: else the plugin's own folder of custom components wins
from tests.integration.recognizer import API_URL, EVENT_KEY, INSTALLATION, SITE, TOKEN, URL, Recognizer

DOMAIN = custom_components.facegate.const.DOMAIN


@pytest.fixture(autouse=True)
def _custom_integrations(request: pytest.FixtureRequest) -> None:
    """Let the integration be found; a test's recorder wants to be there before anything of Home Assistant is."""
    if "recorder_mock" in request.fixturenames:
        request.getfixturevalue("recorder_mock")
    request.getfixturevalue("enable_custom_integrations")


@pytest.fixture
def expected_lingering_timers() -> bool:
    """The mocked MQTT client leaves its one-second timer."""
    return True


@pytest.fixture
def recognizer(aioclient_mock: AiohttpClientMocker) -> Recognizer:
    """The recognizer's API with one gate."""
    return Recognizer(aioclient_mock)


@pytest.fixture
def entry(hass: HomeAssistant) -> MockConfigEntry:
    """A paired entry, not set up yet."""
    entry = MockConfigEntry(
        domain=DOMAIN,
        title=f"FaceGate {SITE}",
        unique_id=INSTALLATION,
        data={
            "url": URL,
            "api": API_URL,
            "token": TOKEN,
            "event_key": EVENT_KEY.hex(),
            "site": SITE,
            "persons_told": False,
        },
    )
    entry.add_to_hass(hass)
    return entry


type SetUp = Callable[[], Awaitable[None]]


@pytest.fixture
def set_up(hass: HomeAssistant, mqtt_mock: object, recognizer: Recognizer, entry: MockConfigEntry) -> SetUp:
    """Set the entry up."""

    async def set_up() -> None:
        await hass.config_entries.async_setup(entry.entry_id)
        await hass.async_block_till_done()

    return set_up


type Settle = Callable[..., Awaitable[None]]


@pytest.fixture
def settle(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> Settle:
    """Let so many seconds pass; a clock that stands still between them makes no race of what is due."""

    async def settle(seconds: float = 11) -> None:
        await hass.async_block_till_done(wait_background_tasks=True)
        freezer.tick(seconds)
        async_fire_time_changed(hass)
        await hass.async_block_till_done(wait_background_tasks=True)

    return settle


@pytest.fixture
def no_set_up() -> Iterator[None]:
    """Keep a flow's new entry from being set up: the flow alone is under test."""
    with patch("custom_components.facegate.async_setup_entry", return_value=True):
        yield


class StreamingCamera(Camera):
    """A camera with or without a stream."""

    def __init__(self, name: str, source: str | None, *, on: bool = True) -> None:
        super().__init__()
        self._attr_name = name
        self._attr_unique_id = name
        self._attr_is_on = on
        self._source = source

    async def stream_source(self) -> str | None:
        return self._source


@pytest.fixture
async def cameras(hass: HomeAssistant) -> None:
    """Three cameras of another integration: one with a stream, one without, one that is off."""

    async def set_up_platform(hass: HomeAssistant, config: object, add: Callable[..., None], info: object) -> None:
        add(
            [
                StreamingCamera("door", "rtsp://viewer:secret@192.0.2.7/stream"),
                StreamingCamera("still", None),
                StreamingCamera("asleep", "rtsp://192.0.2.8/stream", on=False),
            ]
        )

    mock_integration(hass, MockModule("cameramaker"))
    mock_platform(hass, "cameramaker.camera", MockPlatform(async_setup_platform=set_up_platform))
    assert await async_setup_component(hass, "camera", {"camera": {"platform": "cameramaker"}})
    await hass.async_block_till_done()
