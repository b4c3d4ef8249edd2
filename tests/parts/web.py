"""The real API and the real pages on loopback, on a real store in a temporary folder."""

import os
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from typing import Any

import aiohttp

from facegate.adapters.store import NotFoundError, Store
from facegate.commissioning import Commissionings
from facegate.core.leaving import Terms
from facegate.core.models import Camera, Frame, Image
from facegate.core.retention import Retention
from facegate.credentials.learning import Lessons
from facegate.opening import Openings
from facegate.orders import Orders
from facegate.residents.application import admit
from facegate.residents.consents import Consents
from facegate.residents.enrolling import Enrolling
from facegate.residents.inviting import Inviting
from facegate.residents.keys import Keys
from facegate.residents.leaving import Departures
from facegate.residents.links import Links
from facegate.residents.looks import Looks
from facegate.residents.paperwork import Paperwork
from facegate.residents.passes import Passes
from facegate.residents.persons import Persons
from facegate.residents.privacy import Privacy
from facegate.residents.rights import Rights
from facegate.residents.snapshots import Snapshots
from facegate.settings import Settings, make_settings
from facegate.vision import Models, load
from facegate.vision.preview import Preview, look
from facegate.web import server
from facegate.web.pairing import Pairing
from facegate.web.previews import Previews
from facegate.web.services import Services
from tests.fakes.gate_side import GateSide

_CACHE = Path(__file__).parents[2] / ".cache"
PEOPLE = Path(os.environ.get("FACEGATE_PEOPLE") or _CACHE / "people")
MODELS = Path(os.environ.get("FACEGATE_MODELS") or _CACHE / "models")
API_URL = "http://recognizer.example:8711"
RESIDENTS_URL = "http://house.example:8712"
LOCAL_TOKEN = "local-token-of-this-run"


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class _EveryGate(dict[str, GateSide]):
    """One link for whatever gate a test makes."""

    def __init__(self, link: GateSide) -> None:
        super().__init__()
        self._link = link

    def get(self, gate: str, default: Any = None) -> GateSide:
        return self._link


@cache
def _models() -> Models:
    """The real models, read by the first test that enrols."""
    return load(make_settings({}, data=MODELS, models=MODELS))


def _look(store: Store, camera: str, scenes: Mapping[str, Image]) -> Preview | None:
    """What the camera of that name sees, through the real detector."""
    if camera not in scenes:
        return None
    (placed,) = [known for known in store.cameras() if known.id == camera]
    return look(_models(), placed, Frame(camera, 1, scenes[camera], time.monotonic()))


@dataclass
class Site:
    """One running recognizer's web side, and a client for it."""

    store: Store
    services: Services
    gate_side: GateSide
    running: server.Running
    session: aiohttp.ClientSession
    clock: Clock
    scenes: dict[str, Image] = field(default_factory=dict)
    """What the cameras see now, by camera; nothing where none is named."""

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.running.api_port}/api/v1"

    @property
    def pages(self) -> str:
        return f"http://127.0.0.1:{self.running.ingress_port}"

    @property
    def residents(self) -> str:
        """Where residents' own pages are."""
        return f"http://127.0.0.1:{self.running.residents_port}"

    async def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        token: str = "",
        headers: Mapping[str, str] | None = None,
        data: bytes | None = None,
    ) -> Reply:
        sent = dict(headers or {})
        if token:
            sent["Authorization"] = f"Bearer {token}"
        if data is not None:
            sent.setdefault("Content-Type", "application/json")
        async with self.session.request(method, self.base + path, json=body, data=data, headers=sent) as response:
            raw = await response.read()
            is_json = response.content_type.endswith("json")
            content = (await response.json(content_type=None)) if raw and is_json else None
            return Reply(response.status, response.content_type, dict(response.headers), raw, content)

    async def pair(self, *scopes: str) -> str:
        """Pair as Home Assistant does and return the token."""
        body = {"code": self.services.pairing.make_code(), "name": "Home Assistant"}
        reply = await self.ask("POST", "/pair", body | ({"scopes": list(scopes)} if scopes else {}))
        assert reply.status == 201, reply.raw
        return str(reply.content["token"])


@dataclass(frozen=True)
class Reply:
    status: int
    content_type: str
    headers: dict[str, str]
    raw: bytes
    content: Any

    def problem(self) -> str:
        """The translation key of the problem that this is; fails where it is none."""
        assert self.content_type == "application/problem+json", self.raw
        assert self.content["status"] == self.status
        assert self.content["title"]
        assert self.content["detail"].endswith(".")
        return str(self.content["type"]).removeprefix("urn:facegate:problem:")


def settings(data: Path, **changes: Any) -> Settings:
    return Settings(
        **{"data": data, "models": data, "api_host": "127.0.0.1", "api_port": 0, "ingress_port": 0, "residents_port": 0}
        | changes
    )


@dataclass
class SceneEye:
    """A camera that sees one scene of a test until the test puts another in its place."""

    camera: Camera
    scenes: dict[str, Image]
    number: int = 0

    def latest(self, after: int) -> Frame | None:
        self.number += 1
        image = self.scenes.get(self.camera.id)
        return None if image is None else Frame(self.camera.id, self.number, image, time.monotonic())

    def release(self) -> None:
        """Nothing of a gate is here to be let go."""


def _eye(store: Store, scenes: dict[str, Image], camera: str, _: str) -> SceneEye:
    found = next((one for one in store.cameras() if one.id == camera), None)
    if found is None:
        raise NotFoundError(f"There is no camera '{camera}': add it first.")
    return SceneEye(found, scenes)


@asynccontextmanager
async def running_site(
    data: Path, ingress_from: frozenset[str] = server.LOOPBACK, *, by_password: bool = False
) -> AsyncIterator[Site]:
    store = Store.open(data)
    gate_side, clock = GateSide(), Clock()
    scenes: dict[str, Image] = {}
    openings = Openings(store, _EveryGate(gate_side), gate_side.announce)
    orders = Orders(store, _EveryGate(gate_side), gate_side.changed)
    consents = Consents(store)
    links = Links(store, RESIDENTS_URL)
    enrolling = Enrolling(store, _models, consents, partial(_eye, store, scenes), gate_side.changed)
    services = Services(
        store=store,
        commissionings=Commissionings(store, {}, openings, orders, "home"),
        change_key=gate_side.change_key,
        openings=openings,
        orders=orders,
        lessons=Lessons(store, _EveryGate(gate_side), gate_side.changed, time.monotonic),
        pairing=Pairing(clock),
        site="home",
        api=API_URL,
        event_key=store.event_key(),
        health=lambda: gate_side.health,
        press=gate_side.press,
        person=gate_side.people.get,
        admit=lambda application: admit(store, _models(), application),
        changed=gate_side.changed,
        consents=consents,
        enrolling=enrolling,
        inviting=Inviting(store, _models, enrolling, links, gate_side.changed),
        departures=Departures(store, Terms(), now=time.time),
        links=links,
        rights=Rights(store, openings, gate_side.changed),
        previews=Previews(lambda camera: _look(store, camera, scenes), clock),
        paperwork=Paperwork(store, "home", Retention(), Terms(), ("yunet", "sface")),
        machine=lambda: gate_side.machine,
        passes=Passes(store),
        persons=Persons(store, links, time.time),
        keys=Keys(store, "sface"),
        snapshots=Snapshots(store, lambda camera: seen.jpeg if (seen := _look(store, camera, scenes)) else None),
        looks=Looks(store),
        privacy=Privacy(store),
        confirm_clock=lambda: False,
        local_token=LOCAL_TOKEN,
    )
    running = await server.start(services, settings(data), ingress_from=ingress_from, by_password=by_password)
    try:
        async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
            yield Site(store, services, gate_side, running, session, clock, scenes)
    finally:
        await running.close()
        await enrolling.stop()
        await openings.stop()
        store.close()


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def names(schema: Any) -> Iterator[str]:
    """Every member name in a JSON Schema."""
    if isinstance(schema, dict):
        yield from schema.get("properties", {})
        for value in schema.values():
            yield from names(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from names(value)
