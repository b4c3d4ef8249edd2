"""The keys over the API: for owners, and, where a passphrase goes over the wire, for commands on this machine alone."""

import asyncio
from base64 import b64encode
from dataclasses import asdict
from pathlib import Path
from typing import Final

from aiohttp import hdrs

from facegate.adapters.store import LockedError
from facegate.residents.keys import ExportError, read_export
from facegate.web import key_schemas
from facegate.web.call import Answer, Call
from facegate.web.operation import Operation
from facegate.web.problems import INVALID, ProblemError
from facegate.web.tokens import Scope


async def read_keys(call: Call) -> Answer:
    """Say how the keys stand, and whose templates are of a model that is not in use any more."""
    return Answer(await asyncio.to_thread(call.services.keys.standing))


async def set_passphrase(call: Call) -> Answer:
    """Put the site key under a passphrase that every start will ask for, or under none."""
    await asyncio.to_thread(call.services.keys.set_passphrase, _actor(call), call.body["passphrase"])
    return Answer()


async def change_site_key(call: Call) -> Answer:
    """Put everything under a new site key: an old one that somebody has copied opens nothing any more."""
    return Answer({"keys": await asyncio.to_thread(call.services.keys.change_site_key, _actor(call))})


async def renew_templates(call: Call) -> Answer:
    """Turn all templates by a new secret, without anybody enrolling again: a copied one fits nothing any more."""
    return Answer({"templates": await asyncio.to_thread(call.services.keys.renew_templates, _actor(call))})


async def export_keys(call: Call) -> Answer:
    """Return every key, locked under a passphrase, for the day when this machine is lost."""
    exported = await asyncio.to_thread(call.services.keys.export, _actor(call), call.body["passphrase"])
    return Answer({"export": b64encode(exported).decode()})


async def import_keys(call: Call) -> Answer:
    """Put back keys that are missing, from an export; nobody who is erased or has withdrawn comes back by it."""
    try:
        exported = await asyncio.to_thread(read_export, Path(call.body["path"]))
        done = await asyncio.to_thread(call.services.keys.import_from, _actor(call), exported, call.body["passphrase"])
    except (ExportError, LockedError) as error:
        raise ProblemError(INVALID, str(error)) from error
    await call.services.changed()
    return Answer(asdict(done))


def _actor(call: Call) -> str:
    assert call.bearer is not None, "every operation here asks for a scope"
    return call.bearer.name


OPERATIONS: Final = (
    Operation(hdrs.METH_GET, "/keys", Scope.OWNER, read_keys, "How the keys stand", key_schemas.STANDING),
    Operation(
        hdrs.METH_PUT,
        "/keys/passphrase",
        Scope.LOCAL,
        set_passphrase,
        "Put the site key under a passphrase",
        None,
        key_schemas.SET_PASSPHRASE,
        204,
    ),
    Operation(hdrs.METH_POST, "/keys/site", Scope.OWNER, change_site_key, "Make a new site key", key_schemas.CHANGED),
    Operation(
        hdrs.METH_POST, "/keys/templates", Scope.OWNER, renew_templates, "Turn all templates anew", key_schemas.RENEWED
    ),
    Operation(
        hdrs.METH_POST,
        "/keys/export",
        Scope.LOCAL,
        export_keys,
        "Export every key, locked",
        key_schemas.EXPORTED,
        key_schemas.EXPORT,
    ),
    Operation(
        hdrs.METH_POST,
        "/keys/import",
        Scope.LOCAL,
        import_keys,
        "Put back keys from an export",
        key_schemas.IMPORTED,
        key_schemas.IMPORT,
    ),
)
