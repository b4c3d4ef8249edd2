"""Keys by the API, on the command line and in the panel, and what answers while the site key is locked."""

import asyncio
import json
import subprocess
import sys
from base64 import b64decode
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import aiohttp
import pytest

from facegate.adapters import local_access, passphrase
from facegate.adapters.store import Store
from facegate.core.audit import Act
from facegate.web import locked
from facegate.web.server import LOOPBACK
from tests.parts.broker import Mosquitto
from tests.parts.recognizer import Recognizer, facegate, free_port
from tests.parts.waiting import wait_for
from tests.parts.web import LOCAL_TOKEN, Site, running_site, settings

PASSPHRASE = "correct horse battery staple"


@pytest.fixture
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """A guess costs a quarter of a second, and so would every test."""
    monkeypatch.setattr(passphrase, "_N", 2**4)


@pytest.fixture
async def site(tmp_path: Path, cheap: None) -> AsyncIterator[Site]:
    async with running_site(tmp_path / "data") as running:
        yield running


async def test_the_api_changes_keys_and_writes_down_who_did(site: Site) -> None:
    site.store.add_resident("Resident 1")
    answer = await site.ask("PUT", "/keys/passphrase", {"passphrase": PASSPHRASE}, token=LOCAL_TOKEN)
    assert answer.status == 204
    standing = (await site.ask("GET", "/keys", token=LOCAL_TOKEN)).content
    assert standing["locked"] is True
    assert standing["counts"]["residents"] == 1
    wrapped = (await site.ask("POST", "/keys/site", token=LOCAL_TOKEN)).content["keys"]
    assert wrapped >= 1
    assert (await site.ask("POST", "/keys/templates", token=LOCAL_TOKEN)).content == {"templates": 0}
    deeds = [(deed.actor, deed.act, deed.reason) for deed in site.store.acts(10)]
    assert [reason for _, act, reason in deeds if act is Act.REKEYED] == [
        "templates renewed", "new site key", "passphrase set",
    ]  # fmt: skip
    assert all(actor and PASSPHRASE not in actor for actor, _, _ in deeds)


async def test_an_export_comes_back_by_the_api(site: Site, tmp_path: Path) -> None:
    resident = site.store.add_resident("Resident 1").id
    answer = await site.ask("POST", "/keys/export", {"passphrase": PASSPHRASE}, token=LOCAL_TOKEN)
    (tmp_path / "export").write_bytes(b64decode(answer.content["export"]))
    (site.store.data / "keys" / "residents" / resident).unlink()
    request = {"path": str(tmp_path / "export"), "passphrase": "another one, not the right one"}
    assert (await site.ask("POST", "/keys/import", request, token=LOCAL_TOKEN)).problem() == "invalid"
    answer = await site.ask("POST", "/keys/import", request | {"passphrase": PASSPHRASE}, token=LOCAL_TOKEN)
    assert answer.content["brought"] == 1
    assert [one.name for one in site.store.residents()] == ["Resident 1"]
    missing = await site.ask("POST", "/keys/import", request | {"path": str(tmp_path / "none")}, token=LOCAL_TOKEN)
    assert missing.problem() == "invalid"


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/keys", None),
        ("PUT", "/keys/passphrase", {"passphrase": None}),
        ("POST", "/keys/site", None),
        ("POST", "/keys/templates", None),
        ("POST", "/keys/export", {"passphrase": PASSPHRASE}),
        ("POST", "/keys/import", {"path": "/etc/passwd", "passphrase": PASSPHRASE}),
    ],
)
async def test_no_token_of_a_pairing_reaches_keys(site: Site, method: str, path: str, body: dict[str, str]) -> None:
    assert (await site.ask(method, path, body)).problem() == "unauthenticated"
    assert (await site.ask(method, path, body, token=await site.pair())).problem() == "forbidden"


# While the key is locked


class Waiting:
    """The listeners of a locked service, whose passphrase is PASSPHRASE."""

    def __init__(self, data: Path) -> None:
        self.settings = settings(data, api_port=free_port(), ingress_port=free_port())
        self.stopped = asyncio.Event()
        self.tried: list[str] = []
        self.task = asyncio.create_task(locked.wait(self.settings, self.opens, self.stopped, ingress_from=LOOPBACK))

    async def opens(self, given: str) -> bool:
        self.tried.append(given)
        return given == PASSPHRASE

    async def up(self) -> None:
        while local_access.find(self.settings.data) is None:
            assert not self.task.done(), self.task.result()
            await asyncio.sleep(0.01)

    @property
    def api(self) -> str:
        return f"http://127.0.0.1:{self.settings.api_port}/api/v1"

    @property
    def page(self) -> str:
        return f"http://127.0.0.1:{self.settings.ingress_port}"


@pytest.fixture
async def waiting(tmp_path: Path) -> AsyncIterator[Waiting]:
    waiting = Waiting(tmp_path)
    await waiting.up()
    yield waiting
    waiting.stopped.set()
    await waiting.task


@pytest.fixture
async def client() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def test_while_locked_everything_says_so(waiting: Waiting, client: aiohttp.ClientSession) -> None:
    async with client.get(f"{waiting.api}/health") as answer:
        assert (answer.status, (await answer.json())["locked"]) == (200, True)
    for method, path in (("GET", "/residents"), ("POST", "/gates/main/open"), ("GET", "/")):
        async with client.request(method, waiting.api + path) as answer:
            assert answer.status == 503
            assert answer.content_type == "application/problem+json"
            assert (await answer.json(content_type=None))["type"] == "urn:facegate:problem:locked"


@pytest.mark.parametrize(("language", "title"), [("en", "FaceGate is locked"), ("zh-CN", "FaceGate 已锁定")])
async def test_the_panel_asks_for_the_passphrase(
    waiting: Waiting, client: aiohttp.ClientSession, language: str, title: str
) -> None:
    async with client.get(f"{waiting.page}/residents", headers={"Accept-Language": language}) as answer:
        page = await answer.text()
        assert title in page
        assert 'type="password"' in page
    async with client.post(f"{waiting.page}/unlock", json={"passphrase": PASSPHRASE}) as answer:
        assert answer.status == 200
    assert await waiting.task == PASSPHRASE


async def test_a_form_of_another_site_cannot_try_passphrases(waiting: Waiting, client: aiohttp.ClientSession) -> None:
    async with client.post(f"{waiting.page}/unlock", data={"passphrase": PASSPHRASE}) as answer:
        assert answer.status == 422
    async with client.post(f"{waiting.api}/keys/unlock", json={"passphrase": PASSPHRASE}) as answer:
        assert answer.status == 401
    assert waiting.tried == []


async def test_guesses_are_counted(waiting: Waiting, client: aiohttp.ClientSession) -> None:
    for _ in range(10):
        async with client.post(f"{waiting.page}/unlock", json={"passphrase": "a guess"}) as answer:
            assert answer.status == 422
    async with client.post(f"{waiting.page}/unlock", json={"passphrase": PASSPHRASE}) as answer:
        assert answer.status == 429
    assert PASSPHRASE not in waiting.tried


# The real service and the real commands


def command(data: Path, *arguments: str, said: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "facegate.cli", "keys", *arguments, "--data", str(data)],
        input=said, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


@pytest.fixture
def locked_recognizer(tmp_path: Path) -> Iterator[Recognizer]:
    data = tmp_path / "data"
    with Store.open(data) as store:
        store.add_resident("Resident 1")
        store.set_passphrase(PASSPHRASE)
    with Mosquitto(tmp_path) as broker:
        recognizer = Recognizer(data, broker.port)
        try:
            yield recognizer
        finally:
            recognizer.stop()


def test_a_locked_service_waits_is_unlocked_and_works(locked_recognizer: Recognizer) -> None:
    locked_recognizer.start()
    assert locked_recognizer.api("GET", "/health")["locked"] is True
    assert "facegate keys unlock" in locked_recognizer.log()
    doctor = facegate("doctor", "--json", data=locked_recognizer.data)
    assert doctor.returncode == 1, doctor.stderr
    told = {finding["what"]: finding for finding in json.loads(doctor.stdout)}
    assert told["service"]["found"].endswith("runs")
    assert told["site key"]["found"].startswith("locked")
    assert "facegate keys unlock" in told["site key"]["advice"]
    assert "broker" not in told, "nobody knows while it is locked"
    wrong = command(locked_recognizer.data, "unlock", said="not the right one\n")
    assert wrong.returncode == 1
    assert "not the passphrase" in wrong.stderr
    assert command(locked_recognizer.data, "unlock", said=f"{PASSPHRASE}\n").returncode == 0
    wait_for(lambda: _works(locked_recognizer))
    status = command(locked_recognizer.data, "status")
    assert status.returncode == 0, status.stderr
    assert "under a passphrase" in status.stdout
    assert PASSPHRASE not in locked_recognizer.log()


def _works(recognizer: Recognizer) -> bool:
    """Whether it is unlocked, and commands find it."""
    try:
        unlocked = "locked" not in recognizer.api("GET", "/health")
    except OSError:  # between the two listeners
        return False
    return unlocked and local_access.find(recognizer.data) is not None


def test_the_commands_work_where_no_service_runs(tmp_path: Path) -> None:
    data, export = tmp_path / "data", tmp_path / "export"
    with Store.open(data) as store:
        resident = store.add_resident("Resident 1").id
    assert command(data, "export", str(export), said=f"{PASSPHRASE}\n").returncode == 0
    (data / "keys" / "residents" / resident).unlink()
    (data / "keys" / "site.key").unlink()
    brought = command(data, "import", str(export), said=f"{PASSPHRASE}\n")
    assert "site key was missing and is put back" in brought.stderr
    assert "1 keys are put back" in brought.stderr
    assert command(data, "passphrase", said=f"{PASSPHRASE}\n").returncode == 0
    rotated = command(data, "rotate", "--yes", said=f"{PASSPHRASE}\n")
    assert "wrapped by a new site key" in rotated.stderr
    with Store.open(data, passphrase=PASSPHRASE) as store:
        assert [one.name for one in store.residents()] == ["Resident 1"]
