"""Cameras over the API. An address goes in with its password and never comes out with it."""

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from facegate.adapters.camera import NETWORK, is_network, redact
from facegate.core.models import Camera, Direction, LivenessLevel, Masks
from facegate.web.call import Answer, Call
from facegate.web.problems import INVALID, MASKS_NEED_FACTOR, NOT_FOUND, RECOGNITION_ONLY, ProblemError
from facegate.web.services import CameraHealth

_KINDS: Final = (*NETWORK, "file", "demo")
_LEFT_OUT: Final = "…"  # what ``redact`` puts for what it hides; no address holds it unescaped


async def list_cameras(call: Call) -> Answer:
    """List the cameras of a gate."""
    gate = await asyncio.to_thread(call.services.store.gate, call.given["gate"])
    cameras = await asyncio.to_thread(call.services.store.cameras, gate.id)
    return Answer([_describe(call, camera) for camera in cameras])


async def read_camera(call: Call) -> Answer:
    """Show one camera of a gate."""
    return Answer(_describe(call, await find(call)))


async def add_camera(call: Call) -> Answer:
    """Give a gate a camera."""
    body = dict(call.body)
    gate = await asyncio.to_thread(call.services.store.gate, call.given["gate"])
    accepted = body.pop("accept_recognition_only", False)
    identifier = body.pop("id", None) or f"{gate.id[:23]}-{secrets.token_hex(4)}"
    choices = _choices(body)
    camera = _make(lambda: Camera(id=identifier, gate=gate.id, **choices))
    _refuse_photographs(camera, accepted=accepted)
    await asyncio.to_thread(call.services.store.add_camera, camera)
    await call.services.changed()
    return Answer(_describe(call, camera), {"Location": f"cameras/{camera.id}"})


async def change_camera(call: Call) -> Answer:
    """Change what is given; a source that is left out stays as it is."""
    body = dict(call.body)
    accepted = body.pop("accept_recognition_only", False)
    found, choices = await find(call), _choices(body)
    camera = _make(lambda: replace(found, **choices))
    if "source" in body or "liveness" in body:
        _refuse_photographs(camera, accepted=accepted)
    await asyncio.to_thread(call.services.store.update_camera, camera)
    await call.services.changed()
    return Answer(_describe(call, camera))


async def remove_camera(call: Call) -> Answer:
    """Take a camera away from its gate."""
    camera = await find(call)
    await asyncio.to_thread(call.services.store.remove_camera, camera.id)
    await call.services.changed()
    return Answer()


async def find(call: Call) -> Camera:
    """Return the camera that the path names; raises NotFoundError, ProblemError."""
    gate = await asyncio.to_thread(call.services.store.gate, call.given["gate"])
    for camera in await asyncio.to_thread(call.services.store.cameras, gate.id):
        if camera.id == call.given["camera"]:
            return camera
    raise ProblemError(NOT_FOUND, f"This gate has no camera '{call.given['camera']}': list its cameras.")


def _make(make: Callable[[], Camera]) -> Camera:
    """Return the camera, unless the domain refuses what it is set to."""
    try:
        return make()
    except ValueError as error:
        raise ProblemError(
            MASKS_NEED_FACTOR,
            "Masked faces are compared only where a second factor is asked for: set 'liveness' to second_factor, or "
            "'masks' to deny.",
        ) from error


def _choices(body: dict[str, Any]) -> dict[str, Any]:
    choices = dict(body)
    if "source" in choices:
        _check_source(choices["source"])
    if "direction" in choices:
        choices["direction"] = Direction(choices["direction"])
    if "liveness" in choices:
        choices["liveness"] = LivenessLevel(choices["liveness"])
    if "masks" in choices:
        choices["masks"] = Masks(choices["masks"])
    if "zone" in choices:
        choices["zone"] = tuple((float(x), float(y)) for x, y in choices["zone"])
    return choices


def _check_source(source: str) -> None:
    kind, separator, _ = source.partition("://")
    fault = ""
    if separator and kind.lower() not in _KINDS:
        fault = f"expected an address that begins with one of {', '.join(f'{kind}://' for kind in _KINDS)}"
    elif is_network(source) and _LEFT_OUT in source:
        fault = "expected the whole address; what is shown lacks user and password"
    if fault:
        # The value itself is not repeated: it may hold a password.
        raise ProblemError(INVALID, "Correct 'source' and send it again.", errors=[{"at": "source", "says": fault}])


def _refuse_photographs(camera: Camera, *, accepted: bool) -> None:
    if camera.liveness is LivenessLevel.OFF and is_network(camera.source) and not accepted:
        raise ProblemError(
            RECOGNITION_ONLY,
            "Without liveness a photograph of a resident opens this gate: choose another liveness, or confirm the "
            "risk with 'accept_recognition_only': true.",
        )


def _describe(call: Call, camera: Camera) -> dict[str, Any]:
    now = call.services.health().cameras.get(camera.id) or CameraHealth()
    return {
        "id": camera.id,
        "gate": camera.gate,
        "source": redact(camera.source),
        "direction": str(camera.direction),
        "transport": camera.transport,
        "zone": [list(corner) for corner in camera.zone],
        "min_face": camera.min_face,
        "dwell": camera.dwell,
        "liveness": str(camera.liveness),
        "on_press": camera.on_press,
        "masks": str(camera.masks),
        "state": now.state,
        "reason": now.reason,
    }
