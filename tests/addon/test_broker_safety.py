"""Whom the MQTT broker lets in, asked of a real one; and what the API tells of it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from facegate.adapters.broker_safety import Anonymous, BrokerSafety, BrokerWatch, examine, is_here
from facegate.core.consent import Purpose
from facegate.core.problems import MACHINE
from facegate.settings import Broker
from facegate.web import schemas
from facegate.web.census import Census, Numbers
from facegate.web.machine import Machine
from tests.parts.broker import Mosquitto, free_port
from tests.parts.web import Site, running_site

PASSWORD = "correct horse battery staple"


async def test_a_broker_that_lets_everybody_in_is_found(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with Mosquitto(tmp_path / "open") as mosquitto:
        ours = Broker(mosquitto.host, mosquitto.port, "facegate", PASSWORD)  # it takes any name and password, too
        found = await examine(ours)
    assert found == BrokerSafety(tls=False, same_machine=True, anonymous=Anonymous.ACCEPTED)
    assert found.problems == ("broker_open",)
    assert not caplog.records


async def test_a_broker_that_asks_who_one_is_has_no_fault(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with Mosquitto(tmp_path / "closed", users={"facegate": PASSWORD}) as mosquitto:
        found = await examine(Broker(mosquitto.host, mosquitto.port, "facegate", PASSWORD))
    assert found.anonymous is Anonymous.REFUSED
    assert found.problems == ()
    assert not caplog.records  # a refusal is what was hoped for, and no reason for a warning


async def test_nothing_is_said_of_a_broker_that_does_not_answer() -> None:
    found = await examine(Broker("127.0.0.1", free_port()), seconds=5)
    assert found.anonymous is Anonymous.UNKNOWN
    assert found.problems == ()


@pytest.mark.parametrize(
    ("host", "here"),
    [
        ("127.0.0.1", True),
        ("localhost", True),
        ("::1", True),
        ("172.30.33.4", True),
        ("192.0.2.1", False),
        ("no such host.invalid", None),
        (f"{'x' * 64}.invalid", None),
    ],
)
def test_where_the_broker_runs(host: str, here: bool | None) -> None:
    assert is_here(host, 1883) is here


async def test_a_name_that_nobody_knows_now_is_no_fault() -> None:
    found = await examine(Broker("no-such-broker.invalid", 1883, "addons", PASSWORD), seconds=5)
    assert (found.same_machine, found.certain) == (None, False)
    assert found.problems == ()


def test_an_open_line_to_another_machine_is_a_fault_and_tls_mends_it() -> None:
    assert BrokerSafety(tls=False, same_machine=False).problems == ("broker_plain",)
    assert BrokerSafety(tls=True, same_machine=False).problems == ()
    assert BrokerSafety(tls=False, same_machine=True).problems == ()
    assert BrokerSafety(tls=False).problems == ()


@pytest.mark.parametrize("anonymous", [Anonymous.ACCEPTED, Anonymous.REFUSED])
@pytest.mark.parametrize("here", [True, False])
def test_what_is_not_known_now_stays_as_it_was_known(here: bool, anonymous: Anonymous) -> None:
    before = BrokerSafety(tls=False, same_machine=here, anonymous=anonymous)
    assert BrokerSafety().after(before) == before
    new = BrokerSafety(tls=False, same_machine=not here, anonymous=Anonymous.REFUSED)
    assert new.after(before) == new


async def test_a_broker_that_is_away_for_a_moment_closes_no_repair(tmp_path: Path) -> None:
    with Mosquitto(tmp_path / "open") as mosquitto:
        watch = BrokerWatch(Broker(mosquitto.host, mosquitto.port))
        open_to_all = await watch.look()
    assert open_to_all.problems == ("broker_open",)
    assert await watch.look() == open_to_all


# Over the API


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with running_site(tmp_path / "site") as running:
        yield running


async def test_looking_anew_is_for_those_who_manage(site: Site, tmp_path: Path) -> None:
    with Mosquitto(tmp_path / "broker") as mosquitto:
        object.__setattr__(site.services, "broker_watch", BrokerWatch(Broker(mosquitto.host, mosquitto.port)))
        assert (await site.ask("POST", "/broker/check", token=await site.pair("read"))).status == 403
        token = await site.pair("read", "manage")
        known = (await site.ask("GET", "/health", token=token)).content
        assert known["broker_safety"]["anonymous"] == "unknown"
        assert "broker_open" not in known["problems"]
        reply = await site.ask("POST", "/broker/check", token=token)
    assert reply.content == {"tls": False, "same_machine": True, "anonymous": "accepted"}
    assert "broker_open" in (await site.ask("GET", "/health", token=token)).content["problems"]


async def test_health_counts_whom_to_look_after_and_names_nobody(site: Site) -> None:
    resident = site.store.add_resident("Resident 1", None)
    site.store.add_consent(
        resident.id, notice="0" * 64, language="en", channel="panel", purpose=str(Purpose.FACE_AT_GATES)
    )
    site.gate_side.machine = Machine(free=1, liveness=False, doubts_clock=True)
    token = await site.pair("read")
    told = (await site.ask("GET", "/health", token=token)).content
    schemas.HEALTH(told)
    assert set(told["problems"]) == {"disk_full", "liveness_missing", "clock_doubted", "consents_outdated"}
    assert set(told["problems"]) < set(MACHINE)
    assert told["residents"] == {"outdated": 1, "leaving": 0, "absent": 0}
    assert "Resident 1" not in str(told)
    assert resident.id not in str(told)
    assert set((await site.ask("GET", "/health")).content) == {"ok", "version"}  # nothing for whoever has no token


async def test_residents_are_counted_twice_a_minute_at_most(site: Site) -> None:
    census = Census()
    assert census.numbers(site.services, 100.0) == Numbers()
    site.store.add_consent(
        site.store.add_resident("Resident 1", None).id, notice="0" * 64, language="en", channel="panel",
        purpose=str(Purpose.FACE_AT_GATES),
    )  # fmt: skip
    assert census.numbers(site.services, 129.0) == Numbers()
    assert census.numbers(site.services, 130.0) == Numbers(outdated=1)
