"""Home Assistant's persons: who is offered as a resident, and what an answer does to one whose person is gone."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from facegate.adapters.store import Store
from facegate.core.audit import Act
from facegate.core.leaving import Cause, Terms, leaving
from facegate.core.models import Resident, ResidentState
from facegate.core.residency import may_pass
from facegate.residents.persons import Outcome, Persons
from facegate.web.tokens import Scope
from tests.parts.web import LOCAL_TOKEN, Reply, Site

MANY = 400


async def told(site: Site, token: str, **persons: str) -> Mapping[str, Any]:
    """What the recognizer answers to Home Assistant's persons."""
    body = {"persons": [{"id": f"person.{name}", "name": called} for name, called in persons.items()]}
    reply = await site.ask("PUT", "/persons", body, token=token)
    assert reply.status == 200, reply.raw
    return dict(reply.content)


async def say(site: Site, token: str, what: str, **body: Any) -> Reply:
    return await site.ask("POST", f"/persons/{what}", body, token=token)


def only(site: Site) -> Resident:
    [resident] = site.store.residents()
    return resident


@pytest.fixture
async def token(site: Site) -> str:
    """What Home Assistant has: it opens and manages, and learns nobody's name."""
    return await site.pair("read", "manage", "open", "invite")


async def linked(site: Site, token: str) -> Resident:
    """Resident 1, whom Home Assistant calls One."""
    await told(site, token, one="One")
    assert (await say(site, token, "residents", person="person.one", name="Resident 1")).status == 201
    return only(site)


# Who is offered


async def test_whoever_was_there_first_is_not_offered_and_whoever_comes_is_until_they_live_here(
    site: Site, token: str
) -> None:
    assert (await told(site, token, one="One"))["new"] == []
    [new] = (await told(site, token, one="One", two="Two"))["new"]
    assert (new["person"], new["name"]) == ("person.two", "Two")
    assert "two" not in new["mark"]
    again = (await told(site, token, one="One", two="Second"))["new"]
    assert again == [{**new, "name": "Second"}], "the same question keeps its mark, so that it can be ignored"
    assert (await say(site, token, "residents", person="person.two")).status == 201
    assert (only(site).name, only(site).person, only(site).state) == ("Second", "person.two", ResidentState.INVITED)
    assert (await told(site, token, one="One", two="Second"))["new"] == []
    site.store.erase_resident(only(site).id)
    assert (await told(site, token, one="One", two="Second"))["new"] == [], "whoever is erased is not offered again"
    assert [deed.act for deed in site.store.acts()] == [Act.ERASED, Act.ADDED]


async def test_whoever_shall_be_no_resident_is_not_offered_again(site: Site, token: str) -> None:
    await told(site, token, one="One")
    assert len((await told(site, token, one="One", two="Two"))["new"]) == 1
    assert (await say(site, token, "answers", person="person.two", outcome="no_resident")).status == 204
    assert (await told(site, token, one="One", two="Two"))["new"] == []
    assert (await say(site, token, "answers", person="person.no", outcome="no_resident")).problem() == "not_found"
    listed = await site.ask("GET", "/persons", token=LOCAL_TOKEN)
    assert [(one["name"], one["new"]) for one in listed.content] == [("One", False), ("Two", False)]
    assert site.store.residents() == site.store.acts() == []


async def test_a_mark_outlives_a_restart_and_a_new_site_key_and_tells_nothing(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        store.hear_persons({"person.one": "One"})
        store.hear_persons({"person.one": "One", "person.two": "Two"})
        known = store.known_persons()
        assert {person: one.new for person, one in known.items()} == {"person.one": False, "person.two": True}
        store.change_site_key()
    with Store.open(tmp_path) as store:
        assert store.known_persons() == known
        store.backup(tmp_path / "copy")
        kept = (tmp_path / "copy").read_bytes()
        assert known["person.two"].mark.encode() in kept
        assert b"person.two" not in kept
        store.hear_persons({"person.two": "Two"})
        assert store.known_persons() == {"person.two": known["person.two"]}, "who is gone is forgotten"


async def test_the_owner_sees_who_is_no_resident_and_a_token_does_not(site: Site, token: str) -> None:
    await linked(site, token)
    await told(site, token, one="One", two="Two")
    await told(site, token, one="One", two="Two", three="Three")
    listed = await site.ask("GET", "/persons", token=LOCAL_TOKEN)
    assert [(one["person"], one["name"], one["new"]) for one in listed.content] == [
        ("person.three", "Three", True),
        ("person.two", "Two", True),
    ]
    assert (await site.ask("GET", "/persons", token=token)).problem() == "forbidden"


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({"person": "person.one"}, "exists"),
        ({"person": "person.nobody"}, "not_found"),
        ({"person": "person.blank", "name": ""}, "invalid"),
    ],
)
async def test_nobody_is_made_up_or_made_twice(site: Site, token: str, body: dict[str, str], problem: str) -> None:
    await linked(site, token)
    await told(site, token, one="One", blank="")
    assert (await say(site, token, "residents", **body)).problem() == problem
    assert len(site.store.residents()) == 1


async def test_a_person_without_a_usable_name_needs_one(site: Site, token: str) -> None:
    await told(site, token, blank="", long="x" * 200)
    assert (await say(site, token, "residents", person="person.blank")).problem() == "invalid"
    assert (await say(site, token, "residents", person="person.long")).status == 201
    assert only(site).name == "x" * 80


# What became of somebody


async def test_home_assistant_hears_of_its_own_persons_alone(site: Site, token: str) -> None:
    site.store.add_residents([{"name": "Resident 2"}, {"name": "Resident 3", "person": "person.typed"}])
    await linked_beside(site, token)
    heard = await told(site, token)
    assert [one["name"] for one in heard["gone"]] == ["One"]
    assert "Resident" not in str(heard)
    assert "typed" not in str(heard)


async def linked_beside(site: Site, token: str) -> None:
    await told(site, token, one="One")
    assert (await say(site, token, "residents", person="person.one", name="Resident 1")).status == 201


@pytest.mark.parametrize(("outcome", "name"), [("take_name", "First"), ("keep_name", "Resident 1")])
async def test_a_new_name_is_taken_over_or_not(site: Site, token: str, outcome: str, name: str) -> None:
    await linked(site, token)
    [asked] = (await told(site, token, one="First"))["renamed"]
    assert (asked["name"], asked["before"]) == ("First", "One")
    assert (await say(site, token, "answers", person="person.one", outcome=outcome)).status == 204
    assert only(site).name == name
    assert (await told(site, token, one="First"))["renamed"] == [], "what is answered is not asked again"
    assert (await say(site, token, "answers", person="person.one", outcome=outcome)).problem() == "not_now"
    [deed, _] = site.store.acts()
    assert (deed.act, deed.actor) == (Act.CHANGED, "Home Assistant")


async def test_whoever_stays_without_a_person_is_let_in_as_before(site: Site, token: str) -> None:
    before = await linked(site, token)
    [asked] = (await told(site, token))["gone"]
    assert (asked["person"], asked["name"]) == ("person.one", "One")
    assert only(site).state is before.state, "nothing happens by itself"
    assert (await say(site, token, "answers", person="person.one", outcome="stays")).status == 204
    after = only(site)
    assert (after.person, after.person_gone, after.valid_until) == (None, False, None)
    assert (await told(site, token))["gone"] == []


async def test_whoever_is_another_person_now_is_linked_to_that_one(site: Site, token: str) -> None:
    await linked(site, token)
    await told(site, token, two="Two")
    wish = {"person": "person.one", "outcome": "other"}
    assert (await say(site, token, "answers", **wish)).problem() == "not_now"
    assert (await say(site, token, "answers", **wish, other="person.three")).problem() == "not_found"
    assert (await say(site, token, "answers", **wish, other="person.two")).status == 204
    assert (only(site).person, only(site).name) == ("person.two", "Resident 1")
    heard = await told(site, token, two="Two")
    assert (heard["gone"], heard["new"], heard["renamed"]) == ([], [], [])


async def test_whoever_has_moved_out_gets_in_no_more_and_is_erased_only_when_it_is_due(site: Site, token: str) -> None:
    before = await linked(site, token)
    await told(site, token)
    assert (await say(site, token, "answers", person="person.one", outcome="moved_out")).status == 204
    shown = (await site.ask("GET", f"/residents/{before.id}", token=LOCAL_TOKEN)).content
    assert (shown["state"], shown["person"], shown["name"]) == ("expired", None, "Resident 1")
    after, terms = only(site), Terms()
    going = leaving(after, 0.0, terms)
    assert after.valid_until is not None
    assert going is not None
    [told_before] = (await site.ask("GET", "/leaving", token=LOCAL_TOKEN)).content["leaving"]
    assert (told_before["resident"], told_before["cause"]) == (before.id, Cause.LEASE_ENDED)
    assert told_before["due"] == after.valid_until + terms.grace_days * 86400


async def test_whoever_has_moved_out_gets_in_no_more_though_the_wall_clock_is_behind(site: Site, token: str) -> None:
    await linked(site, token)
    persons = Persons(site.store, site.services.links, lambda: time.time() + 10_000)
    persons.hear({})
    persons.answer("person.one", Outcome.MOVED_OUT, None, "Owner")
    after = only(site)
    assert after.state is ResidentState.SUSPENDED
    assert not may_pass(after, "front", time.time())
    assert after.valid_until is not None
    assert after.valid_until > time.time() + 9_000, "and nobody is erased earlier for it"


# What automations do


async def test_a_person_is_suspended_and_resumed_and_each_is_written_down_once(site: Site, token: str) -> None:
    await linked(site, token)
    for suspended in (True, True, False):
        reply = await say(site, token, "suspensions", person="person.one", suspended=suspended)
        assert reply.status == 204
        assert (only(site).state is ResidentState.SUSPENDED) is suspended
    acts = [(deed.act, deed.actor) for deed in site.store.acts()]
    assert acts[:2] == [(Act.RESUMED, "Home Assistant"), (Act.SUSPENDED, "Home Assistant")]
    assert len(acts) == 3
    assert (await say(site, token, "suspensions", person="person.two", suspended=True)).problem() == "not_found"


async def test_two_residents_of_one_person_are_not_guessed_at(site: Site, token: str) -> None:
    site.store.add_residents([{"name": f"Resident {number}", "person": "person.one"} for number in (1, 2)])
    assert (await say(site, token, "suspensions", person="person.one", suspended=True)).problem() == "exists"


async def test_whoever_has_not_answered_is_invited_and_whoever_is_known_is_not(site: Site, token: str) -> None:
    resident = await linked(site, token)
    invited = await say(site, token, "invitations", person="person.one")
    assert invited.status == 201
    assert invited.content["url"].startswith("http://house.example:8712/begin#")
    assert invited.content["qr"].startswith("<svg")
    [link] = site.store.links(resident.id)
    assert (str(link.kind), link.expires_at) == ("invitation", invited.content["expires_at"])
    assert (site.store.acts()[0].act, site.store.acts()[0].actor) == (Act.INVITED, "Home Assistant")
    site.store.suspend_resident(resident.id)
    assert (await say(site, token, "invitations", person="person.one")).problem() == "not_now"
    assert len(site.store.links(resident.id)) == 1


async def test_inviting_is_a_scope_of_its_own(site: Site, token: str) -> None:
    await linked(site, token)
    usual = await site.pair()
    assert (await say(site, usual, "invitations", person="person.one")).problem() == "forbidden"
    assert (await site.ask("POST", "/passes", {"valid_until": 4e9}, token=usual)).problem() == "forbidden"
    alone = await site.pair(Scope.INVITE)
    assert (await site.ask("GET", "/passes", token=alone)).problem() == "forbidden", "what others have is not told"
    assert (await site.ask("GET", "/residents", token=alone)).problem() == "forbidden"


async def test_a_token_makes_passes_for_visits_and_no_longer(site: Site, token: str) -> None:
    resident = await linked(site, token)
    brief = {"valid_until": time.time() + 86400, "uses": 2}
    made = await site.ask("POST", "/passes", brief, token=token)
    assert made.status == 201
    [kept] = site.store.passes()
    assert (kept.guest, kept.uses, kept.resident) == (True, 2, "")
    assert (site.store.acts()[0].act, site.store.acts()[0].actor) == (Act.PASS_MADE, "Home Assistant")
    long = {"valid_until": time.time() + 40 * 86400}
    assert (await site.ask("POST", "/passes", long, token=token)).problem() == "invalid"
    assert (await site.ask("POST", "/passes", {**brief, "resident": resident.id}, token=token)).problem() == "forbidden"
    assert (await site.ask("POST", "/passes", long, token=LOCAL_TOKEN)).status == 201


async def test_several_hundred_are_told_at_once_and_an_unchanged_telling_writes_nothing(site: Site, token: str) -> None:
    site.store.add_residents([{"name": f"Resident {n}", "person": f"person.p{n}"} for n in range(MANY // 4)])
    names = {f"p{number}": f"Person number {number} of the house" for number in range(MANY)}
    assert (await told(site, token, **names))["new"] == []
    writes = [0]

    def count(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        writes[0] += statement.startswith(("INSERT", "UPDATE", "DELETE")) and " tokens " not in statement

    event.listen(site.store._connection, "before_cursor_execute", count)
    heard = await told(site, token, **names)
    assert heard == {"asked": 0, "new": [], "renamed": [], "gone": []}
    assert writes == [0]
