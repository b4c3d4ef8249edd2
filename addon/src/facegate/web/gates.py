"""Gates over the API."""

import asyncio
import re
import secrets
from dataclasses import asdict, replace
from typing import Any

from facegate.contract.lines import is_gate_id
from facegate.core.audit import Act
from facegate.core.models import Gate
from facegate.web.call import Answer, Call
from facegate.web.credentials import describe_list
from facegate.web.nodes import chosen_setup, node_files
from facegate.web.problems import INVALID, ProblemError
from facegate.web.services import GateHealth


async def list_gates(call: Call) -> Answer:
    """List the gates and how they do."""
    gates = await asyncio.to_thread(call.services.store.gates)
    states = call.services.health().gates
    return Answer([_describe(gate, states.get(gate.id)) for gate in gates])


async def read_gate(call: Call) -> Answer:
    """Show one gate and how it does."""
    return Answer(shown(call, await asyncio.to_thread(call.services.store.gate, call.given["gate"])))


async def add_gate(call: Call) -> Answer:
    """Add a gate; the answer holds, this once, the node's key and, where its hardware is named, the node's files."""
    body = call.body
    gate = Gate(
        id=body.get("id") or _id_from(body["name"]),
        name=body["name"],
        pulse_ms=int(body.get("pulse_ms", 0)),
        trial=body.get("trial", False),
    )
    if gate.trial and "node" in body:
        raise ProblemError(
            INVALID,
            "A trial gate moves no door, so it has no hardware: leave out 'node', or 'trial'.",
            errors=[{"at": "node", "says": "not together with 'trial'"}],
        )
    setup = chosen_setup(body["node"]) if "node" in body else None
    key = await asyncio.to_thread(call.services.store.add_gate, gate, setup)
    gate = await asyncio.to_thread(call.services.store.gate, gate.id)
    await call.services.changed()
    content = {**shown(call, gate), "key": key.hex()}
    if setup is not None:
        content["node_files"] = await node_files(call, gate.id, setup, body["node"], key)
    return Answer(content, {"Location": f"gates/{gate.id}"})


async def change_gate(call: Call) -> Answer:
    """Change what is given; the id never changes."""
    gate = await asyncio.to_thread(call.services.store.gate, call.given["gate"])
    given = dict(call.body)
    changed = replace(gate, **given | ({"readers": frozenset(given["readers"])} if "readers" in given else {}))
    await asyncio.to_thread(call.services.store.update_gate, changed)
    assert call.bearer is not None  # the operation asks for a scope
    await asyncio.to_thread(call.services.store.record_act, call.bearer.name, Act.SETTINGS_CHANGED)
    await call.services.changed()
    return Answer(shown(call, changed))


async def remove_gate(call: Call) -> Answer:
    """Remove a gate with its cameras, and destroy its key: its node obeys nobody until it is given a new one."""
    await asyncio.to_thread(call.services.store.remove_gate, call.given["gate"])
    await call.services.changed()
    return Answer()


def shown(call: Call, gate: Gate) -> dict[str, Any]:
    """A gate and how it does."""
    return _describe(gate, call.services.health().gates.get(gate.id))


def _describe(gate: Gate, state: GateHealth | None) -> dict[str, Any]:
    now = state or GateHealth()
    return {
        "id": gate.id,
        "name": gate.name,
        "mode": str(gate.mode),
        "pulse_ms": gate.pulse_ms,
        "trial": gate.trial,
        "faces": gate.faces,
        "phone": gate.phone,
        "readers": sorted(gate.readers),
        "camera": now.camera,
        "node": now.node,
        "problems": list(now.problems),
        "waits": now.waits,
        "free_until": now.free_until,
        "state": now.state,
        "fire": now.fire,
        "tamper": now.tamper,
        "held": now.held,
        "refused": now.refused,
        "lost": now.lost,
        "list_version": now.list_version,
        "heard_at": now.heard_at,
        "acked_at": now.acked_at,
        "prompt": now.prompt,
        "pattern": now.pattern,
        "list": describe_list(now.allow_list),
        "tally": asdict(now.tally),
    }


def _id_from(name: str) -> str:
    """Return an id that reads like the name; a name without Latin letters gets one at random."""
    readable = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:32].rstrip("-")
    return readable if is_gate_id(readable) else f"gate-{secrets.token_hex(3)}"
