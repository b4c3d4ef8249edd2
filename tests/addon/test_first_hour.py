"""The first hour: from nothing to the first recognition, and from there to a gate in use; panel, doctor and README."""

import asyncio
import json
import re
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest

from facegate.adapters import local_access
from facegate.adapters.broker_safety import Anonymous, BrokerSafety
from facegate.core.first_hour import (
    BLUEPRINTS,
    LINKS,
    REPOSITORY,
    GateStands,
    Part,
    Stands,
    State,
    Step,
    blueprint_link,
    first_hour,
    is_done,
    next_step,
)
from facegate.core.models import Camera, Gate
from facegate.web.panel.words import words
from facegate.web.services import CameraHealth, GateHealth, Health
from tests.parts.panel import AUDITOR, GUARD, OWNER, look
from tests.parts.web import LOCAL_TOKEN, Site, running_site

ROOT = Path(__file__).parents[2]
TRIAL = GateStands("try", trial=True, cameras=1, working=1, zones=1, faces=True, lacking=False)
REAL = GateStands("front", node=True, cameras=1, working=1, zones=1, usable=True, lacking=False, faces=True)
ALL = Stands(
    broker=True, gates=(TRIAL, REAL), residents=2, enrolled=1, opened=True, responsible=True, assessed=True, paired=True
)


def states(now: Stands) -> dict[Step, tuple[State, str]]:
    return {item.step: (item.state, item.gate) for item in first_hour(now)}


def test_at_the_beginning_what_leads_on_is_open_and_the_rest_waits() -> None:
    items = first_hour(Stands())
    assert [item.step for item in items] == list(Step)
    assert [item.step for item in items if item.state is State.OPEN] == [
        Step.BROKER, Step.HOME_ASSISTANT, Step.GATE, Step.RESIDENT,
    ]  # fmt: skip
    assert [item.step for item in items if item.state is State.DONE] == [Step.APP], "it speaks to whoever asks"
    first = next_step(items)
    assert first is not None
    assert first.step is Step.BROKER


def test_a_trial_gate_leads_to_the_first_recognition_and_asks_for_nothing_real() -> None:
    stands = Stands(broker=True, paired=True, gates=(TRIAL,), residents=1, enrolled=1)
    now = states(stands)
    assert now[Step.OPENING] == (State.OPEN, "")
    assert all(now[step] == (State.LATER, "") for step in Step if step.part is Part.REAL)
    recognised = first_hour(replace(stands, opened=True))
    assert is_done(recognised, Part.TRIAL)
    assert not is_done(recognised)
    following = next_step(recognised)
    assert following is not None
    assert following.step is Step.REAL_GATE


def test_when_all_is_there_all_is_done() -> None:
    assert {item.state for item in first_hour(ALL)} == {State.DONE}
    assert is_done(first_hour(ALL))
    assert next_step(first_hour(ALL)) is None


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
        (Step.REAL_GATE, replace(ALL, gates=(TRIAL,)), ""),
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


def text(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


async def test_an_owner_is_led_from_the_root_until_somebody_was_recognised(site: Site) -> None:
    status, _, html = await look(site, "/")
    assert status == 200
    assert words("en")["setup.gate.do"] in text(html)
    assert 'href="new-gate"' in html
    for step, links in LINKS.items():
        for link in () if step is Step.APP else links.values():  # the app shows the page, so that one is done
            assert f'href="{link.replace("&", "&amp;")}" target="_blank" rel="noopener noreferrer"' in html
    site.store.add_gate(Gate("try", "Trial", trial=True))
    site.store.add_camera(Camera("c1", "try", "/clip.mp4"))
    site.gate_side.health = Health(
        broker=True, gates={"try": GateHealth("ok", "online")}, cameras={"c1": CameraHealth("off")}
    )
    for language in ("en", "zh-Hans"):
        shown = text((await look(site, "/first-steps", Accept_Language=language))[2])
        assert all(words(language)[f"first.blueprint.{name}"] in shown for name in BLUEPRINTS)
        assert words(language)["setup.gate"] in shown
        assert words(language)["setup.gate.do"] not in shown, "it is done"
        assert words(language)["setup.camera.do"] in shown
        assert words(language)["setup.node.do"] in shown, "folded up, for whoever looks ahead"
    html = (await look(site, "/first-steps"))[2]
    assert 'href="gate?id=try"' in html
    assert html.count("<details open>") == 1, "the next step alone"
    assert words("en")["setup.home_assistant"] in html.split("<details open>")[1].split("</summary>")[0]
    gates = text((await look(site, "/gates"))[2])
    assert f"{words('en')['first.next']} {words('en')['setup.home_assistant']}" in gates


async def test_nobody_else_is_bothered_with_it(site: Site) -> None:
    for user in (GUARD, AUDITOR):
        for path in ("/", "/gates"):
            shown = (await look(site, path, user=user))[2]
            assert words("en")["page.first_steps"] not in shown
        assert (await look(site, "/first-steps", user=user))[0] == 403


async def test_the_doctor_tells_the_same_steps(site: Site) -> None:
    asked = await site.ask("GET", "/first-steps", token=LOCAL_TOKEN)
    assert [one["step"] for one in asked.content] == list(Step)
    local_access.offer(
        site.store.data, local_access.LocalAccess(f"http://127.0.0.1:{site.running.api_port}", LOCAL_TOKEN)
    )
    told = await doctor(site.store.data)
    steps = {one["what"].removeprefix("step "): one for one in told if one["what"].startswith("step ")}
    assert list(steps) == [one["step"] for one in asked.content if one["state"] == "open"]
    assert steps["gate"]["advice"] == words("en")["setup.gate.how"]


async def test_the_doctor_tells_what_is_wrong_with_the_whole_house(site: Site) -> None:
    local_access.offer(
        site.store.data, local_access.LocalAccess(f"http://127.0.0.1:{site.running.api_port}", LOCAL_TOKEN)
    )
    site.services.broker_watch.known = BrokerSafety(anonymous=Anonymous.ACCEPTED)
    told = [one for one in await doctor(site.store.data) if one["what"] == "house"]
    assert {"broker_open": words("en")["problem.broker_open"]} == {one["found"]: one["advice"] for one in told}


async def doctor(data: Path) -> list[dict[str, str]]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "facegate.cli", "doctor", "--json", "--data", data,
        stdout=asyncio.subprocess.PIPE, cwd=ROOT,
    )  # fmt: skip
    found: list[dict[str, str]] = json.loads((await process.communicate())[0])
    return found


# The README


def readme() -> str:
    return (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_readme_and_the_panel_are_one_list() -> None:
    found = re.findall(r'^(\d+)\. <a id="first-([a-z_]+)"></a>\*\*(.+?)\*\*<br>$', readme(), re.MULTILINE)
    assert [(int(number), step) for number, step, _ in found] == list(enumerate(Step, 1))
    for (_, step, title), following in zip(found, [*found[1:], None], strict=True):
        end = f"first-{following[1]}" if following else "\n## "
        part = " ".join(readme().split(f"first-{step}", 1)[1].split(end, 1)[0].split())
        assert title == words("en")[f"setup.{step}"]
        for says in ("how", "see", "do"):
            assert words("en")[f"setup.{step}.{says}"] in part, (step, says)
        for name, link in LINKS.get(Step(step), {}).items():
            assert f"[{words('en')[f'setup.link.{name}']}]({link})" in part


def test_links_lead_into_home_assistant_and_to_this_repository() -> None:
    assert (ROOT / "repository.yaml").read_text(encoding="utf-8").count(REPOSITORY) == 1
    links = [link for links in LINKS.values() for link in links.values()]
    assert {re.match(r"https://my\.home-assistant\.io/redirect/(\w+)/\?\w+=", link)[1] for link in links} == {  # type: ignore[index]
        "supervisor_app", "supervisor_add_addon_repository", "hacs_repository", "config_flow_start",
    }  # fmt: skip
    there = {path.stem for path in (ROOT / "blueprints/automation/facegate").glob("*.yaml")}
    assert set(BLUEPRINTS) == there
    for name in BLUEPRINTS:
        assert f"[{words('en')[f'first.blueprint.{name}']}]({blueprint_link(name)})" in readme(), name


@pytest.mark.parametrize("language", ["en", "zh-Hans"])
def test_every_step_says_how_what_one_sees_and_what_else(language: str) -> None:
    texts = words(language)
    for step in Step:
        for key in ("", ".how", ".see", ".do"):
            assert texts[f"setup.{step}{key}"].strip()
        assert texts[f"setup.{step}.how"][-1] in ".。"
