"""Which address residents' links carry: Home Assistant tells its own while it serves the pages, and takes it back."""

import asyncio
from typing import Final

import voluptuous as vol
from aiohttp import hdrs

from facegate.web.call import Answer, Call
from facegate.web.operation import Operation
from facegate.web.problems import NOT_FOUND
from facegate.web.tokens import Bearer, Scope

# Short, since a code with more characters is hard to read off a sheet; and by HTTPS, since faces go there.
_URL: Final = r"^(?:https://[A-Za-z0-9.-]{1,120}(:[0-9]{1,5})?(/[A-Za-z0-9_-]{1,40}){0,6})\Z"

_TELL: Final = vol.Schema(
    {
        vol.Required("url", description="Where phones find the pages; the last one that was told counts."): vol.All(
            str, vol.Match(_URL, msg="expected https://… without query and fragment")
        )
    }
)
_ADDRESS: Final = vol.Schema(
    {
        vol.Required("url", description="What new links carry."): str,
        vol.Required("fixed", description="Whether the option residents_url says so, whatever is told."): bool,
    }
)


async def read_residents_address(call: Call) -> Answer:
    """Say which address new links carry."""
    return await _answer(call)


async def tell_residents_address(call: Call) -> Answer:
    """Let new links carry this address, where the owner has named none; the pages behind it are ours."""
    bearer = _bearer(call)
    await asyncio.to_thread(call.services.links.tell, bearer.id, call.body["url"], bearer.name)
    return await _answer(call)


async def take_back_residents_address(call: Call) -> Answer:
    """Let new links carry what they did before; of somebody else's address nothing is changed."""
    bearer = _bearer(call)
    await asyncio.to_thread(call.services.links.take_back, bearer.id, bearer.name)
    return await _answer(call)


async def _answer(call: Call) -> Answer:
    links = call.services.links
    return Answer({"url": await asyncio.to_thread(links.address), "fixed": links.fixed})


def _bearer(call: Call) -> Bearer:
    assert call.bearer is not None  # every operation here asks for a scope
    return call.bearer


# fmt: off
OPERATIONS: Final = (
    Operation(
        hdrs.METH_GET, "/residents-address", Scope.READ, read_residents_address, "The address that links carry",
        _ADDRESS,
    ),
    Operation(
        hdrs.METH_PUT, "/residents-address", Scope.MANAGE, tell_residents_address,
        "Tell where Home Assistant serves the residents' pages", _ADDRESS, _TELL, problems=(NOT_FOUND,),
    ),
    Operation(
        hdrs.METH_DELETE, "/residents-address", Scope.MANAGE, take_back_residents_address,
        "Take back where Home Assistant serves them", _ADDRESS,
    ),
)
# fmt: on
