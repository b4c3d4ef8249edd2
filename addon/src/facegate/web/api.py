"""Pairing, tokens, health and aliases over the API; gates, cameras and residents have files of their own."""

import asyncio

from facegate import __version__
from facegate.contract.messages import PREFIX, prove
from facegate.web.call import Answer, Call
from facegate.web.condition import describe
from facegate.web.pairing import LIFE
from facegate.web.problems import NOT_FOUND, PAIRING_REFUSED, ProblemError
from facegate.web.sharing import PURPOSE, note_shared, told
from facegate.web.tokens import USUAL, Scope, digest, make_token, too_many


async def pair(call: Call) -> Answer:
    """Trade the one-time code for a token and the event key."""
    failures = call.desk.pairing_failures
    if wait := failures.wait(call.peer):
        raise too_many(wait)
    services = call.services
    if not services.pairing.accept(call.body["code"]):
        failures.add(call.peer)
        raise ProblemError(
            PAIRING_REFUSED,
            "The code is wrong, used, void or older than 10 minutes: make a new one with 'facegate pair' and type it.",
        )
    token = make_token()
    scopes = sorted(call.body.get("scopes", USUAL))
    stored = await asyncio.to_thread(services.store.add_token, call.body["name"], scopes, digest(token))
    await note_shared(services, stored.name, (), scopes)
    return Answer(
        {
            "installation": services.store.installation,
            "site": services.site,
            "version": __version__,
            "api": services.api,
            "mqtt_prefix": f"{PREFIX}/{services.site}",
            "token": token,
            "token_id": stored.id,
            "scopes": scopes,
            "event_key": services.event_key.hex(),
        }
    )


async def make_pairing_code(call: Call) -> Answer:
    """Make a new pairing code; an older one is void from now on."""
    return Answer({"code": call.services.pairing.make_code(), "minutes": int(LIFE // 60)})


async def list_tokens(call: Call) -> Answer:
    """List who is paired; tokens themselves are not kept."""
    tokens = await asyncio.to_thread(call.services.store.tokens)
    return Answer([{"id": token.id, "name": token.name, "scopes": sorted(token.scopes)} for token in tokens])


async def revoke_token(call: Call) -> Answer:
    """Make a token useless."""
    assert call.bearer is not None  # the operation asks for a scope
    store, identifier = call.services.store, call.given["token"]
    known = [token.scopes for token in await asyncio.to_thread(store.tokens) if token.id == identifier]
    await asyncio.to_thread(store.revoke_token, identifier)
    for scopes in known:
        await note_shared(call.services, call.bearer.name, scopes, ())
    return Answer()


async def prove_key(call: Call) -> Answer:
    """Prove that this recognizer holds the pairing key, before anybody sends it a token."""
    services = call.services
    installation = services.store.installation
    proof = prove(services.event_key, nonce=call.given["nonce"], installation=installation, api=services.api)
    return Answer({"installation": installation, "api": services.api, "proof": proof})


async def health(call: Call) -> Answer:
    """Say that the service answers; with the scope ``read`` also how everything does."""
    content: dict[str, object] = {"ok": True, "version": __version__}
    if call.bearer is not None and Scope.READ in call.bearer.scopes:
        now = call.services.health()
        content |= {
            "installation": call.services.store.installation,
            "site": call.services.site,
            "broker": now.broker,
            "clock": now.clock,
            **await describe(call.desk),
            "gates": [
                {"id": gate, "camera": state.camera, "node": state.node, "problems": list(state.problems)}
                for gate, state in now.gates.items()
            ],
        }
    return Answer(content)


async def event_person(call: Call) -> Answer:
    """Say who an event was about, if they agreed to that: once, and only for the short time that its alias lives."""
    resident = call.services.person(call.given["alias"])
    if resident is None:
        raise ProblemError(
            NOT_FOUND, "This alias is not known, was used or is too old: ask right after the event, and once."
        )
    if not await asyncio.to_thread(call.services.consents.allows, resident, PURPOSE):
        raise ProblemError(NOT_FOUND, "Whoever this was has not agreed that Home Assistant is told so.")
    found = await asyncio.to_thread(call.services.store.resident, resident)
    return Answer({"resident": found.id, **told(call.services, found)})
