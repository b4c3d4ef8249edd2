"""One gate: how it does, its cameras with the zone drawn on their picture, its node, and its way into use."""

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from facegate.adapters.boards import known_boards
from facegate.adapters.camera import is_network, redact
from facegate.core.boards import Terminal
from facegate.core.commissioning_sheet import may_be_used
from facegate.core.guidance import Advice
from facegate.core.models import Camera, Direction, LivenessLevel, Masks, Mode
from facegate.core.node_file import NodeSetup
from facegate.core.quality import Fault
from facegate.web.panel.cards import gate_cards
from facegate.web.panel.gates import FREE_MINUTES
from facegate.web.panel.page import Page, Visit
from facegate.web.panel.roles import OWNERS
from facegate.web.services import CameraHealth, GateHealth
from facegate.web.ways import named

FAULTS: Final = (
    Fault.CUT,
    Fault.TURNED,
    Fault.TILTED,
    Fault.ROLLED,
    Fault.BLURRED,
    Fault.DARK,
    Fault.BRIGHT,
    Fault.FLAT,
)
"""What the preview may say of a face, in the order in which one would mend it."""


async def _context(visit: Visit) -> Mapping[str, Any]:
    identifier = visit.request.query.get("id", "")
    cards = await gate_cards(visit.services, visit.words)
    read = await asyncio.to_thread(_read, visit, identifier)
    now = visit.services.health()
    state = now.gates.get(identifier) or GateHealth()
    return {
        **read,
        "card": next(card for gate, card in zip(read["gates"], cards, strict=True) if gate.id == identifier),
        "state": state,
        "prompt": visit.words.get(f"prompt.{state.prompt}", "") if state.prompt in list(Advice) else "",
        "cameras": [
            (camera, _source(camera), now.cameras.get(camera.id) or CameraHealth()) for camera in read["cameras"]
        ],
        "directions": list(Direction),
        "modes": list(Mode),
        "free_minutes": FREE_MINUTES,
        "levels": list(LivenessLevel),
        "masks": list(Masks),
        "faults": FAULTS,
    }


def _read(visit: Visit, identifier: str) -> dict[str, Any]:
    store = visit.services.store
    gate = store.gate(identifier)
    gaps, setup = store.gaps(identifier), store.node_setup(identifier)
    sheet = store.commissioning(identifier)
    return {
        "gate": gate,
        "gates": store.gates(),
        "cameras": store.cameras(identifier),
        "missing": gaps.missing,
        "without": named(store.residents(), gaps) if gaps.without else [],
        "setup": setup,
        "board": known_boards().get(setup.board) if setup else None,
        "wiring": wiring(setup, visit.language) if setup else [],
        "sheet": sheet,
        "usable": may_be_used(setup, sheet, trial=gate.trial),
    }


def wiring(setup: NodeSetup, language: str) -> list[tuple[str, str, int, str]]:
    """Terminal, what it is for, pin and how it is connected, in words."""
    board = known_boards().get(setup.board)
    return [_row(terminal, language) for terminal in board.wiring(setup.features)] if board else []


def _row(terminal: Terminal, language: str) -> tuple[str, str, int, str]:
    return (
        terminal.name, terminal.label.in_language(language), terminal.pin, terminal.wire.in_language(language),
    )  # fmt: skip


def _source(camera: Camera) -> tuple[str, bool]:
    """The address as it may be shown, and whether it is a camera on the network."""
    return redact(camera.source), is_network(camera.source)


PAGE: Final = Page("gate", "gate", _context, OWNERS, menu=False)
