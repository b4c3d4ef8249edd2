"""An app that starts before the Supervisor or the broker, as after a power cut: it waits, says so, and then works."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from html import unescape
from itertools import islice
from pathlib import Path

import aiohttp
import pytest

from facegate.adapters import local_access
from facegate.adapters.supervisor import TOKEN_VARIABLE, Lack
from facegate.settings import Broker, Settings
from facegate.web import schemas, waiting
from facegate.web.panel.words import words
from facegate.web.server import LOOPBACK, WebError
from tests.fakes.supervisor import TOKEN, running_supervisor
from tests.parts.broker import Mosquitto
from tests.parts.recognizer import Recognizer, facegate, free_port
from tests.parts.waiting import eventually
from tests.parts.web import settings

MQTT = {"host": "core-mosquitto", "port": 1883, "username": "addons", "password": "s3cret", "ssl": False}


def test_tries_become_rarer_and_never_end() -> None:
    assert list(islice(waiting.pauses(), 8)) == [1, 2, 4, 8, 16, 30, 30, 30]


@pytest.fixture
def given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv(TOKEN_VARIABLE, TOKEN)
    monkeypatch.setattr(waiting, "FIRST_SECONDS", 0.05)
    monkeypatch.setattr(waiting, "LONGEST_SECONDS", 0.05)
    return settings(tmp_path / "data", api_port=free_port(), ingress_port=free_port())


@asynccontextmanager
async def trying(given: Settings, url: str) -> AsyncIterator[asyncio.Task[Settings | None]]:
    """What waits, once it answers; stopped in the end."""
    stopped = asyncio.Event()
    task = asyncio.create_task(waiting.complete(given, stopped, ingress_from=LOOPBACK, url=url))
    await eventually(lambda: task.done() or local_access.find(given.data))
    try:
        yield task
    finally:
        stopped.set()
        await asyncio.wait({task})


async def test_a_supervisor_that_comes_late_is_waited_for(given: Settings, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    port = free_port()
    async with trying(given, f"http://127.0.0.1:{port}") as task:
        assert not task.done()
        async with running_supervisor(port=port) as late:  # it answers, and has no broker
            await eventually(lambda: "no MQTT broker" in caplog.text)
            late.mqtt = MQTT
            told = await task
    assert told is not None
    assert told.broker == Broker("core-mosquitto", 1883, "addons", "s3cret")
    assert caplog.text.count("Supervisor does not answer: ") == 1
    assert caplog.text.count("no MQTT broker: ") == 1
    assert caplog.text.count("FaceGate starts") == 1
    assert "s3cret" not in caplog.text
    assert local_access.find(given.data) is None


@pytest.mark.parametrize("lack", Lack)
async def test_whoever_looks_meanwhile_is_told_what_is_waited_for(given: Settings, lack: Lack) -> None:
    api, page = (f"http://127.0.0.1:{port}" for port in (given.api_port, given.ingress_port))
    async with running_supervisor() as known, aiohttp.ClientSession() as client:
        url = known.url if lack is Lack.BROKER else f"http://127.0.0.1:{free_port()}"
        async with trying(given, url):
            async with client.get(f"{api}/api/v1/health") as answer:
                assert answer.status == 200, "or health checks end what only has to wait"
                health = await answer.json()
                schemas.HEALTH(health)
                assert (health["ok"], health["waiting"]) == (False, str(lack))
            async with client.get(f"{api}/api/v1/gates") as answer:
                assert answer.status == 503
                assert (await answer.json(content_type=None))["type"] == "urn:facegate:problem:waiting"
            for language in ("en", "zh-Hans"):
                async with client.get(f"{page}/residents", headers={"Accept-Language": language}) as answer:
                    shown = unescape(await answer.text())
                    assert words(language)["waiting.title"] in shown
                    assert words(language)["waiting.still"] in shown
                    assert 'http-equiv="refresh"' in shown


async def test_it_stops_when_it_is_told_to(given: Settings) -> None:
    async with running_supervisor() as known:
        async with trying(given, known.url) as task:
            assert not task.done()
        assert task.result() is None
        async with trying(given, known.url) as again:
            assert not again.done(), "the ports are free again"


async def test_what_no_waiting_mends_ends_it(given: Settings) -> None:
    async with running_supervisor() as known, trying(given, known.url), trying(given, known.url) as second:
        with pytest.raises(WebError, match="in use by another program"):
            await second


# The real service


async def test_the_app_outlasts_a_late_broker_and_works(tmp_path: Path) -> None:
    with Mosquitto(tmp_path / "broker") as broker:
        async with running_supervisor() as home:
            recognizer = Recognizer(
                tmp_path / "data", None, given={TOKEN_VARIABLE: TOKEN, "FACEGATE_SUPERVISOR": home.url}
            )
            try:
                await asyncio.to_thread(recognizer.start)
                health = await asyncio.to_thread(recognizer.api, "GET", "/health")
                assert health["waiting"] == "broker"
                examined = await asyncio.to_thread(facegate, "doctor", "--json", data=recognizer.data)
                assert examined.returncode == 1
                assert words("en")["waiting.broker"] in [finding["advice"] for finding in json.loads(examined.stdout)]
                home.mqtt = {"host": broker.host, "port": broker.port, "ssl": False}
                await eventually(lambda: home.discoveries, shows=recognizer.log)
                health = await asyncio.to_thread(recognizer.api, "GET", "/health")
                assert "waiting" not in health
            finally:
                code = await asyncio.to_thread(recognizer.stop)
    assert code == 0, recognizer.log()
    assert recognizer.log().count("Home Assistant has no MQTT broker") == 1
    assert "Traceback" not in recognizer.log()


def test_the_app_stops_while_it_waits(tmp_path: Path) -> None:
    nobody = {TOKEN_VARIABLE: TOKEN, "FACEGATE_SUPERVISOR": f"http://127.0.0.1:{free_port()}"}
    recognizer = Recognizer(tmp_path / "data", None, given=nobody)
    recognizer.start()
    assert recognizer.stop() == 0
    assert recognizer.log().count("Supervisor does not answer") == 1
    assert "Traceback" not in recognizer.log()
    assert not (recognizer.data / "facegate.db").exists()
