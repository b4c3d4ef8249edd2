"""Trial gates: the recognizer runs their nodes itself, and they open on signed commands like any other."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from facegate.adapters.store import Store
from facegate.core.models import Gate
from facegate.trial_nodes import TrialNodes
from tests.parts.broker import Mosquitto
from tests.parts.gate_site import GATE, TOPICS, Site
from tests.parts.waiting import eventually


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    with Mosquitto(tmp_path / "broker") as broker, Store.open(tmp_path / "data") as store:
        async with AsyncExitStack() as stack:
            running = Site(store, broker, stack)
            await running.start()
            yield running


async def follow(nodes: TrialNodes, store: Store) -> None:
    gates = {gate.id: gate for gate in store.gates()}
    await nodes.follow(gates, {gate: store.gate_key(gate) for gate in gates})


async def test_a_trial_gate_opens_without_hardware_and_again_after_a_restart(site: Site) -> None:
    site.store.add_gate(Gate("real", "A gate with a door"))
    for _ in range(2):
        nodes = TrialNodes(site.store, site.broker, TOPICS)
        await follow(nodes, site.store)
        try:
            await eventually(lambda: site.link.state == "online")
            await site.open()
            assert site.link.problems == ()
            assert site.mqtt.connected
        finally:
            await nodes.stop()
        await eventually(lambda: site.link.state == "offline")


async def test_a_node_ends_with_its_gate_and_begins_anew_under_a_new_key(site: Site) -> None:
    nodes = TrialNodes(site.store, site.broker, TOPICS)
    try:
        await follow(nodes, site.store)
        await eventually(lambda: site.link.state == "online")
        site.store.renew_gate_key(GATE)
        await follow(nodes, site.store)
        await eventually(lambda: "node_key" in site.link.problems)
        site.store.remove_gate(GATE)
        await follow(nodes, site.store)
        await eventually(lambda: site.link.state == "offline")
    finally:
        await nodes.stop()
