"""The installer's walk over the API; the pages and ``facegate gate test`` drive the same one."""

import asyncio
from collections.abc import Iterable
from typing import Any

from facegate.commissioning import Commissionings
from facegate.core.commissioning import Walk, WalkError
from facegate.core.commissioning_sheet import MISSING, UNNAMED, Attestation, Missing, Sheet, may_be_used, missing
from facegate.core.commissioning_steps import Step
from facegate.core.node_file import NodeSetup
from facegate.reports.commissioning import sheet_html, sheet_text
from facegate.web.boards import labelled
from facegate.web.call import Answer, Call
from facegate.web.problems import INVALID, WALK_REFUSED, ProblemError


async def read_test(call: Call) -> Answer:
    """Show the walk that is under way, and what the last sheet says."""
    gate = call.given["gate"]
    await asyncio.to_thread(call.services.store.gate, gate)
    return Answer(await _describe(call, gate, call.services.commissionings.walk(gate)))


async def drive_test(call: Call) -> Answer:
    """Start a walk, begin or skip a step, answer its question, or drop the walk."""
    gate, action, step = call.given["gate"], call.body["action"], call.body.get("step")
    walks = call.services.commissionings
    await asyncio.to_thread(call.services.store.gate, gate)
    try:
        if action == "start":
            walk: Walk | None = await walks.begin(gate)
        elif action == "drop":
            walks.drop(gate)
            walk = None
        elif step is None:
            raise ProblemError(INVALID, "Name the step.", errors=[{"at": "step", "says": "required"}])
        else:
            walk = await _act(call, walks, gate, action, step)
    except WalkError as error:
        raise ProblemError(WALK_REFUSED, str(error)) from error
    return Answer(await _describe(call, gate, walk))


async def _act(call: Call, walks: Commissionings, gate: str, action: str, step: str) -> Walk:
    match action:
        case "begin":
            return await walks.step(gate, step, call.bearer.name if call.bearer else "")
        case "skip":
            if "reason" not in call.body:
                raise ProblemError(
                    INVALID, "Say why the step is left out.", errors=[{"at": "reason", "says": "required"}]
                )
            return walks.skip(gate, step, call.body["reason"])
        case _:
            return walks.answer(gate, step, yes=action == "yes")


async def finish_test(call: Call) -> Answer:
    """Write the sheet of a walk with the installer's attestation, and keep it."""
    body = call.body
    attestation = Attestation(
        body["installer"], body["hardware_exit"], body["hardware_fire"], body.get("inside_handle", False)
    )
    try:
        sheet = await call.services.commissionings.finish(call.given["gate"], attestation)
    except WalkError as error:
        raise ProblemError(WALK_REFUSED, str(error)) from error
    await call.services.changed()  # its list may go to the node now, or no longer
    language = body.get("language", "en")
    return Answer(
        {
            "passed": sheet.passed,
            "missing": _missing(sheet.missing),
            "sheet": sheet.content,
            "html": sheet_html(sheet, language),
            "text": sheet_text(sheet, language),
        }
    )


async def _describe(call: Call, gate: str, walk: Walk | None) -> dict[str, Any]:
    known = await asyncio.to_thread(call.services.store.gate, gate)
    setup = await asyncio.to_thread(call.services.store.node_setup, gate)
    sheet = await asyncio.to_thread(call.services.store.commissioning, gate)
    return {
        "gate": gate,
        "usable": may_be_used(setup, sheet, trial=known.trial),
        "walk": _walk(walk) if walk is not None else None,
        "missing": _missing(() if known.trial else _lacking(setup or UNNAMED, sheet)),
        "sheet": sheet.content if sheet is not None else None,
    }


def _lacking(setup: NodeSetup, sheet: Sheet | None) -> tuple[Missing, ...]:
    return (
        missing(setup, {}, Attestation("", hardware_exit=False, hardware_fire=False))
        if sheet is None
        else sheet.missing
    )


def _walk(walk: Walk) -> dict[str, Any]:
    return {
        "current": walk.current.name if walk.current else None,
        "next": walk.next.name if walk.next else None,
        "seconds_left": round(walk.seconds_left, 1),
        "over": walk.over,
        "steps": [_step(walk, step) for step in walk.steps],
    }


def _step(walk: Walk, step: Step) -> dict[str, Any]:
    result = walk.results[step.name]
    return {
        "step": step.name,
        "label": labelled(step.label),
        "do": labelled(step.do),
        "question": labelled(step.question) if step.question else None,
        "state": str(result.state),
        "why": result.why,
        "seen": list(result.seen),
    }


def _missing(found: Iterable[Missing]) -> list[dict[str, Any]]:
    return [{"what": str(what), "label": labelled(MISSING[what])} for what in found]
