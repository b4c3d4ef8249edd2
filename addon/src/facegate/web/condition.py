"""What is wrong with the house as a whole, for the page Health and for Home Assistant: words and counts, no names."""

import asyncio
from typing import Any, Final

import voluptuous as vol
from aiohttp import hdrs

from facegate.adapters.broker_safety import BrokerSafety
from facegate.adapters.disk import LEAST_FREE
from facegate.core.problems import MACHINE
from facegate.web.call import Answer, Call, Desk
from facegate.web.census import Numbers
from facegate.web.machine import Machine
from facegate.web.operation import Operation
from facegate.web.schemas import BROKER_SAFETY
from facegate.web.services import Services
from facegate.web.tokens import Scope


def wrong(services: Services, machine: Machine, numbers: Numbers) -> list[str]:
    """Return what is wrong, in the words of ``core.problems.MACHINE``; reads the store."""
    found = {
        "disk_full": machine.free < LEAST_FREE,
        "clock_doubted": machine.doubts_clock,
        "liveness_missing": not machine.liveness,
        "unreadable": bool(numbers.unreadable),
        "consents_outdated": bool(numbers.outdated),
        "leases_end": bool(numbers.leaving),
        **dict.fromkeys((*services.paperwork.due(), *services.broker_watch.known.problems), True),
    }
    return [word for word in MACHINE if found.get(word)]


async def describe(desk: Desk) -> dict[str, Any]:
    """Return what ``GET /health`` adds for those who may read."""
    services = desk.services

    def read() -> tuple[Numbers, list[str]]:
        numbers = desk.census.numbers(services, desk.monotonic())
        return numbers, wrong(services, services.machine(), numbers)

    numbers, problems = await asyncio.to_thread(read)
    return {
        "unreadable": list(numbers.unreadable),
        "problems": problems,
        "residents": {"outdated": numbers.outdated, "leaving": numbers.leaving, "absent": numbers.absent},
        "broker_safety": _told(services.broker_watch.known),
    }


async def check_broker(call: Call) -> Answer:
    """Look anew whether the MQTT broker lets somebody in who gives no user name; takes up to ten seconds."""
    return Answer(_told(await call.services.broker_watch.look()))


def _told(known: BrokerSafety) -> dict[str, Any]:
    return {"tls": known.tls, "same_machine": known.same_machine is not False, "anonymous": str(known.anonymous)}


OPERATIONS: Final = (
    Operation(
        hdrs.METH_POST, "/broker/check", Scope.MANAGE, check_broker, "Look whom the MQTT broker lets in",
        vol.Schema(BROKER_SAFETY), in_turn=False,
    ),
)  # fmt: skip
