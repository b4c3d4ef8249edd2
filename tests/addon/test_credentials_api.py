"""Cards and PINs over the API: what may be set, and that nothing of it can be read again."""

from pathlib import Path

import pytest

from facegate.adapters.gate import OpenResult
from facegate.contract.verbs import Learn, card_digest, digest_key
from facegate.core.models import Direction
from tests.parts.web import LOCAL_TOKEN, Site, running_site

PIN = "83915"
NUMBER = "0012345678"


@pytest.fixture
async def site(tmp_path: Path):
    async with running_site(tmp_path) as site:
        yield site


async def resident(site: Site, name: str = "Resident 1", **more: object) -> str:
    reply = await site.ask("POST", "/residents", {"name": name, **more}, token=LOCAL_TOKEN)
    return str(reply.content["id"])


async def add(site: Site, who: str, **body: object):
    return await site.ask("POST", f"/residents/{who}/credentials", body, token=LOCAL_TOKEN)


async def test_a_pin_is_never_told_again(site: Site) -> None:
    who = await resident(site)
    chosen = await add(site, who, kind="pin", pin=PIN)
    made = await add(site, who, kind="pin")
    card = await add(site, who, kind="card", number=NUMBER)
    assert (chosen.status, made.status, card.status) == (201, 201, 201)
    assert "pin" not in chosen.content
    assert made.content["pin"].isdigit()
    assert len(made.content["pin"]) == 6
    assert card.content["hint"] == "614e"
    assert site.gate_side.changes == 4
    raw = b""
    for path in (f"/residents/{who}/credentials", f"/residents/{who}", "/residents", "/gates", "/health"):
        raw += (await site.ask("GET", path, token=LOCAL_TOKEN)).raw
    for secret in (PIN, made.content["pin"], NUMBER, "bc614e", "12345678"):
        assert secret.encode() not in raw
    assert secret.encode() not in card.raw


@pytest.mark.parametrize(
    ("body", "at"),
    [
        ({"kind": "pin", "pin": "1234"}, "pin_weak"),
        ({"kind": "pin", "pin": "12a4"}, "pin"),
        ({"kind": "card", "number": "188,24910"}, "card_short"),
        ({"kind": "card", "number": "no number"}, "card"),
        ({"kind": "card"}, "kind"),
        ({"kind": "card", "pin": PIN}, "kind"),
        ({"kind": "pin", "number": NUMBER}, "kind"),
        ({"kind": "pin", "valid_from": 2, "valid_until": 1}, "valid_until"),
        ({"kind": "pin", "windows": [{"days": ["mon"], "first": "08:00", "last": "08:00"}]}, "window"),
        ({"kind": "pin", "windows": [{"days": [], "first": "08:00", "last": "09:00"}]}, "windows/0/days"),
        ({"kind": "pin", "windows": [{"days": ["mon"], "first": "8:00", "last": "09:00"}]}, "windows/0/first"),
        ({"kind": "pin", "windows": [{"days": ["mon"], "first": "24:00", "last": "09:00"}]}, "window"),
        ({"kind": "key"}, "kind"),
    ],
)
async def test_what_cannot_be_used_is_refused_by_name(site: Site, body: dict[str, object], at: str) -> None:
    reply = await add(site, await resident(site), **body)
    assert reply.problem() == "invalid"
    assert [error["at"] for error in reply.content["errors"]] == [at]
    assert str(body.get("pin", "x-x")).encode() not in reply.raw


async def test_whoever_searches_for_pins_finds_few(site: Site) -> None:
    one, other = await resident(site), await resident(site, "Resident 2")
    assert (await add(site, one, kind="pin", pin=PIN)).status == 201
    for _ in range(5):
        assert (await add(site, other, kind="pin", pin=PIN)).problem() == "exists"
    assert (await add(site, other, kind="pin", pin="94026")).problem() == "rate_limited"


async def test_times_of_the_week_come_back_as_they_went(site: Site) -> None:
    who = await resident(site)
    windows = [
        {"days": ["mon", "tue"], "first": "08:00", "last": "18:30"},
        {"days": ["sun"], "first": "00:00", "last": "24:00"},
    ]
    made = (await add(site, who, kind="pin", windows=windows, valid_until=2e9)).content
    assert made["windows"] == windows
    path = f"/residents/{who}/credentials/{made['id']}"
    changed = (await site.ask("PATCH", path, {"windows": [], "valid_until": None}, token=LOCAL_TOKEN)).content
    assert (changed["windows"], changed["valid_until"]) == ([], None)
    [listed] = (await site.ask("GET", f"/residents/{who}/credentials", token=LOCAL_TOKEN)).content
    assert listed == changed


async def test_another_residents_card_is_out_of_reach(site: Site) -> None:
    one, other = await resident(site), await resident(site, "Resident 2")
    card = (await add(site, one, kind="card", number=NUMBER)).content["id"]
    for method in ("PATCH", "DELETE"):
        reply = await site.ask(method, f"/residents/{other}/credentials/{card}", {}, token=LOCAL_TOKEN)
        assert reply.problem() == "not_found"
    assert len(site.store.credentials(one)) == 1


async def test_a_card_is_learned_for_whoever_asked_and_nobody_else(site: Site) -> None:
    gate = (await site.ask("POST", "/gates", {"name": "Main gate"}, token=LOCAL_TOKEN)).content["id"]
    one, other = await resident(site), await resident(site, "Resident 2")
    lessons = site.services.lessons
    digest = card_digest(digest_key(site.store.gate_key(gate), gate), bytes.fromhex("00bc614e")).hex()
    await lessons.hear(gate, Direction.ENTRY, digest)  # nobody has asked
    assert site.store.credentials() == []
    begun = await site.ask("POST", f"/gates/{gate}/lessons", {"resident": one, "seconds": 20}, token=LOCAL_TOKEN)
    assert (begun.status, begun.content["state"]) == (202, "waiting")
    assert site.gate_side.orders[-1] == Learn(1, 20)
    await lessons.hear(gate, Direction.EXIT, digest)  # the other reader
    assert site.store.credentials() == []
    await lessons.hear(gate, Direction.ENTRY, digest)
    await lessons.hear(gate, Direction.ENTRY, bytes(8).hex())  # once is enough
    [card] = site.store.credentials()
    assert (card.resident, card.learned_at) == (one, gate)
    learned = (await site.ask("GET", f"/gates/{gate}/lessons", token=LOCAL_TOKEN)).content
    assert (learned["state"], learned["credential"]) == ("learned", card.id)
    await site.ask("POST", f"/gates/{gate}/lessons", {"resident": other}, token=LOCAL_TOKEN)
    await lessons.hear(gate, Direction.ENTRY, digest)
    assert (await site.ask("GET", f"/gates/{gate}/lessons", token=LOCAL_TOKEN)).content["state"] == "taken"
    assert len(site.store.credentials()) == 1


async def test_a_gate_that_is_away_learns_nothing(site: Site) -> None:
    gate = (await site.ask("POST", "/gates", {"name": "Main gate"}, token=LOCAL_TOKEN)).content["id"]
    site.gate_side.answer = OpenResult("node_silent")
    wish = {"resident": await resident(site)}
    assert (await site.ask("POST", f"/gates/{gate}/lessons", wish, token=LOCAL_TOKEN)).problem() == "not_learned"
