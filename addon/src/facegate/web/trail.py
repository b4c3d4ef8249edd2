"""The trail over the API: what it has come to, the proof of it, and the owner's word that the clock is right."""

import asyncio
from dataclasses import asdict

from facegate.core.audit import Act
from facegate.core.trail import Checkpoint
from facegate.web.call import Answer, Call


async def list_checkpoints(call: Call) -> Answer:
    """List the signed checkpoints; whoever keeps one can show later that the trail was rewritten."""
    store = call.services.store
    checkpoints = await asyncio.to_thread(store.checkpoints)
    key = await asyncio.to_thread(store.checkpoint_key)
    return Answer({"key": key.hex(), "checkpoints": [checkpoint.written() for checkpoint in checkpoints]})


async def prove_trail(call: Call) -> Answer:
    """Prove the whole trail, also against checkpoints that somebody has kept; it names the first broken link."""
    kept = [Checkpoint.read(checkpoint) for checkpoint in call.body.get("checkpoints", [])]
    proof = await asyncio.to_thread(call.services.store.verify_trail, kept)
    broken = proof.broken and asdict(proof.broken)
    return Answer({"links": proof.links, "checkpoints": proof.checkpoints, "broken": broken})


async def confirm_clock(call: Call) -> Answer:
    """Take an owner's word that the clock is right after it has jumped: what waits for it goes on."""
    doubted = await asyncio.to_thread(call.services.confirm_clock)
    assert call.bearer is not None  # the operation asks for a scope
    await asyncio.to_thread(call.services.store.record_act, call.bearer.name, Act.CLOCK_CONFIRMED)
    return Answer({"doubted": doubted})
