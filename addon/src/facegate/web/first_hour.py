"""The first hour, looked up in what there is now: for the panel's page and for ``facegate doctor``."""

import asyncio
from typing import Final

import voluptuous as vol
from aiohttp import hdrs

from facegate.core.commissioning_sheet import may_be_used
from facegate.core.first_hour import GateStands, Item, Part, Stands, State, Step, first_hour
from facegate.web.call import Answer, Call
from facegate.web.operation import Operation
from facegate.web.services import CameraHealth, GateHealth, Services
from facegate.web.tokens import Scope

_STEPS: Final = vol.Schema(
    [
        {
            vol.Required("step"): vol.In([str(step) for step in Step]),
            vol.Required("part"): vol.In([str(part) for part in Part]),
            vol.Required("state", description="later: it waits for others, or for a gate with a door."): vol.In(
                [str(state) for state in State]
            ),
            vol.Required("gate", description="The first gate that it waits for, empty for none."): str,
        }
    ]
)


async def list_first_steps(call: Call) -> Answer:
    """List the steps of the first hour, in order, and how far each is."""
    items = await asyncio.to_thread(look_up, call.services)
    return Answer([{"step": i.step, "part": i.step.part, "state": i.state, "gate": i.gate} for i in items])


OPERATIONS: Final = (
    Operation(hdrs.METH_GET, "/first-steps", Scope.OWNER, list_first_steps, "The first hour, step by step", _STEPS),
)


def look_up(services: Services) -> tuple[Item, ...]:
    """How far everything is; reads the store."""
    store, now, facts = services.store, services.health(), services.paperwork.facts()
    gates = []
    for gate, own in facts.gates:
        state = now.gates.get(gate.id) or GateHealth()
        gates.append(
            GateStands(
                id=gate.id,
                trial=gate.trial,
                node=state.node == "online",
                cameras=len(own),
                working=sum((now.cameras.get(camera.id) or CameraHealth()).state == "ok" for camera in own),
                zones=sum(bool(camera.zone) for camera in own),
                usable=may_be_used(store.node_setup(gate.id), store.commissioning(gate.id), trial=gate.trial),
                lacking=bool(store.gaps(gate.id)),
                faces=gate.faces,
            )
        )
    return first_hour(
        Stands(
            broker=now.broker,
            gates=tuple(gates),
            residents=sum(facts.residents.values()),
            enrolled=facts.enrolled,
            opened=services.paperwork.has_opened(),
            responsible=facts.responsible.known,
            assessed=facts.assessment is not None and not facts.changes,
            paired=facts.paired,
        )
    )
