"""The page of one gate, in the API's terms and in a real browser: who sees it, and the zone that is drawn there."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from html import unescape
from pathlib import Path

import numpy as np
import pytest
from playwright.async_api import Page, async_playwright

from facegate.core.audit import Act
from facegate.core.boards import Lock
from facegate.core.models import Camera, Gate
from facegate.core.node_file import NodeSetup
from facegate.web.panel.words import words
from facegate.web.services import CameraHealth, GateHealth, Health
from tests.addon.test_preview import two_people
from tests.parts.panel import AUDITOR, GUARD, OWNER, form_of, look, tell
from tests.parts.web import Site, running_site

EVIL = "<script>alert(1)</script>\"'&"
SQUARE = ((0.1, 0.1), (0.9, 0.1), (0.9, 0.9), (0.1, 0.9))
SETUP = NodeSetup("lilygo-t-relay-4", Lock.FAIL_SECURE, ("exit-button", "fire-input", "passage-sensor"), "0.1.0")


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with running_site(tmp_path) as running:
        for user, name, role in ((OWNER, "Owner", "owner"), (GUARD, "Guard", "guard"), (AUDITOR, "Auditor", "auditor")):
            running.store.set_member(user, name, role)
        running.store.add_gate(Gate("front", "Front gate"), SETUP)
        running.store.add_camera(Camera("c1", "front", "rtsp://owner:s3cret@camera.example/1", zone=SQUARE))
        running.gate_side.health = Health(
            gates={"front": GateHealth("ok", "online", prompt="come_closer")}, cameras={"c1": CameraHealth("ok")}
        )
        yield running


async def test_owners_alone_set_a_gate_up(site: Site) -> None:
    for path in ("/gate?id=front", "/walk?id=front", "/sheet?id=front", "/new-gate"):
        assert (await look(site, path))[0] == 200, path
        for user in (GUARD, AUDITOR):
            assert (await look(site, path, user))[0] == 403, path
    assert (await look(site, "/gate?id=none"))[0] == 404
    assert (await look(site, "/gate"))[0] == 404
    assert "gate?id=front" in (await look(site))[2]
    assert "gate?id=front" not in (await look(site, "/", GUARD))[2]


async def test_the_page_shows_state_wiring_and_prompt_and_no_password(site: Site) -> None:
    for name in ("en", "zh-Hans"):
        html = unescape((await look(site, "/gate?id=front", Accept_Language=name))[2])
        for told in ("prompt.come_closer", "gate.not_usable", "gate.walk_missing", "residents.missing.reader"):
            assert words(name)[told] in html, told
        assert "GPIO" in html
        assert "s3cret" not in html


async def test_a_name_is_never_markup(site: Site) -> None:
    site.store.add_gate(Gate("evil", EVIL, trial=True))
    for path in ("/gate?id=evil", "/walk?id=evil", "/sheet?id=evil"):
        html = (await look(site, path))[2]
        assert "<script>alert" not in html
    assert "&lt;script&gt;alert" in (await look(site, "/gate?id=evil"))[2]


async def test_the_nodes_file_is_there_again_without_a_secret(site: Site) -> None:
    async with site.session.get(
        site.pages + "/do/api/v1/gates/front/node-file", headers={"X-Remote-User-Id": OWNER}
    ) as answer:
        made = await answer.json()
    assert made["file"] == "front.yaml"
    assert "gate_id: front" in made["yaml"]
    assert site.store.gate_key("front").hex() not in made["yaml"]
    form = await form_of(site, GUARD)
    assert await tell(site, "GET", "/do/api/v1/gates/front/node-file", None, GUARD, form=form) == 403


# In a browser


@asynccontextmanager
async def browser(site: Site, *, touch: bool = False, width: int = 1280) -> AsyncIterator[Page]:
    async with async_playwright() as tools:
        chromium = await tools.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        context = await chromium.new_context(
            extra_http_headers={"X-Remote-User-Id": OWNER}, has_touch=touch,
            viewport={"width": width, "height": 900}, locale="en",
        )  # fmt: skip
        page = await context.new_page()
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda line: errors.append(line.text) if line.type == "error" else None)
        yield page
        await chromium.close()
        assert errors == []


def zone_of(site: Site) -> tuple[tuple[float, float], ...]:
    (camera,) = site.store.cameras("front")
    return camera.zone


async def saved(site: Site, page: Page) -> tuple[tuple[float, float], ...]:
    before = zone_of(site)
    async with page.expect_response(lambda response: response.request.method == "PATCH"):
        await page.get_by_role("button", name="Save the zone").click()
    await page.locator("#news").get_by_text("The zone is saved").wait_for()
    assert zone_of(site) != before
    return zone_of(site)


async def test_a_zone_is_drawn_with_a_pointer_and_with_keys_and_by_numbers(site: Site) -> None:
    async with browser(site) as page:
        await page.goto(site.pages + "/gate?id=front")
        frame = await page.locator(".stage").bounding_box()
        assert frame is not None
        corner = page.get_by_role("button", name="Corner 1:")
        box = await corner.bounding_box()
        assert box is not None
        await page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        await page.mouse.down()
        await page.mouse.move(frame["x"] + 0.3 * frame["width"], frame["y"] + 0.2 * frame["height"], steps=4)
        await page.mouse.up()
        assert (await saved(site, page))[0] == pytest.approx((0.3, 0.2), abs=0.005)

        await corner.focus()
        await page.keyboard.press("ArrowRight")
        await page.keyboard.press("Shift+ArrowDown")
        first = (await saved(site, page))[0]
        assert first == pytest.approx((0.31, 0.25), abs=0.006)
        await page.get_by_role("button", name="Corner 2:").focus()
        await page.keyboard.press("Delete")
        assert len(await saved(site, page)) == 3
        await page.keyboard.press("Tab")

        frame = await page.locator(".stage").bounding_box()  # keys may have scrolled the page
        assert frame is not None
        await page.mouse.click(frame["x"] + 0.8 * frame["width"], frame["y"] + 0.5 * frame["height"])
        await page.get_by_role("button", name="Corner 4:").wait_for()
        await page.get_by_text("Corners as numbers").click()
        await page.get_by_label("Corner 1, from the left (%)").fill("12.5")
        await page.get_by_label("Corner 1, from the left (%)").press("Tab")
        zone = await saved(site, page)
        assert len(zone) == 4
        assert zone[0][0] == 0.125

        await page.get_by_role("button", name="Whole picture").click()
        assert await saved(site, page) == ()


async def test_looking_shows_faces_of_the_zone_and_stops_when_told(site: Site) -> None:
    site.scenes["c1"] = two_people()
    async with browser(site, touch=True, width=390) as page:
        await page.goto(site.pages + "/gate?id=front")
        assert site.store.acts(of=[Act.LOOKED_LIVE]) == []
        await page.get_by_role("button", name="Look", exact=True).tap()
        await page.locator(".said").get_by_text("good to be recognised").first.wait_for()
        assert await page.locator(".stage rect.good").count() == 2
        assert len(site.store.acts(of=[Act.LOOKED_LIVE])) == 1
        site.scenes["c1"] = np.full((720, 1280, 3), 96, np.uint8)
        await page.locator(".said").get_by_text("No face in the zone").wait_for()
        await page.get_by_role("button", name="Stop").tap()
        await page.get_by_text("No picture is shown").wait_for()
        assert await page.locator(".stage img").get_attribute("src") is None
        width = await page.evaluate("document.documentElement.scrollWidth")
        assert width <= 390


async def test_a_trial_gate_is_added_in_a_moment(site: Site) -> None:
    async with browser(site) as page:
        await page.goto(site.pages + "/new-gate")
        await page.get_by_label("Name", exact=True).fill("Trial")
        await page.get_by_role("button", name="Add", exact=True).click()
        await page.get_by_role("link", name="On to the gate").click()
        await page.wait_for_url("**/gate?id=trial")
        assert site.store.gate("trial").trial
        await page.goto(site.pages + "/new-gate?kind=real")  # as the first steps lead there
        await page.get_by_label("Name", exact=True).fill("Back")
        assert await page.get_by_label("What it is").input_value() == "real"
        await page.get_by_role("button", name="Add", exact=True).click()
        await page.get_by_role("heading", name="secrets.yaml").wait_for()
        assert site.store.gate_key("back").hex() in await page.locator("pre").inner_text()
        assert site.store.node_setup("back") is not None


async def test_the_walk_is_the_same_as_on_the_command_line(site: Site) -> None:
    async with browser(site) as page:
        await page.goto(site.pages + "/walk?id=front")
        await page.get_by_role("button", name="Begin").click()
        step = page.locator("#steps > li").first
        await step.get_by_role("button", name="Try").click()
        await step.get_by_text("The node is not online").wait_for()
        page.on("dialog", lambda dialog: asyncio.ensure_future(dialog.accept("No relay here")))
        for _ in range(await page.locator("#steps > li").count()):
            await (
                page.locator("#steps > li:not([data-state=skipped])")
                .first.get_by_role("button", name="Leave out")
                .click()
            )
            await page.wait_for_timeout(50)
        await page.get_by_label("Your name").fill("Installer 1")
        await page.get_by_label("The exit button opens the gate").check()
        await page.get_by_role("button", name="Write the result sheet").click()
        await page.locator("#result").get_by_text("may not be used yet").wait_for()
        sheet = site.store.commissioning("front")
        assert sheet is not None
        assert sheet.attestation.installer == "Installer 1"
        assert {result.why for _, result in sheet.results} == {"No relay here"}
        await page.get_by_role("link", name="Print the result sheet").click()
        await page.get_by_text("Installer 1").first.wait_for()


async def test_a_device_of_home_assistant_leads_to_its_gates_page(site: Site) -> None:
    async with browser(site) as page:
        around = f"{site.pages}/app/a0b1c2d3_facegate"  # Home Assistant's page, which has the panel's address
        shown = '<!doctype html><iframe src="../gates"></iframe>'
        await page.route(f"{around}?gate=front", lambda route: route.fulfill(content_type="text/html", body=shown))
        await page.goto(f"{around}?gate=front")
        frame = page.frame_locator("iframe")
        await frame.locator("h1", has_text="Front gate").wait_for()
        assert page.url == around
        await page.evaluate("document.querySelector('iframe').src = '../gates'")
        await frame.locator("h1", has_text="Gates").wait_for()


async def test_an_owner_makes_a_pairing_code_that_pairs(site: Site) -> None:
    async with browser(site) as page:
        await page.goto(f"{site.pages}/gates")
        await page.get_by_role("button", name="Make a pairing code").click()
        code = await page.locator("#pairing-code strong").inner_text()
        assert "10 minutes" in await page.locator("#pairing-code").inner_text()
    assert (await site.ask("POST", "/pair", {"code": code, "name": "Home Assistant"})).status == 201
