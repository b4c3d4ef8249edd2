"""Pictures of refused visitors: off by default, in memory alone, for hours, and looked at for a reason that is kept."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from facegate.adapters.store import Store
from facegate.core.audit import Act
from facegate.core.models import Decision, Direction, Gate, Reason, Verdict
from facegate.residents.snapshots import MOST_AT_A_GATE, Snapshots
from tests.parts.web import LOCAL_TOKEN, Clock, Site, running_site

PICTURE = b"\xff\xd8\xff a picture of somebody \xff\xd9"
REFUSED = Decision("door", "front", Direction.ENTRY, 1, Verdict.DENIED, Reason.UNKNOWN_FACE, 1.0)
HOUR = 3600.0


class House:
    """A gate, a clock, and a camera that counts how often it is looked at."""

    def __init__(self, store: Store) -> None:
        self.store, self.clock, self.looked = store, Clock(), 0
        store.add_gate(Gate("front", "Front gate", trial=True))
        self.snapshots = Snapshots(store, self.look, monotonic=self.clock)

    def look(self, _: str) -> bytes:
        self.looked += 1
        return PICTURE


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(Store.open(tmp_path))


def test_by_default_nobody_is_looked_at(house: House) -> None:
    assert house.snapshots.hours("front") == 0
    assert house.snapshots.refused(REFUSED) is None
    assert house.looked == 0
    assert house.snapshots.of("front") == []


def test_a_refused_stranger_is_kept_for_hours_and_no_longer(house: House) -> None:
    house.snapshots.keep_for("front", 6)
    made = house.snapshots.refused(REFUSED)
    assert made is not None
    house.clock.now += 6 * HOUR - 1
    assert house.snapshots.of("front") == [made]
    assert house.snapshots.picture(made) == PICTURE
    house.clock.now += 1
    assert house.snapshots.forget_old() == 1
    assert house.snapshots.of("front") == []
    assert house.snapshots.picture(made) is None, "its key is gone, so that no copy of it can be opened"
    assert PICTURE not in made.sealed


@pytest.mark.parametrize(
    "decision", [replace(REFUSED, resident="r1"), replace(REFUSED, verdict=Verdict.GRANTED), replace(REFUSED, gate="b")]
)
def test_of_residents_of_guests_who_are_let_in_and_at_other_gates_there_is_none(
    house: House, decision: Decision
) -> None:
    house.snapshots.keep_for("front", 6)
    assert house.snapshots.refused(decision) is None
    assert house.looked == 0


def test_switching_it_off_takes_all_at_once_and_fewer_hours_those_that_were_promised_more(house: House) -> None:
    house.snapshots.keep_for("front", 72)
    house.snapshots.refused(REFUSED)
    house.snapshots.keep_for("front", 1)
    assert house.snapshots.of("front") == []
    house.snapshots.refused(REFUSED)
    house.snapshots.keep_for("front", 24)
    assert len(house.snapshots.of("front")) == 1, "who was told one hour is kept for one"
    house.snapshots.keep_for("front", 0)
    assert house.snapshots.of("front") == []


@pytest.mark.parametrize("hours", [-1, 73])
def test_hours_and_not_days(house: House, hours: int) -> None:
    with pytest.raises(ValueError, match="0 to 72"):
        house.snapshots.keep_for("front", hours)


def test_only_the_newest_are_kept(house: House) -> None:
    house.snapshots.keep_for("front", 72)
    for _ in range(MOST_AT_A_GATE + 5):
        house.snapshots.refused(REFUSED)
    assert len(house.snapshots.of("front")) == len(house.snapshots._keys) == MOST_AT_A_GATE


def test_none_is_written_to_a_disk(house: House) -> None:
    house.snapshots.keep_for("front", 72)
    house.snapshots.refused(REFUSED)
    for path in house.store.data.rglob("*"):
        assert path.is_dir() or PICTURE not in path.read_bytes()
    assert Snapshots(house.store, house.look).of("front") == [], "a new process has none"


# Over the API and in the panel


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with running_site(tmp_path / "data") as running:
        running.store.add_gate(Gate("front", "Front gate", trial=True))
        running.store.set_member("a" * 32, "Owner", "owner")
        running.services.snapshots._look = lambda _: PICTURE
        yield running


async def test_an_owner_looks_for_a_reason_that_is_written_down_first(site: Site) -> None:
    path = "/gates/front/snapshots"
    assert (await site.ask("PUT", path, {"hours": 73}, token=LOCAL_TOKEN)).problem() == "invalid"
    assert (await site.ask("PUT", path, {"hours": 6}, token=LOCAL_TOKEN)).content == {"hours": 6, "snapshots": []}
    site.services.snapshots.refused(REFUSED)
    listed = (await site.ask("GET", path, token=LOCAL_TOKEN)).content["snapshots"]
    assert [one["reason"] for one in listed] == ["unknown_face"]
    one = f"{path}/{listed[0]['id']}"
    assert (await site.ask("POST", one, {"reason": "    .     "}, token=LOCAL_TOKEN)).problem() == "invalid"
    shown = await site.ask("POST", one, {"reason": "a bicycle was stolen"}, token=LOCAL_TOKEN)
    assert shown.status == 200
    told = [(deed.act, deed.reason) for deed in site.store.acts(10)]
    assert told == [
        (Act.LOOKED_LIVE, "front, snapshot: a bicycle was stolen"),
        (Act.SETTINGS_CHANGED, "front: snapshots for 6 h"),
    ]
    assert (await site.ask("POST", f"{path}/none", {"reason": "a bicycle was stolen"}, token=LOCAL_TOKEN)).status == 404


async def test_nobody_else_sees_one(site: Site) -> None:
    token = await site.pair()
    for method, body in (("GET", None), ("PUT", {"hours": 6})):
        assert (await site.ask(method, "/gates/front/snapshots", body, token=token)).problem() == "forbidden"


@pytest.mark.parametrize("language", ["en", "zh-CN"])
async def test_the_page_lists_without_showing(site: Site, language: str) -> None:
    site.services.snapshots.keep_for("front", 6)
    site.services.snapshots.refused(REFUSED)
    headers = {"X-Remote-User-Id": "a" * 32, "Accept-Language": language}
    async with site.session.get(f"{site.pages}/snapshots?id=front", headers=headers) as answer:
        html = await answer.text()
    assert answer.status == 200
    assert "data-snapshot=" in html
    assert "base64" not in html
