"""Shows each gate's mode and health on the broker: retained and signed, for Home Assistant to display, nothing else."""

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Final

from facegate.adapters.mqtt import MqttClient
from facegate.contract.messages import UNKNOWN_COUNT, GateState, Topics
from facegate.core.tally import Figures

AGAIN_SECONDS: Final = 20.0
"""An unchanged state is shown again this often, so that Home Assistant can tell silence from health."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How one gate stands; the words are those of ``contract.messages.GateState``."""

    gate: str
    name: str
    mode: str
    camera: str
    node: str
    problems: tuple[str, ...] = ()
    prompt: str = ""
    fire: str = "none"
    tamper: bool = False
    held: bool = False
    list_state: str = "none"
    list_version: int = 0
    list_expires: int = 0
    tally: Figures = field(default_factory=Figures)


@dataclass(slots=True)
class StateBoard:
    """What was shown last of each gate. ``boot`` and a sequence tell a newer state from an older one.

    Args:
        mqtt: where to.
        topics: of this site.
        boot: of this recognizer, greater than ever before.
        key: returns the pairing key as it is now.
        clock: monotonic seconds; unix: the wall clock.
    """

    mqtt: MqttClient
    topics: Topics
    boot: int
    key: Callable[[], bytes]
    clock: Callable[[], float] = time.monotonic
    unix: Callable[[], float] = time.time
    _seq: int = 0
    _shown: dict[str, tuple[Standing, float]] = field(default_factory=dict)

    def show(self, standings: Collection[Standing]) -> None:
        """Publish what has changed or was not shown for a while; clear the gates that are gone."""
        for gone in set(self._shown) - {standing.gate for standing in standings}:
            if self.mqtt.publish(self.topics.state(gone), b"", retain=True):
                del self._shown[gone]
        for standing in standings:
            last, at = self._shown.get(standing.gate, (None, 0.0))
            now = self.clock()
            if (standing != last or now - at >= AGAIN_SECONDS) and self._publish(standing):
                self._shown[standing.gate] = (standing, now)

    def _publish(self, standing: Standing) -> bool:
        self._seq += 1
        state = GateState(
            site=self.topics.site,
            boot=self.boot,
            seq=self._seq,
            at=round(self.unix() * 1000),
            gate=standing.gate,
            name=standing.name,
            mode=standing.mode,
            camera=standing.camera,
            node=standing.node,
            problems=list(standing.problems),
            prompt=standing.prompt,
            fire=standing.fire,
            tamper=standing.tamper,
            held=standing.held,
            list_state=standing.list_state,
            list_version=standing.list_version,
            list_expires=standing.list_expires,
            passages=standing.tally.passages,
            inside=_count(standing.tally.inside),
            unsure=standing.tally.unsure,
            since=round(standing.tally.since),
            site_inside=_count(standing.tally.site_inside),
        )
        return self.mqtt.publish(self.topics.state(standing.gate), state.sign(self.key()), retain=True)


def _count(people: int | None) -> int:
    return UNKNOWN_COUNT if people is None else people
