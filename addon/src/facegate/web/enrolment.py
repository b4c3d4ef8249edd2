"""Enrolment for commands on this machine: pictures are files here, read into memory, and kept nowhere."""

import asyncio
from pathlib import Path
from typing import Any

from facegate.residents.application import Application, ApplicationError, describe
from facegate.residents.enrolment import Picture
from facegate.residents.notices import FACE, our_language
from facegate.web.call import Answer, Call
from facegate.web.problems import INVALID, ProblemError
from facegate.web.services import Services


async def enrol(call: Call) -> Answer:
    """Let a resident be recognised, who was given the notice and agreed to it: make templates from picture files."""
    body = call.body
    application = Application(
        name=body["name"],
        pictures=tuple(Picture(Path(path).name, Path(path)) for path in body["pictures"]),
        notice=FACE[our_language(body["language"])],
        channel=body["channel"],
        person=body.get("person"),
    )
    try:
        async with call.desk.changing:
            answer = await asyncio.to_thread(_enrol, call.services, application)
    except ApplicationError as error:
        raise ProblemError(INVALID, str(error)) from error
    if answer["accepted"]:
        await call.services.changed()
    return Answer(answer)


def _enrol(services: Services, application: Application) -> dict[str, Any]:
    return describe(services.admit(application), services.store.residents())
