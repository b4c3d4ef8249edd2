"""The status page: what works at this moment, gate by gate. It names no resident."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Final

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler
from jinja2 import Environment, PackageLoader, StrictUndefined

from facegate import __version__
from facegate.core.models import Mode
from facegate.web.pages.language import choose, texts
from facegate.web.services import CameraHealth, GateHealth, Services

_GOOD: Final = frozenset({"ok", "online"})
_NO_FAULT: Final = frozenset({"", "connecting", "closed"})
"""Reasons for being off that nobody has to do anything about."""


@dataclass(frozen=True, slots=True)
class _Light:
    """One line of the page: what it is about, the word for its state, and ``good``, ``bad`` or ``idle``."""

    label: str
    word: str
    tone: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class _GateCard:
    name: str
    mode: str
    normal: bool
    lights: tuple[_Light, ...]
    problems: tuple[str, ...]


def add_routes(app: web.Application, services: Services) -> None:
    """Serve the page at the root, with its style sheet and its icon beside it."""
    pages = Environment(
        loader=PackageLoader("facegate.web.pages"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    template = pages.get_template("status.html")
    static = files("facegate.web.pages").joinpath("static")

    async def page(request: web.Request) -> web.Response:
        language = choose(request.headers.get(hdrs.ACCEPT_LANGUAGE, ""))
        words = texts(language)
        cards = await _cards(services, words)
        broker = services.health().broker
        html = template.render(
            language=language,
            t=words,
            version=__version__,
            site=services.site,
            installation=services.store.installation,
            broker=_light(words, "broker", "online" if broker else "offline"),
            gates=cards,
            paired=bool(await asyncio.to_thread(services.store.tokens)),
        )
        return web.Response(
            text=html,
            content_type="text/html",
            headers={hdrs.CONTENT_LANGUAGE: language, hdrs.VARY: hdrs.ACCEPT_LANGUAGE},
        )

    app.router.add_get("/", page)
    app.router.add_get("/page.css", _file(static.joinpath("page.css").read_bytes(), "text/css"))
    app.router.add_get("/icon.svg", _file(static.joinpath("icon.svg").read_bytes(), "image/svg+xml"))


def _file(content: bytes, content_type: str) -> Handler:
    async def send(_: web.Request) -> web.Response:
        return web.Response(body=content, content_type=content_type, charset="utf-8")

    return send


async def _cards(services: Services, words: Mapping[str, str]) -> list[_GateCard]:
    gates = await asyncio.to_thread(services.store.gates)
    cameras = await asyncio.to_thread(services.store.cameras)
    now = services.health()
    cards = []
    for gate in gates:
        state = now.gates.get(gate.id) or GateHealth()
        lights = [_light(words, "node", state.node)]
        for camera in (camera for camera in cameras if camera.gate == gate.id):
            seen = now.cameras.get(camera.id) or CameraHealth()
            label = f"{words['camera']} ({words[f'direction.{camera.direction}']})"
            lights.append(_light(words, "camera", seen.state, label=label, reason=seen.reason))
        if len(lights) == 1:
            lights.append(_Light(words["camera"], words["camera.none"], "idle"))
        cards.append(
            _GateCard(
                name=gate.name,
                mode=words[f"mode.{gate.mode}"],
                normal=gate.mode is Mode.NORMAL,
                lights=tuple(lights),
                problems=(*_alarms(words, state), *_problems(words, state)),
            )
        )
    return cards


def _alarms(words: Mapping[str, str], state: GateHealth) -> list[str]:
    """What somebody has to go and see to, gravest first."""
    alarms = [f"fire.{state.fire}"] if state.fire != "none" else []
    alarms += ["tamper"] if state.tamper else []
    alarms += ["held"] if state.held else []
    alarms += ["mode.waits"] if state.waits else []
    return [words[f"alarm.{alarm}"] for alarm in alarms]


def _problems(words: Mapping[str, str], state: GateHealth) -> list[str]:
    return [_problem(words, problem) for problem in state.problems if _is_the_gates_own(problem)]


def _is_the_gates_own(problem: str) -> bool:
    return not problem.startswith("camera_")  # those stand beside their camera already


def _problem(words: Mapping[str, str], problem: str) -> str:
    if problem.endswith("_failed"):
        return words["problem.failed"]
    return words.get(f"problem.{problem}", problem)


def _light(words: Mapping[str, str], thing: str, state: str, *, label: str = "", reason: str = "") -> _Light:
    idle = state == "off" and reason in _NO_FAULT
    tone = "good" if state in _GOOD else "idle" if idle else "bad"
    note = words.get(f"reason.{reason}", reason)
    return _Light(label or words[thing], words.get(f"{thing}.{state}", state), tone, note)
