"""What is wrong with the house as a whole, for the page Health and for Home Assistant: words and counts, no names."""

import asyncio
from dataclasses import dataclass
from typing import Any, Final

import voluptuous as vol
from aiohttp import hdrs

from facegate.adapters.broker_safety import BrokerSafety
from facegate.core.consent import ConsentState
from facegate.core.leaving import Cause
from facegate.core.problems import MACHINE
from facegate.web.call import Answer, Call
from facegate.web.machine import LEAST_FREE, Machine
from facegate.web.operation import Operation
from facegate.web.schemas import BROKER_SAFETY
from facegate.web.services import Services
from facegate.web.tokens import Scope


@dataclass(frozen=True, slots=True)
class Condition:
    """``problems``: of ``core.problems.MACHINE``. The others are counts of residents.

    ``outdated``: who agreed to something else than what is done now; ``leaving``: who will be erased soon because
    their time here ends; ``absent``: because no gate has seen them for long.
    """

    problems: tuple[str, ...]
    unreadable: tuple[str, ...]
    outdated: int
    leaving: int
    absent: int

    def told(self) -> dict[str, Any]:
        """The counts as the API tells them."""
        return {"outdated": self.outdated, "leaving": self.leaving, "absent": self.absent}


def look(services: Services, machine: Machine) -> Condition:
    """Return how the house stands; reads the store."""
    unreadable = tuple(sorted(services.store.unreadable()))
    standings = services.consents.by_resident().values()
    outdated = sum(any(one.state is ConsentState.OUTDATED for one in said) for said in standings)
    causes = [one.cause for one in services.departures.ahead()]
    leaving = causes.count(Cause.LEASE_ENDED)
    found = {
        "disk_full": machine.free < LEAST_FREE,
        "clock_doubted": machine.doubts_clock,
        "liveness_missing": not machine.liveness,
        "unreadable": bool(unreadable),
        "consents_outdated": bool(outdated),
        "leases_end": bool(leaving),
        **dict.fromkeys((*services.paperwork.due(), *services.broker_watch.known.problems), True),
    }
    return Condition(
        tuple(word for word in MACHINE if found.get(word)), unreadable, outdated, leaving, causes.count(Cause.ABSENT)
    )


async def describe(services: Services) -> dict[str, Any]:
    """Return what ``GET /health`` adds for those who may read."""

    def read() -> Condition:
        return look(services, services.machine())

    condition = await asyncio.to_thread(read)
    return {
        "unreadable": list(condition.unreadable),
        "problems": list(condition.problems),
        "residents": condition.told(),
        "broker_safety": _told(services.broker_watch.known),
    }


async def check_broker(call: Call) -> Answer:
    """Look anew whether the MQTT broker lets somebody in who gives no user name; takes up to ten seconds."""
    return Answer(_told(await call.services.broker_watch.look()))


def _told(known: BrokerSafety) -> dict[str, Any]:
    return {"tls": known.tls, "same_machine": known.same_machine, "anonymous": str(known.anonymous)}


OPERATIONS: Final = (
    Operation(
        hdrs.METH_POST, "/broker/check", Scope.MANAGE, check_broker, "Look whom the MQTT broker lets in",
        vol.Schema(BROKER_SAFETY), in_turn=False,
    ),
)  # fmt: skip
