"""Lists and the time on their way to a gate: a real store, a real Mosquitto, a software node, a clock that is wound."""

import asyncio
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from facegate.adapters.gate import GateLink
from facegate.adapters.mqtt import MqttClient
from facegate.adapters.software_gate import SoftwareGate
from facegate.adapters.store import Store
from facegate.contract import lines
from facegate.contract.lines import Command
from facegate.contract.messages import Topics
from facegate.contract.verbs import ENTRIES_MAX, Time, digest_key, pin_digest
from facegate.core.allow_list import LASTS
from facegate.core.clock_trust import JUMPED, SETTLED_SECONDS, UNSYNCHRONISED, WRONG, ClockTrust, time_line
from facegate.core.commissioning_sheet import UNNAMED, Attestation, Missing, Sheet
from facegate.core.credentials import Credential, CredentialKind, Window, read_card
from facegate.core.models import Camera, Gate, LivenessLevel, ResidentState
from facegate.core.node import NodeConfig, NodeMemory
from facegate.credentials.lists import Clock, GateLists
from facegate.settings import Broker
from tests.parts.broker import Mosquitto
from tests.parts.waiting import eventually

NOW = 1_795_300_000.0
TOPICS = Topics("home")
CARD = Credential("", "", CredentialKind.CARD, 0.0)
PIN = Credential("", "", CredentialKind.PIN, 0.0)


@dataclass
class Wound:
    """The clock of this machine, as the test winds it."""

    unix: float = NOW
    ahead: float = 0.0
    synchronised: bool = True
    started: float = field(default_factory=time.monotonic)

    def clock(self) -> Clock:
        return Clock(
            unix=lambda: self.unix + self.running(),
            running=self.running,
            synchronised=lambda: self.synchronised,
            offset_minutes=lambda _: 60,
        )

    def running(self) -> float:
        return time.monotonic() - self.started + self.ahead


class House:
    """One gate of a store, with its link, its lists and its node."""

    def __init__(self, folder: Path, broker: Mosquitto, stack: AsyncExitStack, *, trial: bool = True) -> None:
        self.store = Store.open(folder)
        stack.callback(self.store.close)
        self.key = self.store.add_gate(Gate("main", "Main gate", trial=trial))
        self.wound = Wound()
        self.links: dict[str, GateLink] = {}
        self.memory = NodeMemory()
        self.pulses: list[int] = []
        self.told: list[Command] = []
        self._broker = Broker(host=broker.host, port=broker.port)
        self._stack = stack
        self._boot = 0
        self.node: SoftwareGate

    async def begin(self) -> None:
        client = MqttClient(self._broker)
        await client.start()
        self._stack.push_async_callback(client.stop)
        keys = {1: lines.command_key(self.key, 1, "main")}
        client.subscribe(
            TOPICS.command("main"), lambda _, line, __: self.told.append(Command.parse(line, gate="main", keys=keys))
        )
        self.links["main"] = link = GateLink("main", self.key, client, TOPICS, positions=self.store)
        await link.start()
        self._stack.push_async_callback(link.stop)
        await self.follow_anew()

    async def follow_anew(self) -> None:
        """The recognizer starts, perhaps again."""
        self.lists = GateLists(self.store, self.links, self.wound.clock())
        self.lists.start()
        self._stack.push_async_callback(self.lists.stop)
        await self.lists.follow()

    async def switch_on(self, **config: object) -> None:
        self._boot += 1
        self.node = SoftwareGate(
            NodeConfig("main", self.key, pulse_ms=50, **config), self._broker, TOPICS,
            boot=self._boot, relay=lambda relay, is_open: self.pulses.append(relay) if is_open else None,
            memory=self.memory,
        )  # fmt: skip
        await self.node.start()
        self._stack.push_async_callback(self.node.stop)

    @property
    def entries(self) -> int:
        return len(self.memory.list.entries) if self.memory.list else 0

    @property
    def version(self) -> int:
        return self.memory.list.version if self.memory.list else 0

    @property
    def times(self) -> list[Time]:
        """The time as it was told, each time."""
        return [Time.parse(c.subject, c.value) for c in self.told if c.verb == "time"]

    async def settled(self, state: str = "in_force") -> None:
        await eventually(lambda: self.lists.standing("main").state == state)


@pytest.fixture
async def house(tmp_path):
    with Mosquitto(tmp_path / "broker") as broker:
        async with AsyncExitStack() as stack:
            house = House(tmp_path / "data", broker, stack)
            await house.begin()
            yield house


async def test_nobody_is_on_the_list_of_a_gate_that_may_not_be_used(tmp_path):
    with Mosquitto(tmp_path / "broker") as broker:
        async with AsyncExitStack() as stack:
            house = House(tmp_path / "data", broker, stack, trial=False)
            await house.begin()
            await house.switch_on()
            house.store.add_pin(replace(PIN, resident=resident(house)), "83915")
            await house.lists.follow()
            await eventually(lambda: house.times)  # it has been looked at
            await asyncio.sleep(0.3)
            assert (house.version, house.lists.standing("main").state) == (0, "none")
            done = Attestation("Resident 1", hardware_exit=True, hardware_fire=True, inside_handle=True)
            sheet = Sheet("main", "Main gate", "home", NOW, UNNAMED, 1, (), done)
            house.store.record_commissioning(sheet)
            await house.lists.follow()
            await eventually(lambda: house.entries == 1)
            house.store.record_commissioning(replace(sheet, missing=(Missing.FIRE_UNATTESTED,)))
            await house.lists.follow()
            await eventually(lambda: house.version == 2)
            assert house.entries == 0


async def test_a_key_from_outside_begins_with_a_whole_list(house):
    house.store.add_pin(replace(PIN, resident=resident(house)), "83915")
    await house.lists.follow()
    await house.switch_on()
    await house.settled()
    house.store.renew_gate_key("main")
    assert house.store.gate_list("main") is None


def resident(house: House, number: int = 1) -> str:
    return house.store.add_resident(f"Resident {number}").id


async def test_what_is_changed_reaches_the_node_and_what_is_taken_away_leaves_it(house):
    await house.switch_on()
    assert house.lists.standing("main").state == "none"
    one, other = resident(house), resident(house, 2)
    house.store.add_pin(replace(PIN, resident=one), "83915")
    house.store.add_card(replace(CARD, resident=other), read_card("0012345678"))
    await house.lists.follow()
    await eventually(lambda: house.entries == 4)
    await house.settled()
    standing = house.lists.standing("main")
    assert (standing.version, standing.entries, standing.capacity) == (1, 4, ENTRIES_MAX)
    assert standing.problems == ()
    assert abs(standing.expires - (NOW + LASTS)) < 60
    digest = pin_digest(digest_key(house.key, "main"), "83915")
    assert house.lists.marked("main", "pin", digest.hex())[1].id == one
    assert house.lists.marked("main", "card", digest.hex()) is None
    for state in (ResidentState.SUSPENDED, ResidentState.EXPIRED):
        house.store.update_resident(replace(house.store.resident(other), state=state))
        await house.lists.follow()
        await eventually(lambda: house.entries == 1)
        house.store.update_resident(replace(house.store.resident(other), state=ResidentState.ENROLLED))
        await house.lists.follow()
        await eventually(lambda: house.entries == 4)
    house.store.erase_resident(one)
    await house.lists.follow()
    await eventually(lambda: house.entries == 3)
    version = house.version
    await house.lists.follow()  # nothing has changed
    await asyncio.sleep(0.3)
    assert house.version == version


async def test_versions_outlast_restarts_and_a_database_that_was_put_back(house):
    house.store.add_pin(replace(PIN, resident=resident(house)), "83915")
    await house.lists.follow()
    await house.switch_on()
    await house.settled()
    before = house.store.gate_list("main")
    await house.lists.stop()
    await house.follow_anew()
    await house.settled()
    assert house.version == before.version == 1  # nothing was sent anew
    house.store.add_pin(replace(PIN, resident=resident(house, 2)), "94026")
    await house.lists.follow()
    await eventually(lambda: house.entries == 2)
    await eventually(lambda: house.links["main"].hello.list_version == 2)
    await house.lists.stop()
    house.store.save_gate_list(before)  # as in a backup of yesterday
    await house.follow_anew()
    await eventually(lambda: house.version == 3)
    await house.settled()


async def test_a_node_that_has_lost_its_list_gets_it_again(house):
    house.store.add_pin(replace(PIN, resident=resident(house)), "83915")
    await house.lists.follow()
    await house.switch_on()
    await house.settled()
    await house.node.stop()
    house.memory = NodeMemory()
    await house.switch_on()
    await eventually(lambda: house.version == 1)
    await house.settled()


async def test_a_list_is_renewed_long_before_its_end(house):
    house.store.add_pin(replace(PIN, resident=resident(house)), "83915")
    await house.lists.follow()
    await house.switch_on()
    await house.settled()
    house.wound.ahead += 8 * 86_400  # eight days later
    await eventually(lambda: house.version == 2)
    assert house.memory.list.expires >= NOW + 8 * 86_400 + LASTS - 60


async def test_a_validity_that_ends_is_off_the_list_soon(house):
    who = resident(house)
    house.store.add_pin(replace(PIN, resident=who, valid_until=NOW + 3600), "83915")
    house.store.add_pin(replace(PIN, resident=who), "94026")
    await house.lists.follow()
    await house.switch_on()
    await eventually(lambda: house.entries == 2)
    house.wound.ahead += 3601
    await eventually(lambda: house.entries == 1)


async def test_a_wrong_clock_tells_no_time_and_unlimited_entries_work(house):
    house.wound.synchronised = False
    await house.lists.stop()
    await house.follow_anew()
    who = resident(house)
    house.store.add_pin(replace(PIN, resident=who), "83915")
    house.store.add_pin(replace(PIN, resident=who, windows=(Window(frozenset(range(7))),)), "94026")
    await house.lists.follow()
    await house.switch_on()
    await house.settled()
    assert house.lists.clock_problem == UNSYNCHRONISED
    assert house.lists.standing("main").problems == (UNSYNCHRONISED,)
    assert house.memory.list.expires == 0  # no end that only a right clock could tell
    heard = []
    house.links["main"].on_event(heard.append)
    house.node.pin(1, "94026")
    await eventually(lambda: heard)
    assert heard[0].event.subject == "pin:1:clock"
    assert house.pulses == []
    house.node.pin(1, "83915")
    await eventually(lambda: house.pulses == [1])
    house.wound.synchronised = True  # the time server is back
    await eventually(lambda: house.version == 2)  # with an end
    await eventually(lambda: house.times)
    await asyncio.sleep(0.4)  # the gap between two openings
    house.node.pin(1, "94026")
    await eventually(lambda: house.pulses == [1, 1])
    assert house.lists.standing("main").problems == ()


async def test_the_time_is_told_at_each_start_and_when_it_has_changed(house):
    await house.switch_on()
    await eventually(lambda: len(house.times) == 1)
    assert abs(house.times[0].unix - NOW) < 30
    assert house.times[0].offset == 60
    house.wound.unix += 500  # it was set right by network time
    await eventually(lambda: len(house.times) == 2)
    assert house.times[1].unix > NOW + 400
    await house.node.stop()
    await house.switch_on()
    await eventually(lambda: len(house.times) == 3)


async def test_a_gate_of_two_factors_gets_no_list(house):
    house.store.add_camera(Camera("c", "main", "file:///none", liveness=LivenessLevel.SECOND_FACTOR))
    house.store.add_pin(replace(PIN, resident=resident(house)), "83915")
    await house.lists.follow()
    await house.switch_on(two_factor=True)
    await house.settled("two_factor")
    assert house.memory.list is None
    assert house.lists.standing("main").problems == ()
    assert house.lists.is_two_factor("main")


async def test_a_node_that_is_not_set_to_two_factors_is_emptied_and_told_of(house):
    house.store.add_pin(replace(PIN, resident=resident(house)), "83915")
    await house.lists.follow()
    await house.switch_on()
    await eventually(lambda: house.entries == 1)
    house.store.add_camera(Camera("c", "main", "file:///none", liveness=LivenessLevel.SECOND_FACTOR))
    await house.lists.follow()
    await eventually(lambda: house.memory.list is not None and house.entries == 0)
    await eventually(lambda: house.lists.standing("main").problems == ("two_factor_node",))


async def test_a_node_of_two_factors_without_such_a_camera_is_told_of(house):
    house.store.add_pin(replace(PIN, resident=resident(house)), "83915")
    await house.lists.follow()
    await house.switch_on(two_factor=True)
    await house.settled("refused")
    assert house.lists.standing("main").problems == ("two_factor_camera",)


async def test_a_change_that_does_not_arrive_is_said_to_wait(house):
    house.store.add_pin(replace(PIN, resident=resident(house)), "83915")
    await house.lists.follow()
    await house.settled("waiting")
    assert house.lists.standing("main").problems == ()
    house.wound.ahead += 61
    await eventually(lambda: house.lists.standing("main").problems == ("list_waiting",))


async def test_cards_of_a_former_key_are_told_of(house):
    await house.switch_on()
    house.store.add_learned_card(replace(CARD, resident=resident(house)), "main", bytes(8))
    await house.lists.follow()
    await eventually(lambda: house.entries == 1)
    house.store.renew_gate_key("main")
    await house.lists.follow()
    await eventually(lambda: house.entries == 0)
    assert "cards_to_learn" in house.lists.standing("main").problems


class TestClockTrust:
    """What is made of the clock, look by look."""

    def look(self, trust: ClockTrust, wall: float, running: float, *, synchronised=True, vouched=False) -> ClockTrust:
        return trust.look(wall, running, synchronised=synchronised, vouched=vouched)

    def test_a_clock_that_network_time_steers_is_believed(self):
        trust = self.look(ClockTrust(), NOW, 10.0)
        assert (trust.problem, trust.now(20.0)) == ("", NOW + 10)

    def test_a_clock_that_nothing_steers_is_not(self):
        trust = self.look(ClockTrust(), NOW, 10.0, synchronised=False)
        assert (trust.problem, trust.now(20.0)) == (UNSYNCHRONISED, None)

    def test_a_clock_that_was_right_goes_on_by_running_time(self):
        trust = self.look(ClockTrust(), NOW, 10.0)
        trust = self.look(trust, NOW - 86_400, 11.0, synchronised=False)  # somebody has set it
        assert (trust.problem, trust.now(20.0)) == (UNSYNCHRONISED, NOW + 10)
        assert self.look(trust, NOW + 2, 12.0).problem == ""

    @pytest.mark.parametrize("wall", [0.0, 1_600_000_000.0, 5e9])
    def test_an_impossible_date_is_wrong_whoever_vouches_for_it(self, wall):
        assert self.look(ClockTrust(), wall, 10.0, vouched=True).problem == WRONG

    @pytest.mark.parametrize("jump", [-86_400.0, 30.0])
    def test_a_clock_that_is_vouched_for_is_not_believed_after_a_jump_until_it_runs_evenly(self, jump):
        trust = self.look(ClockTrust(), NOW, 10.0, synchronised=False, vouched=True)
        assert trust.problem == ""
        trust = self.look(trust, NOW + 1 + jump, 11.0, synchronised=False, vouched=True)
        assert (trust.problem, trust.now(11.0)) == (JUMPED, NOW + 1)
        back = self.look(trust, NOW + 2, 12.0, synchronised=False, vouched=True)
        assert back.problem == ""
        later = 11.0 + SETTLED_SECONDS
        trust = self.look(trust, NOW + jump + later - 10, later, synchronised=False, vouched=True)
        assert (trust.problem, trust.now(later)) == ("", NOW + jump + later - 10)

    def test_a_clock_that_drifts_is_followed(self):
        trust = ClockTrust()
        for second in range(0, 100_000, 1000):
            trust = self.look(trust, NOW + second * 1.001, float(second), synchronised=False, vouched=True)
            assert trust.problem == ""

    def test_a_time_line_tells_of_summer_time(self):
        change = int(NOW) + 100 * 86_400 + 12_345
        line = time_line(NOW + 0.9, lambda at: 120 if at >= change else 60)
        assert (line.unix, line.offset, line.change_at, line.change_to) == (int(NOW), 60, change, 120)
        assert time_line(NOW, lambda _: -300).arguments.value == "-300"
