"""Who learns who somebody is: by a code alone, given back without one, told of those alone who agreed, written down."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from facegate.core.audit import Act
from facegate.core.consent import Channel, Purpose
from facegate.residents.consents import Given
from facegate.web.panel.visitors import USER_ID
from tests.parts.panel import OWNER
from tests.parts.web import LOCAL_TOKEN, Site, running_site

PURPOSE = Purpose.PRESENCE_IN_HOME_ASSISTANT


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with running_site(tmp_path) as running:
        running.store.set_member(OWNER, "Owner", "owner")
        yield running


def agree(site: Site, resident: str) -> None:
    notice = site.services.consents.notice(PURPOSE, "en")
    site.services.consents.record("Owner", resident, Given(PURPOSE, notice.hash, "en", Channel.PAPER))


def shared(site: Site) -> list[Act]:
    """What was written down about sharing, oldest first."""
    acts = [deed.act for deed in site.services.privacy.acts(50)]
    return [act for act in reversed(acts) if act in (Act.SHARED, Act.UNSHARED)]


async def test_presence_is_told_of_those_who_agreed_and_until_they_say_no(site: Site) -> None:
    token = await site.pair("read", "persons")
    first = site.store.add_resident("Resident 1", "person.resident_1")
    second = site.store.add_resident("Resident 2")
    assert (await site.ask("GET", "/presence", token=token)).content == []
    agree(site, first.id)
    agree(site, second.id)
    told = (await site.ask("GET", "/presence", token=token)).content
    assert [(one["name"], one["person"], one["groups"]) for one in told] == [
        ("Resident 1", "person.resident_1", []),
        ("Resident 2", None, []),
    ]
    assert len({one["presence"] for one in told}) == 2
    assert not {one["presence"] for one in told} & {first.id, second.id}
    site.gate_side.people["a1b2"] = first.id
    person = (await site.ask("GET", "/events/a1b2", token=token)).content
    assert person == {"resident": first.id, **told[0]}
    site.services.consents.withdraw("Owner", first.id, PURPOSE)
    assert (await site.ask("GET", "/presence", token=token)).content == told[1:]
    site.store.erase_resident(second.id)
    assert (await site.ask("GET", "/presence", token=token)).content == []


async def test_a_token_without_the_scope_learns_nobody(site: Site) -> None:
    token = await site.pair("read", "manage", "open")
    agree(site, site.store.add_resident("Resident 1").id)
    assert (await site.ask("GET", "/presence", token=token)).problem() == "forbidden"
    assert shared(site) == []


async def test_what_was_shared_is_given_back_without_a_code_and_not_taken_again(site: Site) -> None:
    token = await site.pair("read", "manage", "persons")
    assert shared(site) == [Act.SHARED]
    fewer = {"scopes": ["read", "manage"]}
    reply = await site.ask("PATCH", "/token", fewer, token=token)
    assert reply.content["scopes"] == ["manage", "read"]
    assert shared(site) == [Act.SHARED, Act.UNSHARED]
    assert (await site.ask("GET", "/presence", token=token)).problem() == "forbidden"
    for more in (["read", "persons"], ["read", "guard"]):
        assert (await site.ask("PATCH", "/token", {"scopes": more}, token=token)).problem() == "forbidden"
    own = (await site.ask("GET", "/token", token=token)).content
    assert (own["name"], own["scopes"]) == ("Home Assistant", ["manage", "read"])
    assert (await site.ask("PATCH", "/token", {"scopes": ["owner"]}, token=token)).problem() == "invalid"


async def test_a_token_is_given_back_by_whoever_has_a_newer_one(site: Site) -> None:
    old, new = await site.pair("read"), await site.pair("read", "persons")
    assert (await site.ask("DELETE", "/token", token=old)).status == 204
    assert (await site.ask("GET", "/gates", token=old)).problem() == "unauthenticated"
    assert (await site.ask("GET", "/gates", token=new)).status == 200
    assert shared(site) == [Act.SHARED]
    assert (await site.ask("DELETE", "/token", token=new)).status == 204
    assert shared(site) == [Act.SHARED, Act.UNSHARED]


async def test_revoking_somebody_elses_token_ends_its_sharing(site: Site) -> None:
    await site.pair("read", "persons")
    [token] = site.store.tokens()
    assert (await site.ask("DELETE", f"/tokens/{token.id}", token=LOCAL_TOKEN)).status == 204
    assert shared(site) == [Act.SHARED, Act.UNSHARED]


async def test_the_owner_sees_in_the_panel_who_learns_names_and_takes_it_back(site: Site) -> None:
    async def page() -> str:
        async with site.session.get(f"{site.pages}/privacy", headers={USER_ID: OWNER}) as response:
            assert response.status == 200
            return await response.text()

    token = await site.pair("read", "persons")
    [listed] = site.store.tokens()
    action = f"do/api/v1/tokens/{listed.id}/persons"
    assert action in await page()
    assert (await site.ask("DELETE", f"/tokens/{listed.id}/persons", token=token)).problem() == "forbidden"
    assert (await site.ask("DELETE", f"/tokens/{listed.id}/persons", token=LOCAL_TOKEN)).status == 204
    assert action not in await page()
    assert (await site.ask("GET", "/presence", token=token)).problem() == "forbidden"
    assert (await site.ask("GET", "/gates", token=token)).status == 200
    assert shared(site) == [Act.SHARED, Act.UNSHARED]
