"""Residents who leave, over the API: who will be erased when, erasing them now, and the certificates of it."""

import asyncio
from typing import Final

from aiohttp import hdrs

from facegate.core.certificate import Certificate
from facegate.core.leaving import Cause
from facegate.web import leaving_schemas
from facegate.web.call import Answer, Call
from facegate.web.operation import Operation
from facegate.web.problems import NOT_FOUND
from facegate.web.tokens import Scope


async def list_leaving(call: Call) -> Answer:
    """List who will be erased within 30 days, and why, so that an owner can correct a date or say that they stay."""
    found = await asyncio.to_thread(call.services.departures.ahead)
    leaving = [{"resident": one.resident, "cause": str(one.cause), "since": one.since, "due": one.due} for one in found]
    return Answer({"doubted": call.services.departures.paused(), "leaving": leaving})


async def keep_resident(call: Call) -> Answer:
    """Say that a resident lives here still, though no gate has let them in for a long time."""
    await asyncio.to_thread(call.services.departures.stays, call.given["resident"])
    return Answer()


async def erase_for_cause(call: Call) -> Answer:
    """Erase a resident for good and return the signed certificate of it."""
    assert call.bearer is not None  # the operation asks for a scope
    resident, cause = call.given["resident"], Cause(call.body["cause"])
    made = await asyncio.to_thread(call.services.departures.erase, resident, cause, call.bearer.name)
    await call.services.changed()
    return Answer(made.written())


async def list_certificates(call: Call) -> Answer:
    """List the certificates of all erasures, newest first."""
    found = await asyncio.to_thread(call.services.departures.certificates)
    return Answer([certificate.written() for certificate in found])


async def prove_certificate(call: Call) -> Answer:
    """Say whether this installation has signed a certificate, as it stands."""
    given = Certificate.read(call.body)
    return Answer({"genuine": await asyncio.to_thread(call.services.departures.is_genuine, given)})


OPERATIONS: Final = (
    Operation(
        hdrs.METH_GET, "/leaving", Scope.PERSONS, list_leaving, "Who will be erased, and when", leaving_schemas.LEAVING
    ),
    Operation(
        hdrs.METH_POST, "/residents/{resident}/stay", Scope.MANAGE, keep_resident, "Say that somebody lives here still",
        None, status=204, problems=(NOT_FOUND,),
    ),
    Operation(
        hdrs.METH_POST, "/residents/{resident}/erasure", Scope.MANAGE, erase_for_cause,
        "Erase a resident and certify it", leaving_schemas.CERTIFICATE, leaving_schemas.ERASE, 201,
        problems=(NOT_FOUND,),
    ),
    Operation(
        hdrs.METH_GET, "/certificates", Scope.READ, list_certificates, "Certificates of erasures",
        leaving_schemas.CERTIFICATES,
    ),
    Operation(
        hdrs.METH_POST, "/certificates/proof", Scope.READ, prove_certificate, "Whether a certificate is genuine",
        leaving_schemas.GENUINE, leaving_schemas.CERTIFICATE,
    ),
)  # fmt: skip
