"""Live pictures for an owner who places a camera: asked for one by one, for two minutes, and each start is kept."""

import asyncio
from base64 import b64encode
from typing import Any, Final

import voluptuous as vol
from aiohttp import hdrs

from facegate.adapters.camera import CameraError
from facegate.core.audit import Act
from facegate.core.quality import Fault
from facegate.vision.errors import VisionError
from facegate.vision.preview import Preview
from facegate.web import cameras
from facegate.web.call import Answer, Call
from facegate.web.operation import Operation
from facegate.web.previews import SECONDS
from facegate.web.problems import NO_PICTURE, NOT_FOUND, ProblemError
from facegate.web.shapes import HEX32
from facegate.web.tokens import Scope


async def begin_preview(call: Call) -> Answer:
    """Begin to look at what a camera sees; who began it is kept."""
    camera = await cameras.find(call)
    assert call.bearer is not None, "the operation asks for a scope"
    preview = call.services.previews.begin(camera.id, call.bearer.id)
    # Before the first picture: a look that cannot be written down is none.
    await asyncio.to_thread(
        call.services.store.record_act, call.bearer.name, Act.LOOKED_LIVE, reason=f"{camera.gate}: {camera.id}"
    )
    return Answer({"preview": preview, "seconds": SECONDS})


async def read_preview(call: Call) -> Answer:
    """Show the newest picture with what the recogniser says of the faces in its zone; others' faces are grey."""
    assert call.bearer is not None, "the operation asks for a scope"
    try:
        seen, left = await call.services.previews.picture(call.given["preview"], call.given["camera"], call.bearer.id)
    except KeyError as error:
        raise ProblemError(NOT_FOUND, "This preview is over: begin another one.") from error
    except (CameraError, VisionError) as error:
        raise ProblemError(NO_PICTURE, str(error)) from error
    if seen is None:
        raise ProblemError(NO_PICTURE, "The camera sends no picture: see its state on the page Health.")
    return Answer({"seconds": round(left, 1), **_described(seen)})


async def end_preview(call: Call) -> Answer:
    """End a preview before its time."""
    call.services.previews.end(call.given["preview"])
    return Answer()


def _described(seen: Preview) -> dict[str, Any]:
    return {
        "picture": b64encode(seen.jpeg).decode(),
        "width": seen.width,
        "height": seen.height,
        "hidden": seen.hidden,
        "faces": [
            {
                "box": [round(edge, 4) for edge in (face.box.left, face.box.top, face.box.right, face.box.bottom)],
                "size": round(face.size),
                "large": face.large,
                "acts": face.acts,
                "faults": [str(fault) for fault in face.faults],
            }
            for face in seen.faces
        ],
    }


_BEGUN: Final = vol.Schema({vol.Required("preview"): HEX32, vol.Required("seconds"): vol.Any(int, float)})
_PICTURE: Final = vol.Schema(
    {
        vol.Required("seconds", description="Until the preview ends."): vol.Any(int, float),
        vol.Required("picture", description="JPEG in base64; faces outside the zone are grey."): str,
        vol.Required("width", description="Of the camera's own picture."): int,
        vol.Required("height"): int,
        vol.Required("hidden", description="How many faces are grey."): int,
        vol.Required("faces"): [
            {
                vol.Required("box", description="Left, top, right, bottom in parts of the picture."): [
                    vol.Any(int, float)
                ],
                vol.Required("size", description="Pixels."): int,
                vol.Required("large", description="Not below the camera's least face."): bool,
                vol.Required("acts", description="Large and frontal enough to mean the gate."): bool,
                vol.Required("faults"): [vol.In([str(fault) for fault in Fault])],
            }
        ],
    }
)
_PREVIEWS: Final = "/gates/{gate}/cameras/{camera}/previews"

OPERATIONS: Final = (
    Operation(
        hdrs.METH_POST, _PREVIEWS, Scope.OWNER, begin_preview, "Begin to look at what a camera sees", _BEGUN,
        status=201, problems=(NOT_FOUND,),
    ),
    Operation(
        hdrs.METH_GET, f"{_PREVIEWS}/{{preview}}", Scope.OWNER, read_preview, "What a camera sees now", _PICTURE,
        problems=(NOT_FOUND, NO_PICTURE),
    ),
    Operation(
        hdrs.METH_DELETE, f"{_PREVIEWS}/{{preview}}", Scope.OWNER, end_preview, "End a preview", None, status=204,
    ),
)  # fmt: skip
