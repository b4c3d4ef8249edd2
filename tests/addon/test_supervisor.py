"""What FaceGate asks of Home Assistant's Supervisor, and what it makes of odd answers."""

from typing import Any

import aiohttp
import pytest
from aiohttp import web

from facegate.adapters.supervisor import DISCOVERY, TOKEN_VARIABLE, Supervisor, SupervisorError
from facegate.settings import Broker
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


async def test_outside_of_home_assistant_there_is_no_supervisor(monkeypatch: pytest.MonkeyPatch) -> None:
    async with aiohttp.ClientSession() as session:
        monkeypatch.delenv(TOKEN_VARIABLE, raising=False)
        assert Supervisor.here(session) is None
        monkeypatch.setenv(TOKEN_VARIABLE, TOKEN)
        assert Supervisor.here(session) is not None
