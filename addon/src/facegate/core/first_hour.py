"""The first hour: from a bare Home Assistant to the first recognition, and from there to the first real gate.

One list in one order, for the panel's page *First steps*, for ``facegate doctor`` and for the README. Each step is
looked up, never ticked.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from urllib.parse import quote

REPOSITORY: Final = "https://github.com/facegate/facegate"
_OWNER, _NAME = REPOSITORY.rsplit("/", 2)[-2:]


class Part(StrEnum):
    """A trial gate suffices to see a first recognition; a gate with a door takes the rest as well."""

    TRIAL = "trial"
    REAL = "real"


class Step(StrEnum):
    """Each step, in the order in which one leads to the next; each is a translation key."""

    BROKER = "broker"
    APP = "app"
    HOME_ASSISTANT = "home_assistant"
    GATE = "gate"
    CAMERA = "camera"
    RESIDENT = "resident"
    FACES = "faces"
    OPENING = "opening"
    REAL_GATE = "real_gate"
    NODE = "node"
    ZONE = "zone"
    COMMISSIONED = "commissioned"
    WAYS = "ways"
    PAPERS = "papers"
    READER = "reader"

    @property
    def part(self) -> Part:
        """Which half of the hour it belongs to."""
        return Part.TRIAL if list(Step).index(self) <= list(Step).index(Step.OPENING) else Part.REAL


class State(StrEnum):
    """Where a step stands. ``later``: there is nothing to do for it before others, or without a real gate."""

    DONE = "done"
    OPEN = "open"
    LATER = "later"


@dataclass(frozen=True, slots=True)
class GateStands:
    """What there is at one gate. ``lacking``: something is missing before its face reader may be on."""

    id: str
    trial: bool = False
    node: bool = False
    cameras: int = 0
    working: int = 0
    zones: int = 0
    usable: bool = True
    lacking: bool = True
    faces: bool = False


@dataclass(frozen=True, slots=True)
class Stands:
    """What there is. ``enrolled``: residents with a face; ``opened``: whether any gate has opened for one yet."""

    broker: bool = False
    gates: tuple[GateStands, ...] = ()
    residents: int = 0
    enrolled: int = 0
    opened: bool = False
    responsible: bool = False
    assessed: bool = False
    paired: bool = False


@dataclass(frozen=True, slots=True)
class Item:
    """One line of the list. ``gate``: the first one that the step still waits for, empty for none."""

    step: Step
    state: State
    gate: str = ""


def first_hour(now: Stands) -> tuple[Item, ...]:
    """Return the list as it stands now; whoever asks is spoken to by the app, so that one runs."""
    return tuple(_items(now))


def is_done(items: tuple[Item, ...], part: Part | None = None) -> bool:
    """Whether nothing of it, or of one part, is left."""
    return all(item.state is State.DONE for item in items if part in (None, item.step.part))


def next_step(items: tuple[Item, ...]) -> Item | None:
    """The first step that is open."""
    return next((item for item in items if item.state is State.OPEN), None)


def _items(now: Stands) -> Iterator[Item]:
    real = [gate for gate in now.gates if not gate.trial]
    yield Item(Step.BROKER, _is(now.broker))
    yield Item(Step.APP, State.DONE)
    yield Item(Step.HOME_ASSISTANT, _is(now.paired))
    yield Item(Step.GATE, _is(bool(now.gates)))
    yield _first(Step.CAMERA, now.gates, [g for g in now.gates if not g.cameras or g.working < g.cameras])
    yield Item(Step.RESIDENT, _is(now.residents > 0))
    yield Item(Step.FACES, _is(now.enrolled > 0) if now.residents else State.LATER)
    yield Item(Step.OPENING, _is(now.opened) if now.opened or now.enrolled else State.LATER)
    yield Item(Step.REAL_GATE, _is(bool(real)) if real or now.opened else State.LATER)
    yield _first(Step.NODE, real, [gate for gate in real if not gate.node])
    yield _first(Step.ZONE, real, [g for g in real if g.zones < g.cameras or not g.cameras])
    yield _first(Step.COMMISSIONED, real, [gate for gate in real if not gate.usable])
    yield _first(Step.WAYS, real, [gate for gate in real if gate.lacking])
    yield Item(Step.PAPERS, _is(now.responsible and now.assessed) if real else State.LATER)
    yield _first(Step.READER, real, [gate for gate in real if not gate.faces])


def _first(step: Step, of: object, lacking: list[GateStands]) -> Item:
    """Open for the first gate that lacks it; later where there is no gate for it at all."""
    if not of:
        return Item(step, State.LATER)
    return Item(step, State.OPEN, lacking[0].id) if lacking else Item(step, State.DONE)


def _is(done: bool) -> State:  # the one thing that it says
    return State.DONE if done else State.OPEN


def _my(redirect: str, **given: str) -> str:
    """A link that opens a page of the reader's own Home Assistant."""
    query = "&".join(f"{name}={quote(value, safe='')}" for name, value in given.items())
    return f"https://my.home-assistant.io/redirect/{redirect}/?{query}"


LINKS: Final = {
    Step.BROKER: {
        "mosquitto": _my("supervisor_app", app="core_mosquitto"),
        "mqtt": _my("config_flow_start", domain="mqtt"),
    },
    Step.APP: {"repository": _my("supervisor_add_addon_repository", repository_url=REPOSITORY)},
    Step.HOME_ASSISTANT: {
        "hacs": _my("hacs_repository", owner=_OWNER, repository=_NAME, category="integration"),
        "integration": _my("config_flow_start", domain="facegate"),
    },
}
"""Where in Home Assistant a step is done; the names are translation keys."""


BLUEPRINTS: Final = (
    "notify", "welcome_scene", "delivery_window", "face_off_while_armed", "stranger_lingers", "held_open",
    "denial_storm", "fire_announcement",
)  # fmt: skip
"""What people automate first; each is a file of the repository, and a translation key."""


def blueprint_link(name: str) -> str:
    """Where Home Assistant imports one of the blueprints."""
    return _my("blueprint_import", blueprint_url=f"{REPOSITORY}/blob/main/blueprints/automation/facegate/{name}.yaml")
