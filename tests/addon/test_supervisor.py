"""What FaceGate asks of Home Assistant's Supervisor, and what it makes of odd answers."""

import socket
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from facegate.adapters.supervisor import DISCOVERY, TOKEN_VARIABLE, Supervisor, SupervisorError, announce, complete
from facegate.settings import Broker, Settings
from tests.fakes.supervisor import TOKEN, running_supervisor

MQTT = {
    "addon": "core_mosquitto",
    "host": "core-mosquitto",
    "port": "1883",
    "ssl": False,
    "username": "addons",
    "password": "s3cret",
    "protocol": "3.1.1",
}


async def test_the_broker_comes_from_the_supervisor() -> None:
    async with running_supervisor(mqtt=MQTT) as known, aiohttp.ClientSession() as session:
        broker = await Supervisor(session, TOKEN, known.url).mqtt_service()
    assert broker == Broker("core-mosquitto", 1883, "addons", "s3cret", tls=False)
    assert "s3cret" not in repr(broker)


async def test_a_broker_without_accounts_is_one_too() -> None:
    mqtt = {"host": "broker", "port": 8883, "ssl": True, "username": None}
    async with running_supervisor(mqtt=mqtt) as known, aiohttp.ClientSession() as session:
        assert await Supervisor(session, TOKEN, known.url).mqtt_service() == Broker("broker", 8883, tls=True)


async def test_no_broker_is_no_error() -> None:
    async with running_supervisor() as known, aiohttp.ClientSession() as session:
        assert await Supervisor(session, TOKEN, known.url).mqtt_service() is None


async def test_the_announcement_holds_no_secret_and_can_be_withdrawn() -> None:
    async with running_supervisor() as known, aiohttp.ClientSession() as session:
        supervisor = Supervisor(session, TOKEN, known.url)
        api = f"http://{await supervisor.hostname()}:8711"
        proposal = await supervisor.announce(installation="0" * 32, site="home", api=api)
        await supervisor.withdraw(proposal)
    assert known.discoveries == [
        {
            "service": DISCOVERY,
            "config": {"installation": "0" * 32, "site": "home", "api": "http://a0b1c2d3-facegate:8711"},
        }
    ]


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param({"status": 403, "text": '{"result": "error"}'}, id="refused"),
        pytest.param({"status": 502, "text": "Bad gateway"}, id="no JSON"),
        pytest.param({"status": 200, "text": "[]"}, id="no object"),
        pytest.param({"status": 200, "text": '{"result": "ok"}'}, id="no data"),
        pytest.param({"status": 200, "text": '{"data": {"host": "", "port": 1883}}'}, id="no host"),
        pytest.param({"status": 200, "text": '{"data": {"host": "broker", "port": "many"}}'}, id="no port"),
        pytest.param({"status": 302, "headers": {"Location": "http://elsewhere.example/"}}, id="redirect"),
    ],
)
async def test_an_odd_answer_is_one_sentence_that_says_what_to_do(answer: dict[str, Any]) -> None:
    async with running_supervisor(answer=web.Response(**answer)) as known, aiohttp.ClientSession() as session:
        with pytest.raises(SupervisorError, match=r"^[^.]+: [^.]+\.$"):
            await Supervisor(session, TOKEN, known.url).mqtt_service()


async def test_a_supervisor_that_is_gone_is_said_so() -> None:
    async with running_supervisor() as known:
        url = known.url
    async with aiohttp.ClientSession() as session:
        with pytest.raises(SupervisorError, match="does not answer"):
            await Supervisor(session, TOKEN, url).mqtt_service()


GIVEN = Settings(Path("/data"), Path("/models"))


@pytest.fixture
def inside_the_app(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TOKEN_VARIABLE, TOKEN)


@pytest.mark.usefixtures("inside_the_app")
async def test_what_the_owner_left_open_comes_from_the_supervisor() -> None:
    async with running_supervisor(mqtt=MQTT) as known:
        settings = await complete(GIVEN, url=known.url)
    assert settings == replace(
        GIVEN,
        broker=Broker("core-mosquitto", 1883, "addons", "s3cret"),
        api_url="http://a0b1c2d3-facegate:8711",
        residents_url="http://homeassistant.local:8712",
        residents_url_guessed=True,
    )


@pytest.mark.usefixtures("inside_the_app")
async def test_what_the_owner_said_stands() -> None:
    urls = {"api_url": "http://192.168.1.10:8711", "residents_url": "https://gate.example"}
    given = replace(GIVEN, broker=Broker("broker.example", 8883, tls=True), **urls)
    async with running_supervisor(mqtt=MQTT) as known:
        assert await complete(given, url=known.url) == given


@pytest.mark.usefixtures("inside_the_app")
async def test_with_a_broker_in_the_options_no_gate_waits_for_the_supervisor() -> None:
    given = replace(GIVEN, broker=Broker("broker.example", 8883, tls=True))
    async with running_supervisor(answer=web.Response(status=502, text="Bad gateway")) as known:
        settings = await complete(given, url=known.url)
    assert settings.broker == given.broker
    assert settings.api_url == f"http://{socket.gethostname()}:8711", "the Supervisor names the container like this"


@pytest.mark.usefixtures("inside_the_app")
async def test_no_broker_anywhere_is_one_sentence_that_says_what_to_do() -> None:
    async with running_supervisor() as known:
        with pytest.raises(SupervisorError, match=r"^Home Assistant has no MQTT broker: install [^.]+\.$"):
            await complete(GIVEN, url=known.url)


async def test_outside_of_home_assistant_nothing_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(TOKEN_VARIABLE, raising=False)
    async with running_supervisor(answer=web.Response(status=500)) as known:
        assert await complete(GIVEN, url=known.url) == GIVEN


@pytest.mark.usefixtures("inside_the_app")
async def test_home_assistant_is_told_of_the_app() -> None:
    given = replace(GIVEN, site="home", api_url="http://a0b1c2d3-facegate:8711")
    async with running_supervisor() as known:
        await announce(given, "0" * 32, url=known.url)
        assert [told["config"] for told in known.discoveries] == [
            {"installation": "0" * 32, "site": "home", "api": "http://a0b1c2d3-facegate:8711"}
        ]


async def test_outside_of_home_assistant_nobody_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(TOKEN_VARIABLE, raising=False)
    async with running_supervisor() as known:
        await announce(GIVEN, "0" * 32, url=known.url)
        assert known.discoveries == []
