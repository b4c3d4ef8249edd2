"""The nodes of trial gates: software that this recognizer runs itself, over the real broker, on the real signed lines.

So that somebody without a relay board sees everything but a door: commands are signed, the node believes or refuses
them, its acks and events come back. It keeps nothing over a restart but that its boots count upwards.
"""

import asyncio
import logging
from collections.abc import Mapping
from functools import partial
from typing import Protocol

from facegate.adapters.software_gate import SoftwareGate
from facegate.contract.messages import Topics
from facegate.core.models import Gate
from facegate.core.node import NodeConfig
from facegate.settings import Broker

_LOG = logging.getLogger(__name__)


class Boots(Protocol):
    """What counts."""

    def next_boot(self) -> int:
        """A number that is greater than every one before it, for good."""


class TrialNodes:
    """One software node per trial gate. Belongs to the event loop.

    Args:
        boots: counts the starts of the nodes, over all restarts: an older boot's lines are never believed.
        broker: where they connect, each as a client of its own.
        topics: of the site.
    """

    def __init__(self, boots: Boots, broker: Broker, topics: Topics) -> None:
        self._boots = boots
        self._broker = broker
        self._topics = topics
        self._nodes: dict[str, SoftwareGate] = {}
        self._following = asyncio.Lock()

    async def follow(self, gates: Mapping[str, Gate], keys: Mapping[str, bytes]) -> None:
        """Run a node for each trial gate whose key is whole, and none for any other gate."""
        async with self._following:
            wanted = {gate: keys[gate] for gate, known in gates.items() if known.trial and gate in keys}
            for gate in [gate for gate, node in self._nodes.items() if wanted.get(gate) not in _keys(node)]:
                await self._nodes.pop(gate).stop()
            for gate in wanted.keys() - self._nodes.keys():
                boot = await asyncio.to_thread(self._boots.next_boot)
                config = NodeConfig(gate, wanted[gate])
                node = SoftwareGate(config, self._broker, self._topics, boot=boot, relay=partial(_relay, gate))
                self._nodes[gate] = await node.start()

    async def stop(self) -> None:
        """Switch all of them off."""
        async with self._following:
            nodes, self._nodes = self._nodes, {}
            await asyncio.gather(*(node.stop() for node in nodes.values()))


def _keys(node: SoftwareGate) -> tuple[bytes, ...]:
    """A key that was changed over the wire is the node's own by then: no reason to start it anew."""
    memory = node.model.memory
    return (memory.key,) if memory.next_key is None else (memory.key, memory.next_key)


def _relay(gate: str, number: int, opened: bool) -> None:
    _LOG.debug("Relay %d of trial gate %s would %s now.", number, gate, "open" if opened else "close")
