"""The guards' cards in a real browser, before what Home Assistant's frontend hands to cards: states and callService."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, sync_playwright

from tests.parts import axe

FILES = Path(__file__).resolve().parents[2] / "custom_components" / "facegate" / "dashboard"
PARTS = {
    "button.open": "unknown", "event.access": "2026-11-23T08:00:00+00:00", "event.passage": "unknown",
    "binary_sensor.node": "on", "binary_sensor.camera": "on", "binary_sensor.fire": "off",
    "binary_sensor.tamper": "off", "binary_sensor.held": "off", "switch.faces": "on", "select.mode": "normal",
    "sensor.passages": "7", "sensor.inside": "unknown",
}  # fmt: skip
THEMES = {
    "light": {"primary-text-color": "#141414", "secondary-text-color": "#5e5e5e", "card": "#ffffff",
              "secondary-background-color": "#e5e5e5"},
    "dark": {"primary-text-color": "#e1e1e1", "secondary-text-color": "#9b9b9b", "card": "#1c1c1c",
             "secondary-background-color": "#282828"},
}  # fmt: skip
"""The colours of Home Assistant's own two themes."""
PAGE = """<!doctype html><html lang="en"><title>Gates</title>
<body style="background: var(--card); color: var(--primary-text-color)"><script type="module">
import "/files/strategy.js";
window.begin = () => window.hass = {
  language: "en", states: {}, entities: {}, devices: {}, calls: [], answer: () => undefined,
  formatEntityAttributeValue: (state, name) => `<${state.attributes[name]}>`,
  formatEntityState: (state, value) => `<${value ?? state.state}>`,
  callService: async (...call) => { hass.calls.push(call.slice(0, 3)); return hass.answer(); },
};
window.put = (entity_id, state, attributes) => {
  const states = { ...hass.states, [entity_id]: { entity_id, state, attributes } };
  window.hass = { ...hass, states };
  for (const card of document.querySelectorAll("facegate-gate, facegate-alarms")) card.hass = hass;
};
window.build = async () => {
  const dashboard = await customElements.get("ll-strategy-dashboard-facegate").generate({}, hass);
  for (const section of dashboard.views[0].sections)
    for (const { type, ...config } of section.cards) {
      const card = document.createElement(type.replace("custom:", ""));
      card.setConfig(config);
      card.hass = hass;
      document.body.append(card);
    }
};
window.ready = true;
</script></body></html>"""


class Tablet:
    """The dashboard on a tablet."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.alarms = page.locator("facegate-alarms ha-card")

    def gate(self, name: str) -> Locator:
        return self.page.locator("facegate-gate").filter(has=self.page.get_by_role("heading", name=name, exact=True))

    def put(self, gate: str, part: str, state: str, **attributes: Any) -> None:
        platform, key = part.split(".")
        arguments = f"{json.dumps(f'{platform}.{gate}_{key}')}, {json.dumps(state)}, {json.dumps(attributes)}"
        self.page.evaluate(f"put({arguments})")

    def calls(self) -> Any:
        return self.page.evaluate("hass.calls")


def house(page: Page, **gates: str) -> None:
    was = {"event_type": "access_denied", "reason": "unknown_face", "method": "face", "direction": "entry"}
    told = {"event.access": was, "select.mode": {"options": ["normal", "lockdown", "free"]}}
    for gate, name in gates.items():
        page.evaluate(
            """([gate, name, parts, told]) => {
                hass.devices[gate] = { name, name_by_user: null };
                for (const [part, state] of Object.entries(parts)) {
                    const [platform, translation_key] = part.split(".");
                    const entity_id = `${platform}.${gate}_${translation_key}`;
                    hass.entities[entity_id] = { entity_id, platform: "facegate", translation_key, device_id: gate };
                    put(entity_id, state, told[part] ?? {});
                }
            }""",
            [gate, name, PARTS, told],
        )


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"))
        yield browser
        browser.close()


def serve(route: Route) -> None:
    name = route.request.url.rsplit("/", 1)[1]
    if name.endswith(".js"):
        route.fulfill(path=FILES / name, content_type="text/javascript")
    else:
        route.fulfill(body=PAGE, content_type="text/html")


@pytest.fixture(scope="module")
def opened(browser: Browser) -> Iterator[Page]:
    complaints: list[str] = []
    page = browser.new_page()
    page.set_default_timeout(20_000)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.route("**/*", serve)
    page.clock.install()
    page.goto("http://tablet.example/")
    page.wait_for_function("window.ready")
    yield page
    assert complaints == []


@pytest.fixture
def tablet(opened: Page) -> Tablet:
    """A house that nobody has touched, as the dashboard's strategy makes it."""
    opened.set_viewport_size({"width": 1280, "height": 800})
    opened.evaluate("document.body.replaceChildren(); document.documentElement.lang = 'en'; void begin();")
    house(opened, north="North gate", south="South gate")
    opened.evaluate("build()")
    return Tablet(opened)


def test_it_is_offered_in_the_language_of_the_page(tablet: Tablet) -> None:
    tell = "window.customStrategies.map(({type, strategyType, name}) => [type, strategyType, name])"
    assert tablet.page.evaluate(tell) == [["facegate", "dashboard", "Gates for guards"]]
    tablet.page.evaluate("document.documentElement.lang = 'zh-Hans'")
    assert tablet.page.evaluate(tell) == [["facegate", "dashboard", "门卫闸机面板"]]


def test_what_was_before_is_not_shown_and_what_is_now_is_for_a_moment(tablet: Tablet) -> None:
    north, south = tablet.gate("North gate"), tablet.gate("South gate")
    assert north.get_by_role("status").inner_text() == "Nothing right now"
    told = {"reason": "recognised", "method": "face", "direction": "entry"}
    tablet.put("north", "event.access", "2026-11-23T09:00:00+00:00", event_type="access_granted", **told)
    shown = north.get_by_role("status").inner_text()
    assert shown.split() == ["<access_granted>", "<face>", "·", "<entry>"]
    told["reason"] = "not_live"
    tablet.put("north", "event.access", "2026-11-23T09:00:05+00:00", event_type="access_denied", **told)
    assert "<not_live>" in north.get_by_role("status").inner_text()
    assert south.get_by_role("status").inner_text() == "Nothing right now"
    tablet.page.clock.run_for(16_000)
    assert north.get_by_role("status").inner_text() == "Nothing right now"


def test_an_event_that_comes_back_after_a_silence_is_no_news(tablet: Tablet) -> None:
    was = PARTS["event.access"]
    tablet.put("north", "event.access", "unavailable")
    tablet.put("north", "event.access", was, event_type="access_denied", reason="x", method="face")
    assert tablet.gate("North gate").get_by_role("status").inner_text() == "Nothing right now"


def test_open_asks_first_and_opens_once(tablet: Tablet) -> None:
    north = tablet.gate("North gate")
    north.get_by_role("button", name="Open", exact=True).click()
    assert north.get_by_text("Open North gate now?").is_visible()
    north.get_by_role("button", name="No", exact=True).click()
    assert tablet.calls() == []
    north.get_by_role("button", name="Open", exact=True).click()
    north.get_by_role("button", name="Yes", exact=True).click()
    north.get_by_text("Opened").wait_for()
    assert tablet.calls() == [["button", "press", {"entity_id": "button.north_open"}]]


def test_a_question_that_nobody_answers_goes(tablet: Tablet) -> None:
    north = tablet.gate("North gate")
    north.get_by_role("button", name="Open", exact=True).click()
    tablet.page.clock.run_for(11_000)
    assert north.get_by_role("alertdialog").count() == 0
    assert tablet.calls() == []


def test_why_it_did_not_open_is_said(tablet: Tablet) -> None:
    tablet.page.evaluate("void (hass.answer = () => { throw new Error('Not opened: lockdown.'); })")
    north = tablet.gate("North gate")
    north.get_by_role("button", name="Open", exact=True).click()
    north.get_by_role("button", name="Yes", exact=True).click()
    north.get_by_text("Not opened: lockdown.").wait_for()
    assert north.get_by_role("button", name="Open", exact=True).is_enabled()


def test_mode_is_shown_and_changed_after_a_question(tablet: Tablet) -> None:
    south = tablet.gate("South gate")
    assert south.get_by_role("button", name="<normal>").get_attribute("aria-pressed") == "true"
    south.get_by_role("button", name="<lockdown>").click()
    assert south.get_by_text("Set South gate to “<lockdown>”?").is_visible()
    south.get_by_role("button", name="Yes", exact=True).click()
    wanted = ["select", "select_option", {"entity_id": "select.south_mode", "option": "lockdown"}]
    assert tablet.calls() == [wanted]


def test_alarms_stand_on_top_the_gravest_first_and_go_when_it_is_over(tablet: Tablet) -> None:
    assert tablet.alarms.inner_text() == "No alarms"
    tablet.put("south", "binary_sensor.node", "off")
    tablet.put("north", "binary_sensor.held", "on")
    tablet.put("south", "binary_sensor.fire", "on")
    alarms = tablet.alarms.get_by_role("listitem")
    assert [one.get_attribute("data-alarm") for one in alarms.all()] == [
        "alarm_fire", "alarm_held", "alarm_node",
    ]  # fmt: skip
    assert tablet.gate("South gate").get_by_role("button", name="Open", exact=True).is_disabled()
    tablet.put("south", "binary_sensor.fire", "off")
    tablet.put("south", "binary_sensor.node", "on")
    tablet.put("north", "binary_sensor.held", "off")
    assert tablet.alarms.inner_text() == "No alarms"


def test_who_went_through_without_permission_is_an_alarm_for_a_minute(tablet: Tablet) -> None:
    tablet.put("north", "event.passage", "2026-11-23T09:00:00+00:00", event_type="forced", direction="entry")
    assert re.search("North gate\\s+Somebody went through without permission", tablet.alarms.inner_text())
    tablet.page.clock.run_for(61_000)
    assert tablet.alarms.inner_text() == "No alarms"


def test_a_gate_without_face_reader_needs_no_camera(tablet: Tablet) -> None:
    tablet.put("north", "binary_sensor.camera", "off")
    assert "The camera is silent" in tablet.alarms.inner_text()
    tablet.put("north", "switch.faces", "off")
    assert tablet.alarms.inner_text() == "No alarms"


def test_a_recognizer_that_is_away_is_one_alarm(tablet: Tablet) -> None:
    for gate in ("north", "south"):
        for part in PARTS:
            tablet.put(gate, part, "unavailable")
    assert tablet.alarms.inner_text() == "FaceGate does not answer"
    assert tablet.gate("North gate").get_by_role("button", name="Open", exact=True).is_disabled()


@pytest.mark.parametrize("width", [360, 1280])
def test_fingers_find_everything_and_nothing_is_cut_off(tablet: Tablet, width: int) -> None:
    tablet.page.set_viewport_size({"width": width, "height": 800})
    for button in tablet.page.get_by_role("button").all():
        box = button.bounding_box()
        assert box is not None
        assert box["height"] >= 56
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width


@pytest.mark.parametrize("theme", THEMES)
def test_nothing_keeps_anybody_out_in_either_theme(tablet: Tablet, theme: str) -> None:
    for name, colour in THEMES[theme].items():
        tablet.page.evaluate(
            "([name, colour]) => document.documentElement.style.setProperty(name, colour)", [f"--{name}", colour]
        )
    told = {"reason": "recognised", "method": "face", "direction": "entry"}
    tablet.put("north", "event.access", "2026-11-23T09:00:00+00:00", event_type="access_granted", **told)
    tablet.put("north", "binary_sensor.tamper", "on")
    tablet.put("south", "binary_sensor.node", "off")
    tablet.put("south", "select.mode", "free", options=["normal", "lockdown", "free"])
    tablet.gate("North gate").get_by_role("button", name="Open", exact=True).click()
    assert axe.serious_now(tablet.page) == []
