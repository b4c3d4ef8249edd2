"""The page Residents in a real browser."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from facegate.adapters.store import GateList
from facegate.core.boards import Lock
from facegate.core.leaving import Terms
from facegate.core.models import Gate, PrivacyLevel, ResidentState
from facegate.core.node_file import NodeSetup
from facegate.web.panel.words import words
from tests.parts.browser import OWNER, browser_page
from tests.parts.web import Site, running_site

GUARD, AUDITOR = "b" * 32, "c" * 32
HARDWARE = NodeSetup("board", Lock.FAIL_SAFE, ("wiegand", "keypad-wiegand"), "1")


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with running_site(tmp_path) as running:
        running.store.set_member(OWNER, "Owner", "owner")
        running.store.set_member(GUARD, "Guard", "guard")
        running.store.set_member(AUDITOR, "Auditor", "auditor")
        running.store.add_gate(Gate("main", "Main gate"), HARDWARE)
        running.store.save_gate_list(GateList("main", 1, "f", 0, stored=True))
        yield running


async def look(site: Site, user: str) -> tuple[int, str]:
    async with site.session.get(site.pages + "/residents", headers={"X-Remote-User-Id": user}) as response:
        return response.status, await response.text()


async def test_owners_alone_see_it_and_no_name_stands_in_its_address_or_menu(site: Site) -> None:
    site.store.add_residents([{"name": "Resident 1", "flat": "3-502"}])
    for user in (GUARD, AUDITOR):
        status, html = await look(site, user)
        assert status == 403
        assert "Resident 1" not in html
    assert (await look(site, OWNER))[0] == 200


async def test_a_resident_is_added_found_given_a_pin_and_the_face_reader_follows(site: Site) -> None:
    async with browser_page() as page:
        await page.goto(site.pages + "/residents")
        await page.click("#add")
        await page.fill("#properties [name=name]", "Resident <b>1</b>")
        await page.fill("#properties [name=flat]", "3-502")
        await page.fill("#properties [name=groups]", "staff, tower")
        await page.fill("#properties [name=valid_until]", "2031-05-06")
        await page.check("#properties [name=level][value=no_face]")
        await page.click("#properties button:not([type=button])")
        await page.wait_for_selector("#more:not([hidden])")
        [kept] = site.store.residents()
        assert (kept.name, kept.flat, kept.groups) == ("Resident <b>1</b>", "3-502", frozenset({"staff", "tower"}))
        assert (kept.level, kept.state) == (PrivacyLevel.NO_FACE, ResidentState.ENROLLED)
        until = kept.valid_until
        await page.click("#pin")
        made = (await page.text_content("#made:not([hidden])") or "").split()[-1]
        assert made.isdigit()
        assert [credential.kind for credential in site.store.credentials(kept.id)] == ["pin"]

        await page.click("#pass")
        await page.wait_for_selector("#code:not([hidden])")
        assert await page.locator("#ways li").count() == 2
        assert len(site.store.passes(kept.id)) == 1

        await page.fill("#properties [name=flat]", "3-503")
        await page.click("#properties button:not([type=button])")
        await page.wait_for_function("() => document.querySelector('#one .said').textContent !== ''")
        changed = site.store.resident(kept.id)
        assert (changed.flat, changed.valid_until) == ("3-503", until), "what was not touched stays as it was"
        await page.click("#pause")
        await page.wait_for_selector("#list .state[data-state=suspended]", state="attached")
        await page.click("#pause")
        await page.wait_for_selector("#list .state[data-state=enrolled]", state="attached")
        await page.click("#one [data-close]")

        await page.fill("#search", "3-503")
        assert await page.locator("#list li").count() == 1
        await page.fill("#search", "nobody")
        assert await page.locator("#list li").count() == 0
        await page.click("[aria-labelledby=reader-main] .actions button")
        await page.wait_for_selector("[aria-labelledby=reader-main] .light.good")
        assert site.store.gate("main").faces


async def test_the_switch_says_who_would_be_shut_out(site: Site) -> None:
    site.store.add_residents([{"name": "Resident 1"}])
    async with browser_page() as page:
        await page.goto(site.pages + "/residents")
        await page.click("[aria-labelledby=reader-main] .actions button")
        await page.wait_for_selector("#news.wrong")
        assert words("en")["problem_kind.ways_missing"] in (await page.text_content("#news") or "")
        assert not site.store.gate("main").faces
        await page.click("[aria-labelledby=reader-main] summary")
        await page.click("[aria-labelledby=reader-main] [data-resident]")
        assert await page.text_content("#one-title") == "Resident 1"


async def test_erasing_takes_the_whole_name(site: Site) -> None:
    [who] = site.store.add_residents([{"name": "Resident 1"}])
    async with browser_page() as page:
        await page.goto(site.pages + "/residents")
        await page.click("#list button")
        await page.fill("#erase input", "Resident")
        assert await page.is_disabled("#erase button")
        await page.fill("#erase input", "Resident 1")
        await page.click("#erase button")
        await page.wait_for_selector("#list li", state="detached")
        assert who.id not in {resident.id for resident in site.store.residents()}


async def test_a_list_is_looked_at_before_anything_is_stored(site: Site) -> None:
    site.store.add_residents([{"name": "Resident 1", "flat": "1-101"}])
    content = "姓名;房号;身份证;闸门\n住户甲;9;110101199001011234;Main gate\nResident 1;1-101;;\n".encode("gb18030")
    async with browser_page(width=390, language="zh-Hans") as page:
        await page.goto(site.pages + "/residents")
        await page.click("#open-import")
        await page.set_input_files(
            "#import [type=file]", {"name": "list.csv", "mimeType": "text/csv", "buffer": content}
        )
        await page.click("#import form button")
        await page.wait_for_selector("#import tbody tr")
        assert [await cell.text_content() for cell in await page.locator("#import tbody td.faulty").all()] == [
            "姓名: 已存在： Resident 1"
        ]
        assert "身份证" in (await page.text_content("#ignored") or "")
        assert "110101199001011234" not in await page.content()
        assert len(site.store.residents()) == 1
        assert not await page.is_visible("#import [value=all]")
        await page.click("#import [value=good]")
        await page.wait_for_function("() => document.querySelectorAll('#list li').length === 2")
        assert {(one.name, one.gates) for one in site.store.residents()} == {
            ("Resident 1", frozenset()),
            ("住户甲", frozenset({"main"})),
        }


async def test_a_person_who_is_gone_is_asked_about_and_whoever_leaves_is_named_before(site: Site) -> None:
    kept, left = site.store.add_residents([{"name": f"Resident {n}", "person": f"person.p{n}"} for n in (1, 2)])
    site.store.hear_persons({})
    async with browser_page() as page:
        asked: list[str] = []
        page.on("dialog", lambda dialog: dialog.accept())
        page.on("request", lambda request: asked.append(request.url))
        await page.goto(site.pages + "/residents")
        await page.click("#asked li:has-text('Resident 1') .second >> nth=0")
        await page.click("#asked li:has-text('Resident 2') .second >> nth=2")
        await page.wait_for_selector("#asked", state="hidden")
        await page.wait_for_selector("#list .state[data-state=expired]")
        assert "Resident 2" in (await page.text_content("#leaving li") or "")
        await page.click("#leaving button")
        await page.fill("#properties [name=valid_until]", "")
        await page.click("#properties button:not([type=button])")
        await page.wait_for_selector("#leaving", state="hidden")
        site.services.departures.terms = Terms(absent_days=0)
        await page.reload()
        await page.click("#leaving li:has-text('Resident 1') button")
        await page.wait_for_function("() => document.querySelectorAll('#leaving li').length === 2")
    assert any(url.endswith(f"/residents/{kept.id}/stay") for url in asked)
    for one in (kept, left):
        after = site.store.resident(one.id)
        assert (after.person, after.name, after.valid_until, after.state) == (None, one.name, None, one.state)


async def test_a_person_of_home_assistant_becomes_a_resident_by_two_clicks(site: Site) -> None:
    site.services.persons.hear({"person.one": "One"})
    site.services.persons.hear(
        {f"person.p{number}": f"Person {number}" for number in range(30)} | {"person.one": "One"}
    )
    async with browser_page() as page:
        await page.goto(site.pages + "/residents")  # the first click: the page
        await page.wait_for_selector("#candidates:not([hidden])")
        assert await page.locator("#candidates li").count() == 20
        await page.fill("#candidates input", "one")
        await page.click("#candidates li button")  # the second one
        await page.wait_for_selector("#more:not([hidden])")
        assert await page.text_content("#one-title") == "One"
        await page.click("#next [data-link=invitation]")  # what comes next is at hand
        await page.wait_for_selector("#code:not([hidden])")
        await page.click("#one [data-close]")
        await page.fill("#candidates input", "one")
        assert await page.locator("#candidates li").count() == 0
    [made] = site.store.residents()
    assert (made.name, made.person) == ("One", "person.one")
    async with site.session.get(site.pages + "/residents", headers={"X-Remote-User-Id": OWNER}) as response:
        assert "Person 7" not in await response.text(), "names stand in no page, they are asked for"


async def test_the_page_is_light_and_its_texts_are_whole(site: Site) -> None:
    site.store.add_gate(replace(Gate("trial", "Trial"), trial=True))
    async with browser_page() as page:
        sizes: list[int] = []
        page.on("response", lambda response: sizes.append(int(response.headers.get("content-length", "0"))))
        await page.goto(site.pages + "/residents")
        await page.wait_for_selector("#count")
        await page.wait_for_load_state("networkidle")
        assert 5_000 < sum(sizes) <= 150_000
    english, chinese = words("en"), words("zh-Hans")
    own = {key for key in english if key.startswith("residents.")}
    assert own == {key for key in chinese if key.startswith("residents.")}
