"""Whoever looks at somebody's track is written down before anything is shown; a guard sees now and no history."""

import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from facegate.adapters.store import Intent, Store, StoreError
from facegate.adapters.store.passages import Wanted
from facegate.core.activity import EVENTS, RESULTS, SEEN, says
from facegate.core.audit import LEAST_REASON, MOST_REASON, Act, ReasonError
from facegate.core.models import Direction, Gate, Method, Mode, Reason
from facegate.residents.looks import NOW_SECONDS, Looks
from facegate.web.panel.visitors import CSRF, USER_ID
from tests.parts.panel import AUDITOR, GUARD, NOBODY, OWNER
from tests.parts.web import LOCAL_TOKEN, Reply, Site, running_site

WHY = "A parcel is missing since Monday"
ALL = {"from": 0, "to": 4_000_000_000}


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with running_site(tmp_path) as running:
        running.store.set_member(OWNER, "Owner 1", "owner")
        running.store.set_member(GUARD, "Guard 1", "guard")
        running.store.set_member(AUDITOR, "Auditor 1", "auditor")
        running.store.add_gate(Gate("main", "Main gate"))
        yield running


def visit(store: Store, resident: str | None, number: int = 1, at: float | None = None) -> None:
    name = f"{number:016x}"
    at = time.time() if at is None else at
    store.begin_opening(Intent(name, "main", Direction.ENTRY, Method.FACE, Reason.RECOGNISED, at, resident))
    store.finish_opening(name, "opened", "", at)


async def do(site: Site, user: str, method: str, path: str, body: Any = None) -> Reply:
    """Ask as a page of the panel does, for this member."""
    page = await site.session.get(f"{site.pages}/", headers={USER_ID: user})
    form = (await page.text()).partition('name="facegate-form" content="')[2].partition('"')[0]
    headers = {USER_ID: user, CSRF: form}
    async with site.session.request(method, f"{site.pages}/do/api/v1{path}", json=body, headers=headers) as answer:
        content = await answer.json(content_type=None)
        return Reply(answer.status, answer.content_type, dict(answer.headers), await answer.read(), content)


async def test_what_has_been_is_listed_without_names(site: Site) -> None:
    person = site.store.add_resident("Resident 1")
    visit(site.store, person.id)
    for user in (OWNER, AUDITOR):
        reply = await do(site, user, "GET", "/activity")
        assert reply.status == 200
        (record,) = reply.content["records"]
        assert record["says"] == ["opened", "why.recognised"]
        assert person.id not in reply.raw.decode()
        assert "Resident 1" not in reply.raw.decode()
    assert site.store.acts() == []


async def test_names_are_shown_for_a_reason_and_each_person_sees_the_look(site: Site) -> None:
    one, two, three = (site.store.add_resident(f"Resident {number}") for number in (1, 2, 3))
    visit(site.store, one.id, 1, 1_000_000.0)
    visit(site.store, two.id, 2, 1_000_100.0)
    visit(site.store, three.id, 3, 2_000_000.0)
    span = {"from": 0, "to": 1_500_000}
    reply = await do(site, AUDITOR, "POST", "/activity/names", {"reason": WHY, **span})
    assert [record["name"] for record in reply.content["records"]] == ["Resident 2", "Resident 1"]
    for person in (one, two):
        looks = (await do(site, OWNER, "GET", f"/residents/{person.id}/looks")).content["looks"]
        assert [(look["actor"], look["reason"], look["from"], look["to"]) for look in looks] == [
            ("Auditor 1", WHY, 1_000_000.0, 1_000_100.0)
        ]
    assert (await do(site, OWNER, "GET", f"/residents/{three.id}/looks")).content["looks"] == []


async def test_one_persons_track_is_shown_as_far_as_it_has_a_name(site: Site) -> None:
    person = site.store.add_resident("Resident 1")
    now = time.time()
    visit(site.store, person.id, 1, now - 20 * 86400)
    visit(site.store, person.id, 2, now - 100)
    site.store.pseudonymise_access(now - 10 * 86400)
    reply = await do(site, OWNER, "POST", f"/residents/{person.id}/looks", {"reason": WHY, **ALL})
    assert [round(record["at"]) for record in reply.content["records"]] == [round(now - 100)]
    assert len(site.store.own_passages(person.id, 0, now)) == 2  # the resident has both
    (deed,) = site.store.acts(resident=person.id)
    assert (deed.actor, deed.act, deed.reason) == ("Owner 1", Act.LOOKED, WHY)


@pytest.mark.parametrize("reason", ["", "curious", " " * 20, "a         b", "x" * (MOST_REASON + 1), 7, None])
async def test_without_a_reason_nothing_is_shown_and_nothing_written(site: Site, reason: object) -> None:
    person = site.store.add_resident("Resident 1")
    visit(site.store, person.id)
    for path in ("/activity/names", f"/residents/{person.id}/looks"):
        reply = await do(site, OWNER, "POST", path, {"reason": reason, **ALL})
        assert reply.status == 422
        assert b"Resident 1" not in reply.raw
    assert site.store.acts() == []


async def test_a_guard_sees_now_and_no_history(site: Site) -> None:
    person = site.store.add_resident("Resident 1")
    visit(site.store, person.id, 1, time.time() - NOW_SECONDS - 60)
    visit(site.store, person.id, 2)
    for method, path, body in (
        ("GET", "/activity", None),
        ("GET", "/activity?from=0", None),
        ("POST", "/activity/names", {"reason": WHY, **ALL}),
        ("POST", f"/residents/{person.id}/looks", {"reason": WHY, **ALL}),
        ("GET", f"/residents/{person.id}/looks", None),
        ("GET", "/trail/checkpoints", None),
        ("POST", "/trail/proof", {}),
    ):
        reply = await do(site, GUARD, method, path, body)
        assert (reply.status, reply.problem()) == (403, "forbidden"), path
        nobody = await do(site, NOBODY, method, path, body)
        assert nobody.status == 401, path
    reply = await do(site, GUARD, "GET", "/activity/now")
    (record,) = reply.content["records"]
    assert record.keys().isdisjoint({"resident", "name", "note"})
    assert record["pseudonym"] is None
    assert person.id not in reply.raw.decode()
    assert site.store.acts() == []


async def test_an_auditor_changes_nothing(site: Site) -> None:
    for method, path, body in (
        ("POST", "/gates/main/open", {"direction": "entry", "issued_at": 1}),
        ("PATCH", "/gates/main", {"name": "Mine"}),
        ("POST", "/residents", {"name": "Resident 2"}),
        ("POST", "/clock/confirmation", {}),
        ("GET", "/activity/now", None),
    ):
        assert (await do(site, AUDITOR, method, path, body)).status in (403, 415), path
    assert site.store.residents() == []
    assert (await do(site, AUDITOR, "POST", "/trail/proof", {})).content["broken"] is None


async def test_no_token_that_pairing_yields_reads_what_has_been(site: Site) -> None:
    usual = await site.pair()
    guard = await site.pair("read", "open", "guard")
    for token in (usual, guard):
        assert (await site.ask("GET", "/activity", token=token)).problem() == "forbidden"
    assert (await site.ask("POST", "/pair", {"code": "AAAAAAAA", "name": "Me", "scopes": ["history"]})).status == 422
    assert (await site.ask("GET", "/activity", token=LOCAL_TOKEN)).status == 200


class FullDisk:
    """A store on which nothing can be written down; everything else is the real one's."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def record_looks(self, *_: object) -> None:
        raise StoreError("The disk is full: free some space.")


def test_what_cannot_be_written_down_is_not_shown(tmp_path: Path) -> None:
    with Store.open(tmp_path / "data") as store:
        person = store.add_resident("Resident 1")
        visit(store, person.id)
        looks = Looks(FullDisk(store))
        with pytest.raises(StoreError):
            looks.track(person.id, 0, 4e9, "Owner 1", WHY)
        with pytest.raises(ReasonError):
            looks.track(person.id, 0, 4e9, "Owner 1", "x" * (LEAST_REASON - 1))


def test_a_look_is_written_down_for_everybody_or_nobody(tmp_path: Path) -> None:
    with Store.open(tmp_path / "data") as store:
        person = store.add_resident("Resident 1")
        with pytest.raises(StoreError):
            store.record_looks("Owner 1", [person.id, "0000000000000000"], WHY, (0, 1))
        assert store.acts() == []


def test_old_passages_are_told_by_their_pseudonyms_and_the_phone_that_asked_by_nothing(tmp_path: Path) -> None:
    with Store.open(tmp_path / "data") as store:
        person = store.add_resident("Resident 1")
        store.begin_opening(
            Intent("0" * 16, "main", Direction.ENTRY, Method.PHONE, Reason.REMOTE, 100.0, person.id, actor="Phone 7")
        )
        store.begin_opening(
            Intent("1" * 16, "main", Direction.ENTRY, Method.REMOTE, Reason.GUARD, 101.0, actor="Guard 1", note="R. 1")
        )
        looks = Looks(store, clock=lambda: 200.0)
        newer, older = looks.history(looks_wanted())
        assert (older.resident, older.actor, older.pseudonym) == (None, None, None)
        assert (newer.actor, newer.note) == ("Guard 1", None)
        assert [record.actor for record in looks.now()] == [None, None]
        store.pseudonymise_access(150.0)
        assert looks.history(looks_wanted())[1].pseudonym is not None
        assert [record.pseudonym for record in looks.now()] == [None, None]
        named = looks.names(looks_wanted(), "Owner 1", WHY)
        assert named.names == {}  # nobody, not even with a reason
        assert [(deed.act, deed.resident, deed.reason) for deed in store.acts(of=(Act.LOOKED,))] == [
            (Act.LOOKED, None, WHY)
        ]


def looks_wanted() -> Wanted:
    return Wanted(0.0, 1000.0)


async def test_filters_are_parameters_and_no_text_gets_into_a_query(site: Site) -> None:
    person = site.store.add_resident("Resident 1")
    site.store.add_gate(Gate("side", "Side gate"))
    visit(site.store, person.id)
    site.store.record_denial(
        gate="side", direction=Direction.EXIT, method=Method.FACE, reason=Reason.UNKNOWN_FACE, at=time.time()
    )
    assert len((await do(site, OWNER, "GET", "/activity?gate=side&kind=denial")).content["records"]) == 1
    assert len((await do(site, OWNER, "GET", "/activity?gate=side&kind=opening")).content["records"]) == 0
    newest = (await do(site, OWNER, "GET", "/activity")).content["records"][0]["number"]
    assert len((await do(site, OWNER, "GET", f"/activity?before={newest}")).content["records"]) == 1
    for tried in ("gate=' OR 1=1 --", "kind=opening' OR '1'='1", "before=1;DROP TABLE access", "from=0 UNION SELECT"):
        assert (await do(site, OWNER, "GET", f"/activity?{tried}")).status == 422
    injected = "x'); DROP TABLE acts; -- and more"
    assert (await do(site, OWNER, "POST", "/activity/names", {"reason": injected, **ALL})).status == 200
    assert site.store.acts(resident=person.id)[0].reason == injected
    assert (await do(site, OWNER, "POST", "/residents/'%20OR%201/looks", {"reason": WHY, **ALL})).status in (404, 422)


def test_every_record_is_told_in_words() -> None:
    assert says("denial", "unknown_face") == ("refused", "why.unknown_face")
    assert says("opening", "recognised", "opened", "passed") == ("opened", "why.recognised", "seen.passed")
    assert says("opening", "remote") == ("under_way",)
    assert says("opening", "remote", "interrupted") == ("interrupted",)
    for result in RESULTS:
        assert says("opening", "remote", result) == ("not_opened", f"result.{result}")
    for seen in SEEN:
        assert says("passage", "passage", passage=seen) == (f"seen.{seen}",)
    for event in EVENTS:
        what, _, first = event.partition(".")
        assert says("event", "reported", passage=what, detail=f"{first} more") == (f"event.{event}",)
    assert {f"mode.{mode}" for mode in Mode} <= set(EVENTS)
    assert says("event", "reported", passage="new_word", detail="x") == ("other",)
    assert says("opening", "remote", "<b>") == ("not_opened", "other")
