"""What somebody before the camera can do about it, in one word; each is a translation key wherever a person sees it."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

from facegate.core.models import Reason


class Advice(StrEnum):
    """What to do."""

    COME_CLOSER = "come_closer"
    STEP_BACK = "step_back"
    LOOK = "look"
    HOLD_STILL = "hold_still"
    TOO_DARK = "too_dark"
    TOO_BRIGHT = "too_bright"
    TAKE_OFF_MASK = "take_off_mask"
    TAKE_OFF_GLASSES = "take_off_glasses"
    UNCOVER_FACE = "uncover_face"
    TURN_LEFT = "turn_left"
    TURN_RIGHT = "turn_right"
    SHOW_FACTOR = "show_factor"
    PRESS_BUTTON = "press_button"


OF_FAULTS: Final = {
    "mask": Advice.TAKE_OFF_MASK,
    "sunglasses": Advice.TAKE_OFF_GLASSES,
    "covered": Advice.UNCOVER_FACE,
    "hand": Advice.UNCOVER_FACE,
    "cut": Advice.STEP_BACK,
    "small": Advice.COME_CLOSER,
    "turned": Advice.LOOK,
    "tilted": Advice.LOOK,
    "rolled": Advice.LOOK,
    "dark": Advice.TOO_DARK,
    "bright": Advice.TOO_BRIGHT,
    "flat": Advice.TOO_DARK,
    "blurred": Advice.HOLD_STILL,
}
"""By fault of ``core.quality`` that a camera at a gate can find, what helps; what spoils a face most stands first."""


def advise(faults: Iterable[str]) -> str:
    """Return what to do about the gravest of these faults, empty where nothing helps or nothing is wrong."""
    found = set(faults)
    return next((advice for fault, advice in OF_FAULTS.items() if fault in found), "")


def advise_after(reason: Reason, faults: Iterable[str]) -> str:
    """Return what whoever was refused for ``reason`` can do about it, empty for nothing."""
    if reason is Reason.MASK:
        return Advice.TAKE_OFF_MASK
    return advise(faults) if reason in (Reason.POOR_QUALITY, Reason.UNDECIDED) else ""
