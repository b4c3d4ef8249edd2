"""What requests about cameras may hold, and what their answers do hold."""

from typing import Any, Final

import voluptuous as vol

from facegate.core.models import LivenessLevel, Masks
from facegate.web.schemas import DIRECTION
from facegate.web.shapes import GATE, Items, Number, Text

_LONGEST_SOURCE: Final = 2048  # characters; camera addresses with long tokens fit
_ZONE_CORNERS: Final = (3, 32)

_ZONE = Items(Items(Number(0, 1), least=2, most=2), least=_ZONE_CORNERS[0], most=_ZONE_CORNERS[1], empty=True)
_LIVENESS = vol.In([str(level) for level in LivenessLevel])
_MASKS = vol.In([str(choice) for choice in Masks])

_ACCEPT = vol.Optional(
    "accept_recognition_only",
    description="Confirms that this camera may open for a photograph; needed where liveness is off on a network.",
)
_SOURCE = Text(1, _LONGEST_SOURCE)
_CAMERA_CHOICES: dict[Any, Any] = {
    vol.Optional("direction"): DIRECTION,
    vol.Optional("transport"): vol.In(["tcp", "udp"]),
    vol.Optional("zone", description="Corners of the marked zone, x and y from 0 to 1; none for all."): _ZONE,
    vol.Optional("min_face", description="Pixels between the edges of a face."): Number(16, 1000),
    vol.Optional("dwell", description="Seconds that somebody has to stand in the zone."): Number(0, 10),
    vol.Optional("liveness"): _LIVENESS,
    vol.Optional("on_press", description="Whether nobody is recognised until somebody presses the button."): bool,
    vol.Optional(
        "masks", description="'deny', or 'second_factor': compare masked faces, where liveness is second_factor too."
    ): _MASKS,
    _ACCEPT: bool,
}
NEW_CAMERA = vol.Schema(
    {
        vol.Optional("id"): GATE,
        vol.Required("source", description="Its address with user and password; never shown again."): _SOURCE,
        **_CAMERA_CHOICES,
    }
)
CAMERA_CHANGE = vol.Schema({vol.Optional("source"): _SOURCE, **_CAMERA_CHOICES})
CAMERA_ANSWER = vol.Schema(
    {
        vol.Required("id"): str,
        vol.Required("gate"): GATE,
        vol.Required("source", description="Without user, password and query."): str,
        vol.Required("direction"): DIRECTION,
        vol.Required("transport"): str,
        vol.Required("zone"): _ZONE,
        vol.Required("min_face"): vol.Any(int, float),
        vol.Required("dwell"): vol.Any(int, float),
        vol.Required("liveness"): _LIVENESS,
        vol.Required("on_press"): bool,
        vol.Required("masks"): _MASKS,
        vol.Required("state", description="ok, silent or off."): str,
        vol.Required("reason", description="Why it is not ok; empty when it is."): str,
    }
)
CAMERAS_ANSWER = vol.Schema([CAMERA_ANSWER.schema])
