"""What works at this moment, gate by gate, in words. It names no resident."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from facegate.core.models import Mode
from facegate.web.panel import troubles
from facegate.web.services import CameraHealth, GateHealth, Services

_GOOD: Final = frozenset({"ok", "online"})
_NO_FAULT: Final = frozenset({"", "connecting", "closed"})
"""Reasons for being off that nobody has to do anything about."""


@dataclass(frozen=True, slots=True)
class Light:
    """One line of the page: what it is about, the word for its state, and ``good``, ``bad`` or ``idle``."""

    label: str
    word: str
    tone: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class GateCard:
    """One gate: its ``mode`` in words, whether that is the ``normal`` one, its lights, and what somebody must do."""

    name: str
    mode: str
    normal: bool
    lights: tuple[Light, ...]
    problems: tuple[str, ...]


def broker_light(services: Services, words: Mapping[str, str]) -> Light:
    """How the connection to the broker is."""
    return _light(words, "broker", "online" if services.health().broker else "offline")


async def gate_cards(services: Services, words: Mapping[str, str]) -> list[GateCard]:
    """How each gate does, in the order of the store."""
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
            lights.append(Light(words["camera"], words["camera.none"], "idle"))
        cards.append(
            GateCard(
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
    return troubles.texts(words, (problem for problem in state.problems if _is_the_gates_own(problem)))


def _is_the_gates_own(problem: str) -> bool:
    return not problem.startswith("camera_")  # those stand beside their camera already


def _problem(words: Mapping[str, str], problem: str) -> str:
    if problem.endswith("_failed"):
        return words["problem.failed"]
    return words.get(f"problem.{problem}", problem)


def _light(words: Mapping[str, str], thing: str, state: str, *, label: str = "", reason: str = "") -> Light:
    idle = state == "off" and reason in _NO_FAULT
    tone = "good" if state in _GOOD else "idle" if idle else "bad"
    note = words.get(f"reason.{reason}", reason)
    return Light(label or words[thing], words.get(f"{thing}.{state}", state), tone, note)
