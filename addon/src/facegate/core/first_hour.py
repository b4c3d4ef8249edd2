"""The way from nothing to a house whose gates open: what is done, what is next, and what stands in its way."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class Step(StrEnum):
    """Each step, in the order in which one leads to the next; each is a translation key."""

    BROKER = "broker"
    GATE = "gate"
    CAMERA = "camera"
    ZONE = "zone"
    RESIDENT = "resident"
    FACES = "faces"
    OPENING = "opening"
    NODE = "node"
    COMMISSIONED = "commissioned"
    WAYS = "ways"
    PAPERS = "papers"
    READER = "reader"
    HOME_ASSISTANT = "home_assistant"


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
    """One line of the checklist. ``gate``: the first one that the step still waits for, empty for none."""

    step: Step
    state: State
    gate: str = ""


def setup_steps(now: Stands) -> tuple[Item, ...]:
    """Return the checklist. A trial gate suffices to see a first recognition; a real one takes the rest as well."""
    return tuple(_items(now))


def _items(now: Stands) -> Iterator[Item]:
    real = [gate for gate in now.gates if not gate.trial]
    yield Item(Step.BROKER, _is(now.broker))
    yield Item(Step.GATE, _is(bool(now.gates)))
    yield _first(Step.CAMERA, now.gates, [g for g in now.gates if not g.cameras or g.working < g.cameras])
    yield _first(Step.ZONE, now.gates, [g for g in now.gates if g.zones < g.cameras or not g.cameras])
    yield Item(Step.RESIDENT, _is(now.residents > 0))
    yield Item(Step.FACES, _is(now.enrolled > 0) if now.residents else State.LATER)
    yield Item(Step.OPENING, _is(now.opened) if now.opened or now.enrolled else State.LATER)
    yield _first(Step.NODE, real, [gate for gate in real if not gate.node])
    yield _first(Step.COMMISSIONED, real, [gate for gate in real if not gate.usable])
    yield _first(Step.WAYS, real, [gate for gate in real if gate.lacking])
    yield Item(Step.PAPERS, _is(now.responsible and now.assessed) if real else State.LATER)
    yield _first(Step.READER, now.gates, [gate for gate in now.gates if not gate.faces])
    yield Item(Step.HOME_ASSISTANT, _is(now.paired))


def _first(step: Step, of: object, lacking: list[GateStands]) -> Item:
    """Open for the first gate that lacks it; later where there is no gate for it at all."""
    if not of:
        return Item(step, State.LATER)
    return Item(step, State.OPEN, lacking[0].id) if lacking else Item(step, State.DONE)


def _is(done: bool) -> State:  # the one thing that it says
    return State.DONE if done else State.OPEN
