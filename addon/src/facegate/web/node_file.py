"""The file that a gate's node is built from, again: it holds no secret, so an owner may have it at any time."""

import asyncio
from typing import Final

import voluptuous as vol
from aiohttp import hdrs

from facegate.adapters.boards import known_boards
from facegate.core.node_file import node_yaml
from facegate.web.call import Answer, Call
from facegate.web.nodes import way_of
from facegate.web.operation import Operation
from facegate.web.problems import NOT_FOUND, ProblemError
from facegate.web.tokens import Scope


async def read_node_file(call: Call) -> Answer:
    """Write the file of a gate's node for its board and what is wired to it."""
    gate = call.given["gate"]
    await asyncio.to_thread(call.services.store.gate, gate)
    setup = await asyncio.to_thread(call.services.store.node_setup, gate)
    board = known_boards().get(setup.board) if setup is not None else None
    if setup is None or board is None:
        raise ProblemError(NOT_FOUND, "Nobody has said which board this gate's node is: add the gate with its board.")
    way, _ = way_of(call.services, {})
    yaml = node_yaml(board, setup, way, gate=gate, site=call.services.site)
    return Answer({"file": f"{gate}.yaml", "yaml": yaml})


OPERATIONS: Final = (
    Operation(
        hdrs.METH_GET,
        "/gates/{gate}/node-file",
        Scope.MANAGE,
        read_node_file,
        "The file that a gate's node is built from",
        vol.Schema(
            {
                vol.Required("file", description="What to call it."): str,
                vol.Required("yaml", description="Without any secret."): str,
            }
        ),
        problems=(NOT_FOUND,),
    ),
)
