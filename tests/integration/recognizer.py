"""What the recognizer answers and publishes, as its contract has it."""

import itertools
import re
from dataclasses import replace
from http import HTTPStatus
from typing import Any, NamedTuple

import yarl
from aiohttp import ClientConnectionError
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import async_fire_mqtt_message
from pytest_homeassistant_custom_component.test_util.aiohttp import AiohttpClientMocker, AiohttpClientMockResponse

from custom_components.facegate.messages import GateEvent, GateState, Status, Topics, prove

URL = "http://192.0.2.10:8711"
API_URL = "http://recognizer.example:8711"
SITE = "home"
INSTALLATION = "0123456789abcdef0123456789abcdef"
TOKEN = "fg_the-token"
EVENT_KEY = bytes(range(32))
OTHER_KEY = bytes(32)
CODE = "ABCD-EFGH-JKMN"
GATE_KEY = "ab" * 32
TOPICS = Topics(SITE)

_sequence = itertools.count(1)


def gate(gate_id: str = "main", name: str = "Main gate", **changes: Any) -> dict[str, Any]:
    """A gate as the API describes it."""
    return {
        "id": gate_id,
        "name": name,
        "mode": "normal",
        "pulse_ms": 0,
        "trial": False,
        "faces": True,
        "phone": False,
        "readers": [],
        "camera": "ok",
        "node": "online",
        "problems": [],
        "waits": False,
        "free_until": None,
        "state": "closed",
        "fire": "none",
        "tamper": False,
        "held": False,
        "refused": 0,
        "lost": 0,
        "list_version": 0,
        "tally": {"passages": 0, "inside": None, "unsure": 0, "since": 0.0, "site_inside": None},
        "heard_at": 1_790_000_000.5,
        "acked_at": None,
        "prompt": "",
        "pattern": "",
        "list": {
            "state": "none",
            "version": 0,
            "expires": 0,
            "entries": 0,
            "capacity": 1_008,
            "left_out": 0,
            "stale": 0,
            "sent": 0,
            "chunks": 0,
            "detail": "",
        },
        **changes,
    }


def paired(installation: str = INSTALLATION, **changes: Any) -> dict[str, Any]:
    """The answer to a good pairing code."""
    return {
        "installation": installation,
        "site": SITE,
        "version": "0.1.0",
        "api": API_URL,
        "mqtt_prefix": f"facegate/{SITE}",
        "token": TOKEN,
        "token_id": "t1",
        "scopes": ["manage", "open", "read"],
        "event_key": EVENT_KEY.hex(),
        **changes,
    }


def heard(**asked: list[dict[str, str]]) -> dict[str, Any]:
    """What is asked about the persons that were told: nothing but this."""
    return {"asked": 0, "new": [], "renamed": [], "gone": [], **asked}


INVITED = {"url": "http://house.example:8712/begin#secret", "qr": "<svg/>", "expires_at": 1_800_000_000.5}
PASS_MADE = {
    "id": "p1",
    "kind": "fixed",
    "state": "good",
    "guest": True,
    "resident": "",
    "label": "",
    "gates": [],
    "created_at": 1_790_000_000.5,
    "valid_from": 1_790_000_000.5,
    "valid_until": 1_790_086_400.5,
    "uses": None,
    "passback": 0,
    "text": "FG1-the-code",
    "qr": "<svg>#</svg>",
}


def told(number: int = 1, **changes: Any) -> dict[str, Any]:
    """A resident who agreed to be told of, whose person has the same number."""
    return {
        "presence": f"{number:08x}" * 4,
        "name": f"Resident {number}",
        "person": f"person.resident_{number}",
        "groups": [],
        **changes,
    }


def problem(kind: str, status: int, **more: Any) -> dict[str, Any]:
    """A problem as the API puts it."""
    return {"type": f"urn:facegate:problem:{kind}", "title": "No.", "status": status, "detail": "Try again.", **more}


class Request(NamedTuple):
    """One request that Home Assistant made."""

    method: str
    address: str
    path: str
    body: Any
    headers: dict[str, str]

    @property
    def carries_token(self) -> bool:
        """Whether the token went with it."""
        return TOKEN in str(self.headers) or TOKEN in str(self.body)


class Recognizer:
    """Answers at its addresses; what it answers can be changed, and what it was asked is recorded.

    A request to any other address fails the test.
    """

    def __init__(self, mock: AiohttpClientMocker) -> None:
        self.addresses = {URL}
        self.own = API_URL
        self.proof_key = EVENT_KEY
        self.silent = False
        self.gates = [gate()]
        self.agreed: list[dict[str, Any]] = []
        self.people: dict[str, dict[str, Any]] = {}
        """Who stands behind an alias; like the recognizer, it says so once."""
        self.answers: dict[tuple[str, str], tuple[int, Any]] = {
            ("get", "health"): (HTTPStatus.OK, {"ok": True, "version": "0.1.0"}),
            ("post", "pair"): (HTTPStatus.CREATED, paired()),
            ("patch", "token"): (HTTPStatus.OK, {"id": "t1", "name": "Home", "scopes": ["manage", "open", "read"]}),
            ("delete", "token"): (HTTPStatus.NO_CONTENT, b""),
            ("post", "gates"): (HTTPStatus.CREATED, gate("first", "First") | {"key": GATE_KEY}),
            ("post", "gates/first/cameras"): (HTTPStatus.CREATED, {}),
            ("post", "gates/main/open"): (
                HTTPStatus.OK,
                {"opening": "0" * 16, "result": "opened", "reason": "remote"},
            ),
            ("put", "persons"): (HTTPStatus.OK, heard()),
            ("post", "persons/residents"): (HTTPStatus.CREATED, {"resident": "r1"}),
            ("post", "persons/answers"): (HTTPStatus.NO_CONTENT, b""),
            ("post", "persons/suspensions"): (HTTPStatus.NO_CONTENT, b""),
            ("post", "persons/invitations"): (HTTPStatus.CREATED, INVITED),
            ("post", "passes"): (HTTPStatus.CREATED, PASS_MADE),
            ("put", "gates/main/face-reader"): (HTTPStatus.OK, gate()),
            ("put", "gates/main/mode"): (
                HTTPStatus.OK,
                {"mode": "free", "seconds": 900, "confirmed": True, "result": "done", "said": "900"},
            ),
        }
        self._mock = mock
        for register in (mock.get, mock.post, mock.put, mock.patch, mock.delete):
            register(re.compile(""), side_effect=self._answer)

    def refuse(self, method: str, path: str, kind: str, status: int, **more: Any) -> None:
        """Answer one operation with a problem."""
        self.answers[method, path] = (status, problem(kind, status, **more))

    def asked(self, path: str = "", *, at: str = "") -> list[Request]:
        """The requests so far that begin with ``path``, of all addresses or of one."""
        requests = [
            Request(method, str(url.origin()), url.path.removeprefix("/api/v1/"), body, dict(headers or {}))
            for method, url, body, headers in self._mock.mock_calls
        ]
        return [r for r in requests if r.path.startswith(path) and at in ("", r.address)]

    async def _answer(self, method: str, url: yarl.URL, body: Any) -> AiohttpClientMockResponse:
        assert str(url.origin()) in self.addresses, f"a request went to {url}"
        if self.silent:
            raise ClientConnectionError("gone")
        path = url.path.removeprefix("/api/v1/")
        if (method.lower(), path) in self.answers:
            status, content = self.answers[method.lower(), path]
        elif path == "gates":
            status, content = HTTPStatus.OK, self.gates
        elif path == "presence":
            status, content = HTTPStatus.OK, self.agreed
        elif path.startswith("events/"):
            person = self.people.pop(path.removeprefix("events/"), None)
            known = {"resident": "r1", **person} if person else problem("not_found", HTTPStatus.NOT_FOUND)
            status, content = known.get("status", HTTPStatus.OK), known
        elif path == "proof":
            proof = prove(self.proof_key, nonce=url.query["nonce"], installation=INSTALLATION, api=self.own)
            status, content = HTTPStatus.OK, {"installation": INSTALLATION, "api": self.own, "proof": proof}
        else:
            raise AssertionError(f"the API has no {method} {path}")
        if isinstance(content, bytes):
            return AiohttpClientMockResponse(method, url, status, content)
        return AiohttpClientMockResponse(method, url, status, json=content)


def make_event(**changes: Any) -> GateEvent:
    """An event that Home Assistant has to believe once it is signed: new, and of this moment."""
    event = GateEvent(
        site=SITE,
        boot=1,
        seq=next(_sequence),
        id="0123456789abcdef",
        at=int(dt_util.utcnow().timestamp() * 1000),
        gate="main",
        type="access_granted",
        reason="recognised",
        method="face",
        alias="resident-alias-of-this-event",
    )
    return replace(event, **changes)


def make_state(**changes: Any) -> GateState:
    """A state that Home Assistant has to believe once it is signed."""
    now = int(dt_util.utcnow().timestamp() * 1000)
    state = GateState(
        site=SITE, boot=1, seq=next(_sequence), at=now, gate="main", name="Main gate", camera="ok", node="online"
    )
    return replace(state, **changes)


def make_status(**changes: Any) -> Status:
    """The announcement of this installation."""
    return replace(Status(INSTALLATION, "0.1.0", API_URL, online=True), **changes)


async def publish(hass: HomeAssistant, topic: str, payload: bytes | str, *, retain: bool = False) -> None:
    """Let the broker deliver a message, and everything that follows from it happen."""
    async_fire_mqtt_message(hass, topic, payload, retain=retain)
    await hass.async_block_till_done()


async def publish_event(hass: HomeAssistant, event: GateEvent, *, key: bytes = EVENT_KEY, retain: bool = False) -> None:
    """Publish a signed event."""
    await publish(hass, TOPICS.event, event.sign(key), retain=retain)


async def publish_state(hass: HomeAssistant, state: GateState, *, key: bytes = EVENT_KEY, retain: bool = False) -> None:
    """Publish a signed state; ``retain``: the broker had kept it, as it does for those who come later."""
    await publish(hass, TOPICS.state(state.gate), state.sign(key), retain=retain)
