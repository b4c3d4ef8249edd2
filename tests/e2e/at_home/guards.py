"""A guard's tablet: the dashboard is added as anybody adds one, and opens a gate; who goes through is counted."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Page, sync_playwright

from tests.parts.house import House

TITLE = "Guards"
PASSAGES = "sensor.main_entrance_passages_today"


@contextmanager
def tablet(house: House) -> Iterator[Page]:
    """A tablet on the wall that somebody has logged in. Home Assistant's own commands wait until it is put away."""
    home = house.home
    tokens = {
        "access_token": home.token, "token_type": "Bearer", "refresh_token": "", "expires_in": 86_400,
        "expires": 2**52, "hassUrl": home.url, "clientId": f"{home.url}/",
    }  # fmt: skip
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"))
        context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en", has_touch=True)
        context.add_init_script(f"localStorage.setItem('hassTokens', {json.dumps(json.dumps(tokens))})")
        page = context.new_page()
        page.set_default_timeout(60_000)  # a first load of Home Assistant's pages on a busy machine
        yield page
        browser.close()


def test_a_guard_adds_the_dashboard_and_opens_a_gate(house: House) -> None:
    assert house.node is not None
    pulses = len(house.node.relay.pulses())
    with tablet(house) as page:
        page.goto(f"{house.home.url}/config/lovelace/dashboards")
        page.get_by_text("Add dashboard").first.click()
        page.get_by_text("Gates for guards").click()
        page.get_by_role("textbox", name="Title").fill(TITLE)
        page.get_by_role("button", name="Create").click()
        page.get_by_role("button", name="Create").wait_for(state="hidden")  # before that, the page leaves by itself
        page.get_by_text(TITLE, exact=True).first.wait_for()
        page.goto(f"{house.home.url}/dashboard-guards")
        gate = page.locator("facegate-gate").filter(has=page.get_by_role("heading", name="Main entrance"))
        gate.get_by_role("button", name="Open", exact=True).click()
        assert len(house.node.relay.pulses()) == pulses  # it asks first
        gate.get_by_role("button", name="Yes", exact=True).click()
        gate.get_by_text("Access granted").wait_for()
        assert page.locator("facegate-alarms").count() == 1
        assert "Resident" not in page.content()
    assert len(house.node.relay.wait_for_pulses(pulses + 1)) > pulses


def test_who_goes_through_is_counted(house: House) -> None:
    assert house.node is not None
    before = int(house.home.state(PASSAGES)["state"])
    house.node.touch_input("beam")
    house.home.wait_for_state(PASSAGES, str(before + 1))
    assert house.home.state("sensor.main_entrance_people_inside")["state"] == "unknown"  # nobody was seen to go out
