"""The set-up checklist: from nothing to the first recognition, and from there to a gate in use."""

from collections.abc import AsyncIterator
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest

from facegate.core.models import Camera, Gate
from facegate.core.setup_steps import GateStands, Stands, State, Step, setup_steps
from facegate.web.panel.words import words
from facegate.web.services import CameraHealth, GateHealth, Health
from tests.parts.panel import AUDITOR, GUARD, OWNER, look
from tests.parts.web import Site, running_site

TRIAL = GateStands("try", trial=True, cameras=1, working=1, zones=1, faces=True, lacking=False)
REAL = GateStands("front", node=True, cameras=1, working=1, zones=1, usable=True, lacking=False, faces=True)
ALL = Stands(
    broker=True, gates=(TRIAL, REAL), residents=2, enrolled=1, opened=True, responsible=True, assessed=True, paired=True
)


def states(now: Stands) -> dict[Step, tuple[State, str]]:
    return {item.step: (item.state, item.gate) for item in setup_steps(now)}


def test_at_the_beginning_what_leads_on_is_open_and_the_rest_waits() -> None:
    items = setup_steps(Stands())
    assert [item.step for item in items] == list(Step)
    assert [item.step for item in items if item.state is State.OPEN] == [
        Step.BROKER, Step.GATE, Step.RESIDENT, Step.HOME_ASSISTANT,
    ]  # fmt: skip
    assert State.DONE not in [item.state for item in items]


def test_a_trial_gate_leads_to_the_first_recognition_and_asks_for_nothing_real() -> None:
    now = states(Stands(gates=(TRIAL,), residents=1, enrolled=1))
    assert now[Step.OPENING] == (State.OPEN, "")
    for step in (Step.NODE, Step.COMMISSIONED, Step.WAYS, Step.PAPERS):
        assert now[step] == (State.LATER, ""), step
    assert now[Step.READER] == (State.DONE, "")


def test_when_all_is_there_all_is_done() -> None:
    assert {item.state for item in setup_steps(ALL)} == {State.DONE}


@pytest.mark.parametrize(
    ("step", "lacking", "gate"),
    [
        (Step.BROKER, replace(ALL, broker=False), ""),
        (Step.GATE, Stands(), ""),
        (Step.CAMERA, replace(ALL, gates=(TRIAL, replace(REAL, working=0))), "front"),
        (Step.CAMERA, replace(ALL, gates=(replace(TRIAL, cameras=0, working=0, zones=0), REAL)), "try"),
        (Step.ZONE, replace(ALL, gates=(TRIAL, replace(REAL, zones=0))), "front"),
        (Step.RESIDENT, replace(ALL, residents=0), ""),
        (Step.FACES, replace(ALL, enrolled=0), ""),
        (Step.OPENING, replace(ALL, opened=False), ""),
        (Step.NODE, replace(ALL, gates=(TRIAL, replace(REAL, node=False))), "front"),
        (Step.COMMISSIONED, replace(ALL, gates=(replace(REAL, usable=False),)), "front"),
        (Step.WAYS, replace(ALL, gates=(replace(REAL, lacking=True),)), "front"),
        (Step.PAPERS, replace(ALL, assessed=False), ""),
        (Step.PAPERS, replace(ALL, responsible=False), ""),
        (Step.READER, replace(ALL, gates=(TRIAL, replace(REAL, faces=False))), "front"),
        (Step.HOME_ASSISTANT, replace(ALL, paired=False), ""),
    ],
)
def test_what_lacks_is_open_and_names_its_gate(step: Step, lacking: Stands, gate: str) -> None:
    assert states(lacking)[step] == (State.OPEN, gate)


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with running_site(tmp_path) as running:
        for user, name, role in ((OWNER, "Owner", "owner"), (GUARD, "Guard", "guard"), (AUDITOR, "Auditor", "auditor")):
            running.store.set_member(user, name, role)
        yield running


async def test_an_owner_sees_what_is_next_and_where(site: Site) -> None:
    html = unescape((await look(site))[2])
    assert words("en")["setup.gate.do"] in html
    assert 'href="new-gate"' in html
    site.store.add_gate(Gate("try", "Trial", trial=True))
    site.store.add_camera(Camera("c1", "try", "/clip.mp4"))
    site.gate_side.health = Health(
        broker=True, gates={"try": GateHealth("ok", "online")}, cameras={"c1": CameraHealth("ok")}
    )
    for language in ("en", "zh-Hans"):
        html = unescape((await look(site, Accept_Language=language))[2])
        assert words(language)["setup.camera"] in html
        assert words(language)["setup.camera.do"] not in html, "it is done"
        assert words(language)["setup.zone.do"] in html
        assert 'href="gate?id=try"' in html


async def test_nobody_else_is_bothered_with_it(site: Site) -> None:
    for user in (GUARD, AUDITOR):
        assert words("en")["checklist"] not in (await look(site, user=user))[2]
