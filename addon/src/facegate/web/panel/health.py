"""Health: everything that FaceGate stands on, what is wrong with it, and what to do about that."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from facegate.core.models import Camera, Gate
from facegate.core.problems import STAGES
from facegate.core.site_rule import SiteRule
from facegate.web.census import count
from facegate.web.condition import wrong
from facegate.web.machine import Machine
from facegate.web.panel import troubles
from facegate.web.panel.cards import Light, broker_light
from facegate.web.panel.page import Page, Visit
from facegate.web.services import CameraHealth, GateHealth

_NO_FAULT: Final = frozenset({"", "connecting", "closed"})


@dataclass(frozen=True, slots=True)
class View:
    """One camera: its light, what it does, and what each step took in milliseconds."""

    light: Light
    facts: tuple[tuple[str, str], ...]
    problems: tuple[str, ...]
    steps: tuple[tuple[str, str], ...] = ()


async def _context(visit: Visit) -> Mapping[str, Any]:
    services, words = visit.services, visit.words
    machine = await asyncio.to_thread(services.machine)
    read = await asyncio.to_thread(_read, visit, machine)
    now = services.health()
    more = {"inference_cpu": bool(machine.fallback), "calibration_stale": read["rule"].is_stale(read["enrolled"])}
    problems = [now.clock] if now.clock else []
    problems += [*read["wrong"], *(word for word, there in more.items() if there)]
    return {
        "broker": broker_light(services, words),
        "wrong": troubles.texts(words, problems),
        "doubted": machine.doubts_clock,
        "machine": _machine(machine, read["rule"], read["enrolled"], words),
        "gates": [
            (gate, _node(now.gates.get(gate.id) or GateHealth(), words), [
                _camera(camera, now.cameras.get(camera.id) or CameraHealth(), words)
                for camera in read["cameras"] if camera.gate == gate.id
            ])
            for gate in read["gates"]
        ],
    }  # fmt: skip


def _read(visit: Visit, machine: Machine) -> dict[str, Any]:
    store = visit.services.store
    gates: list[Gate] = list(store.gates())
    cameras: list[Camera] = list(store.cameras())
    return {
        "gates": gates,
        "cameras": cameras,
        "rule": store.site_rule(),
        "enrolled": visit.services.paperwork.facts().enrolled,
        "wrong": wrong(visit.services, machine, count(visit.services)),
    }


def _machine(machine: Machine, rule: SiteRule, enrolled: int, words: Mapping[str, str]) -> list[tuple[str, str]]:
    done = machine.round
    last = "–"
    if done is not None:
        last = words["health.round_did"].format(
            at=_moment(done.at), forgotten=done.forgotten, nameless=done.nameless, acts=done.acts
        )
    return [
        (words["health.models"], ", ".join(machine.models.values()) or "–"),
        (words["health.threshold"], words["health.threshold_is"].format(at=f"{rule.threshold:.2f}", people=enrolled)),
        (words["health.free"], f"{machine.free / 1e9:.1f} GB"),
        (words["health.database"], f"{machine.database / 1e6:.1f} MB"),
        (words["health.round"], last),
    ]


def _node(state: GateHealth, words: Mapping[str, str]) -> View:
    tone = {"online": "good", "silent": "bad"}.get(state.node, "bad")
    own = [problem for problem in state.problems if not problem.startswith("camera_")]
    alarms = [f"fire.{state.fire}"] if state.fire != "none" else []
    alarms += [name for name in ("tamper", "held") if getattr(state, name)]
    alarms += ["mode.waits"] if state.waits else []
    facts = [
        (words["health.heard"], _moment(state.heard_at) if state.heard_at else "–"),
        (words["health.list"], str(state.list_version or "–")),
        (words["health.lost"], str(state.lost)),
        (words["health.refused"], str(state.refused)),
    ]
    prompt = words.get(f"prompt.{state.prompt}", "")
    if prompt:
        facts.append((words["gate.asked"], prompt))
    said = [words[f"alarm.{alarm}"] for alarm in alarms] + troubles.texts(words, own)
    return View(Light(words["node"], words.get(f"node.{state.node}", state.node), tone), tuple(facts), tuple(said))


def _camera(camera: Camera, seen: CameraHealth, words: Mapping[str, str]) -> View:
    idle = seen.state == "off" and seen.reason in _NO_FAULT
    tone = "good" if seen.state == "ok" else "idle" if idle else "bad"
    label = f"{words['camera']} ({words[f'direction.{camera.direction}']})"
    note = words.get(f"reason.{seen.reason}", seen.reason)
    decoding = "health.software" if "decoding_software" in seen.notes else "health.as_asked"
    facts = [
        (words["health.rate"], f"{seen.rate:.0f}" if seen.rate else "–"),
        (words["health.decoding"], words[decoding]),
        (words["health.overloaded"], words["health.yes" if "overloaded" in seen.notes else "health.no"]),
        (words["gate.on_press"], words["health.yes" if camera.on_press else "health.no"]),
        (words["gate.masks"], words[f"gate.masks.{camera.masks}"]),
    ]
    if prompt := words.get(f"prompt.{seen.prompt}", ""):
        facts.append((words["gate.asked"], prompt))
    steps = tuple((words[f"stage.{stage}"], f"{seen.ms[stage]:.1f} ms") for stage in STAGES if stage in seen.ms)
    problems = troubles.texts(words, [seen.problem] if seen.problem else [])
    light = Light(label, words.get(f"camera.{seen.state}", seen.state), tone, note)
    return View(light, tuple(facts), tuple(problems), steps)


def _moment(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


PAGE: Final = Page("health", "health", _context)
