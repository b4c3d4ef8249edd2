"""How everything does at this moment: for the state topics, the API and the pages alike."""

import time
from dataclasses import dataclass, replace

from facegate import vision
from facegate.adapters.disk import room
from facegate.adapters.mqtt import MqttClient
from facegate.adapters.state_board import Standing
from facegate.building import Building
from facegate.core.gate_condition import GateCondition
from facegate.counting import Counting
from facegate.credentials.cards import Cards
from facegate.housekeeping import Housekeeping
from facegate.orders import Orders
from facegate.residents.paperwork import Paperwork
from facegate.settings import Settings
from facegate.web.machine import Machine
from facegate.web.services import CameraHealth, GateHealth, Health


@dataclass(frozen=True, slots=True)
class Standings:
    """What each part says of itself, put together. For the event loop, but for ``machine``, which looks at the disk."""

    settings: Settings
    models: vision.Models
    mqtt: MqttClient
    building: Building
    orders: Orders
    cards: Cards
    paperwork: Paperwork
    housekeeping: Housekeeping
    counting: Counting

    def gates(self) -> list[Standing]:
        """How the gates stand, with what is wrong about their lists and about the assessment."""
        shown = []
        outdated = ("assessment_outdated",) if self.paperwork.changes else ()
        for standing in self.building.standings():
            own = self.cards.standing(standing.gate)
            shown.append(
                replace(
                    standing,
                    problems=tuple(sorted({*standing.problems, *own.problems, *outdated})),
                    list_state=own.state,
                    list_version=own.version,
                    list_expires=own.expires,
                    tally=self.counting.figures(standing.gate),
                )
            )
        return shown

    def health(self) -> Health:
        """How everything does."""
        return Health(
            broker=self.mqtt.connected,
            clock=self.cards.clock_problem,
            gates={standing.gate: self._gate(standing) for standing in self.gates()},
            cameras={
                c.camera: CameraHealth(c.condition, c.reason, c.problem, c.notes, c.ms, c.rate, c.prompt)
                for c in self.building.cameras()
            },
        )

    def machine(self) -> Machine:
        """How the box itself does; looks at the disk."""
        free, database = room(self.settings.data)
        return Machine(
            models={
                "detector": self.settings.detector,
                "embedder": self.models.embedder.model,
                "liveness": vision.LIVENESS_MODEL,
            },
            fallback=self.models.fallback or "",
            liveness=self.models.antispoof is not None,
            at_once=self.models.at_once,
            round=self.housekeeping.last,
            doubts_clock=self.housekeeping.doubts_clock,
            free=free,
            database=database,
        )

    def _gate(self, standing: Standing) -> GateHealth:
        gate, link = standing.gate, self.building.links.get(standing.gate)
        condition = link.condition if link else GateCondition()
        since = time.time() - time.monotonic()  # Unix seconds of monotonic nought, as far as the clock is right

        def unix(at: float | None) -> float | None:
            return None if at is None else round(since + at, 1)

        shown = self.building.hints.shown(gate)
        return GateHealth(
            prompt=shown.prompt or standing.prompt,
            pattern=shown.pattern,
            camera=standing.camera,
            node=standing.node,
            problems=standing.problems,
            state=condition.state,
            fire=standing.fire,
            tamper=standing.tamper,
            held=standing.held,
            refused=condition.refused,
            lost=condition.lost,
            list_version=condition.list_version,
            allow_list=self.cards.standing(gate),
            tally=standing.tally,
            waits=self.orders.waits(gate),
            free_until=self.orders.free_until(gate),
            heard_at=unix(link.hello_at) if link else None,
            acked_at=unix(link.ack_at) if link else None,
        )
