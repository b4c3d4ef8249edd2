"""P5: no face reader is on before everybody has a way in without a face, through whatever door one asks."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facegate.adapters.mqtt import MqttClient
from facegate.adapters.store import GateList, Store, WaysMissingError
from facegate.building import Building
from facegate.contract.messages import Topics
from facegate.core import residency
from facegate.core.boards import Lock
from facegate.core.credentials import Credential, CredentialKind, Window, read_card
from facegate.core.links import LinkKind
from facegate.core.models import Camera, Gate, LivenessLevel, Method, PrivacyLevel, Resident, ResidentState
from facegate.core.node_file import NodeSetup
from facegate.core.ways import Equipment, Gaps, Missing, Way, gaps, of_credential, reads
from facegate.settings import Broker, make_settings
from facegate.vision import load
from tests.parts.eyes import models_folder
from tests.parts.hardware import FAIL_SAFE
from tests.parts.web import LOCAL_TOKEN, Site

NOW = 1_000_000.0
GATE = Gate("main", "Main gate")
READY = Equipment(GATE, frozenset({Method.CARD, Method.PIN}), camera=True, listed=True)
WHO = Resident("r1", "Resident 1", state=ResidentState.ENROLLED)
CARD = Way("r1", Method.CARD)


# The rule


@pytest.mark.parametrize(
    ("at", "resident", "ways", "missing"),
    [
        (READY, WHO, [CARD], []),
        (READY, WHO, [], [Missing.RESIDENTS]),
        (READY, WHO, [replace(CARD, resident="r2")], [Missing.RESIDENTS]),
        (READY, WHO, [replace(CARD, gate="other")], [Missing.RESIDENTS]),
        (READY, WHO, [replace(CARD, gate="main")], []),
        (READY, WHO, [replace(CARD, valid_until=NOW)], [Missing.RESIDENTS]),
        (READY, WHO, [replace(CARD, valid_from=NOW + 1)], [Missing.RESIDENTS]),
        (READY, WHO, [replace(CARD, always=False)], [Missing.RESIDENTS]),
        (READY, WHO, [replace(CARD, method=Method.QR)], []),
        (replace(READY, camera=False), WHO, [replace(CARD, method=Method.QR)], [Missing.RESIDENTS]),
        (READY, WHO, [replace(CARD, method=Method.PHONE)], [Missing.RESIDENTS]),
        (replace(READY, gate=replace(GATE, phone=True)), WHO, [replace(CARD, method=Method.PHONE)], []),
        (READY, WHO, [replace(CARD, method=Method.REMOTE)], [Missing.RESIDENTS]),
        (replace(READY, reads=frozenset({Method.PIN})), WHO, [CARD], [Missing.RESIDENTS]),
        (replace(READY, reads=frozenset()), WHO, [replace(CARD, method=Method.QR)], [Missing.READER]),
        (replace(READY, listed=False), WHO, [CARD], [Missing.LIST]),
        (replace(READY, two_factors=True), WHO, [CARD], [Missing.TWO_FACTORS, Missing.RESIDENTS]),
        (READY, replace(WHO, state=ResidentState.INVITED), [], [Missing.RESIDENTS]),
        (READY, replace(WHO, state=ResidentState.WITHDRAWN), [], [Missing.RESIDENTS]),
        (READY, replace(WHO, state=ResidentState.SUSPENDED), [], []),
        (READY, replace(WHO, valid_until=NOW), [], []),
        (READY, replace(WHO, valid_from=NOW + 1), [], []),
        (READY, replace(WHO, gates=frozenset({"other"})), [], []),
        (replace(READY, gate=replace(GATE, trial=True), reads=frozenset()), WHO, [], []),
    ],
)
def test_what_counts_as_a_way(at: Equipment, resident: Resident, ways: list[Way], missing: list[Missing]) -> None:
    assert list(gaps(at, [resident], ways, NOW).missing) == missing


def test_what_a_node_reads_follows_from_its_hardware_or_from_its_owners_word() -> None:
    setup = NodeSetup("board", Lock.FAIL_SAFE, ("exit-button", "rdm6300"), "1")
    assert reads(replace(GATE, readers=frozenset({"pin"})), setup) == {Method.CARD}
    assert reads(replace(GATE, readers=frozenset({"pin"})), None) == {Method.PIN}
    assert reads(GATE, replace(setup, features=("keypad-matrix",))) == {Method.PIN}
    assert reads(GATE, replace(setup, features=())) == frozenset()


def test_a_card_for_some_hours_is_not_as_good_as_a_face() -> None:
    card = Credential("c", "r1", CredentialKind.CARD, 0.0)
    week = frozenset(range(7))
    assert of_credential(card).always
    assert of_credential(replace(card, windows=(Window(week),))).always
    assert not of_credential(replace(card, windows=(Window(week, first=60),))).always
    assert not of_credential(replace(card, windows=(Window(frozenset({0})),))).always


residents = st.lists(
    st.builds(
        Resident,
        id=st.sampled_from(["a", "b", "c"]),
        name=st.just("Resident"),
        state=st.sampled_from(ResidentState),
        level=st.sampled_from(PrivacyLevel),
        valid_from=st.sampled_from([None, NOW - 1, NOW + 1]),
        valid_until=st.sampled_from([None, NOW, NOW + 1]),
        gates=st.sampled_from([frozenset(), frozenset({"main"}), frozenset({"other"})]),
    ),
    max_size=3,
    unique_by=lambda resident: resident.id,
)
ways = st.lists(
    st.builds(
        Way,
        resident=st.sampled_from(["a", "b", "c"]),
        method=st.sampled_from(Method),
        gate=st.sampled_from(["", "main", "other"]),
        valid_until=st.sampled_from([None, NOW, NOW + 1]),
        always=st.booleans(),
    ),
    max_size=4,
)
equipment = st.builds(
    Equipment,
    gate=st.builds(Gate, id=st.just("main"), name=st.just("Main"), phone=st.booleans()),
    reads=st.frozensets(st.sampled_from([Method.CARD, Method.PIN])),
    two_factors=st.booleans(),
    camera=st.booleans(),
    listed=st.booleans(),
)


@given(equipment, residents, ways, ways)
def test_another_way_never_makes_it_worse_and_none_taken_makes_it_better(
    at: Equipment, people: list[Resident], some: list[Way], more: list[Way]
) -> None:
    few, many = gaps(at, people, some, NOW), gaps(at, people, [*some, *more], NOW)
    assert set(many.without) <= set(few.without)
    assert set(many.missing) <= set(few.missing)


@given(equipment, residents, ways)
def test_whoever_may_pass_is_served_or_named(at: Equipment, people: list[Resident], some: list[Way]) -> None:
    found = gaps(at, people, some, NOW)
    for resident in people:
        if residency.may_pass(resident, "main", NOW) and resident.id not in found.without:
            assert any(way.resident == resident.id and way.works("main", NOW) for way in some)
    if not found:
        assert at.reads
        assert not at.two_factors


# The store, and every door to it


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path) as opened:
        yield opened


def listed(store: Store, gate: str = "main") -> None:
    store.save_gate_list(GateList(gate, 1, "f", 0, stored=True))


def card(store: Store, resident: str, number: str = "0012345678") -> Credential:
    return store.add_card(Credential("", resident, CredentialKind.CARD, 0.0), read_card(number))


def test_no_door_of_the_store_switches_a_face_reader_on_but_the_one_that_asks(store: Store) -> None:
    store.add_gate(replace(GATE, faces=True, readers=frozenset({"card"})))
    assert not store.gate("main").faces
    store.update_gate(replace(store.gate("main"), faces=True, trial=True))
    assert (store.gate("main").faces, store.gate("main").trial) == (False, False)
    who = store.add_resident("Resident 1")
    with pytest.raises(WaysMissingError) as refused:
        store.switch_faces("main", on=True)
    assert refused.value.gaps == Gaps((Missing.LIST, Missing.RESIDENTS), (who.id,))
    assert not store.gate("main").faces
    listed(store)
    card(store, who.id)
    assert store.switch_faces("main", on=True).faces
    assert store.gate("main").faces


def test_a_lost_card_goes_at_once_and_what_follows_is_told(store: Store) -> None:
    store.add_gate(replace(GATE, readers=frozenset({"card"})))
    listed(store)
    who = store.add_resident("Resident 1")
    lost = card(store, who.id)
    store.switch_faces("main", on=True)
    store.remove_credential(who.id, lost.id)
    assert store.gaps("main") == Gaps((Missing.RESIDENTS,), (who.id,))
    assert store.gate("main").faces, "nobody is shut out of their own face because of somebody else's card"
    store.switch_faces("main", on=False)
    with pytest.raises(WaysMissingError):
        store.switch_faces("main", on=True)


def test_a_card_that_was_learned_under_a_former_key_is_no_way(store: Store) -> None:
    store.add_gate(replace(GATE, readers=frozenset({"card"})))
    listed(store)
    who = store.add_resident("Resident 1")
    store.add_learned_card(Credential("", who.id, CredentialKind.CARD, 0.0), "main", b"12345678")
    assert not store.gaps("main")
    store.renew_gate_key("main")
    assert store.gaps("main").without == (who.id,)


def test_a_trial_gate_begins_with_its_reader_on_and_has_no_hardware(store: Store) -> None:
    store.add_gate(replace(GATE, trial=True))
    assert store.gate("main").faces
    store.add_resident("Resident 1")
    assert not store.gaps("main")
    with pytest.raises(ValueError, match="no hardware"):
        store.add_gate(Gate("side", "Side", trial=True), NodeSetup("board", Lock.FAIL_SAFE, (), "1"))


async def test_a_gate_whose_reader_is_on_tells_when_somebody_has_lost_the_last_way(store: Store) -> None:
    store.add_gate(GATE, replace(FAIL_SAFE, features=("exit-button", "wiegand")))
    listed(store)
    who = store.add_resident("Resident 1")
    lost = card(store, who.id)
    building = Building(
        store, MqttClient(Broker()), Topics("home"), load(make_settings({}, data=Path(), models=models_folder())), {},
        decided=lambda pipeline, decision: None, heard=lambda report: None,
    )  # fmt: skip
    store.switch_faces("main", on=True)
    await building.follow()
    assert [standing.problems for standing in building.standings()] == [()]
    store.remove_credential(who.id, lost.id)
    await building.follow()
    assert [standing.problems for standing in building.standings()] == [("ways_missing",)]
    store.switch_faces("main", on=False)
    await building.follow()
    assert [standing.problems for standing in building.standings()] == [()]
    await building.close()


# The API


async def test_the_api_refuses_until_nothing_is_missing_and_says_what_to_do(site: Site) -> None:
    async def ask(method: str, path: str, body: object = None) -> object:
        reply = await site.ask(method, path, body, token=LOCAL_TOKEN)
        return reply.content if reply.status < 300 else reply

    made = await ask("POST", "/gates", {"name": "Main"})
    assert not made["faces"]
    for body in ({"name": "Other", "faces": True},):
        assert (await ask("POST", "/gates", body)).problem() == "invalid"
    for body in ({"faces": True}, {"trial": True}):
        assert (await ask("PATCH", "/gates/main", body)).problem() == "invalid"
    who = await ask("POST", "/residents", {"name": "Resident 1"})
    refused = await ask("PUT", "/gates/main/face-reader", {"on": True})
    assert refused.problem() == "ways_missing"
    assert refused.content["missing"] == ["reader", "residents"]
    assert [resident["id"] for resident in refused.content["without"]] == [who["id"]]
    assert "give each of them a card" in refused.content["detail"]
    assert (await ask("PATCH", "/gates/main", {"readers": ["pin"]}))["readers"] == ["pin"]
    await ask("POST", f"/residents/{who['id']}/credentials", {"kind": "pin"})
    listed(site.store)
    assert (await ask("GET", "/gates/main/ways"))["missing"] == []
    assert (await ask("PUT", "/gates/main/face-reader", {"on": True}))["faces"]
    assert not (await ask("PUT", "/gates/main/face-reader", {"on": False}))["faces"]


async def test_names_are_told_only_to_whoever_may_know_persons(site: Site) -> None:
    await site.ask("POST", "/gates", {"name": "Main"}, token=LOCAL_TOKEN)
    await site.ask("POST", "/residents", {"name": "Resident 1"}, token=LOCAL_TOKEN)
    reply = await site.ask("GET", "/gates/main/ways", token=await site.pair("read"))
    assert (reply.content["lacking"], "without" in reply.content) == (1, False)


async def test_a_trial_gate_is_one_for_ever_and_takes_no_board(site: Site) -> None:
    made = (await site.ask("POST", "/gates", {"name": "Trial", "trial": True}, token=LOCAL_TOKEN)).content
    assert (made["trial"], made["faces"]) == (True, True)
    node = {"board": "esp32-relay-x4", "lock": "fail-safe"}
    refused = await site.ask("POST", "/gates", {"name": "Other", "trial": True, "node": node}, token=LOCAL_TOKEN)
    assert refused.problem() == "invalid"
    walk = await site.ask("POST", "/gates/trial/test", {"action": "start"}, token=LOCAL_TOKEN)
    assert walk.problem() == "walk_refused"
    assert "trial gate" in walk.content["detail"]


def test_two_factors_leave_nobody_a_way_without_a_face(store: Store) -> None:
    store.add_gate(replace(GATE, readers=frozenset({"card"})))
    listed(store)
    card(store, store.add_resident("Resident 1").id)
    store.add_camera(Camera("c", "main", "/none.mp4", liveness=LivenessLevel.SECOND_FACTOR))
    assert Missing.TWO_FACTORS in store.gaps("main").missing


def test_a_phone_is_a_way_once_its_owner_has_opened_their_page_and_where_the_gate_lets_it(store: Store) -> None:
    store.add_gate(replace(GATE, readers=frozenset({"card"})))
    listed(store)
    who = store.add_resident("Resident 1").id
    link, secret = store.make_link(who, LinkKind.PERSONAL)
    store.update_gate(replace(store.gate("main"), phone=True))
    assert store.gaps("main").without == (who,), "nobody has the link yet"
    store.redeem_link(secret)
    assert store.gaps("main").without == ()
    store.update_gate(replace(store.gate("main"), phone=False))
    assert store.gaps("main").without == (who,)
    store.update_gate(replace(store.gate("main"), phone=True))
    store.revoke_link(who, link.id)
    assert store.gaps("main").without == (who,)
