"""A strict resident's template, open in memory while they show their half of its key, and for nobody else (P12).

Their face is compared with their own template alone: shown by somebody else, the share opens nothing.
"""

from collections.abc import Sequence
from typing import Final

from facegate.core.matching import Gallery
from facegate.core.models import Template

LASTS: Final = 5.0
"""Seconds after the share was last seen for which the template stays open: time to lower the phone and look up."""


class Unlocked:
    """One open template. ``share``: the id of the share that opened it; ``seen``: when that was last shown."""

    def __init__(self, share: str, templates: Sequence[Template], at: float) -> None:
        self.share = share
        self.resident = templates[0].resident
        self.gallery = Gallery(templates)
        self.seen = at
        self._templates = tuple(templates)

    def lasts(self, at: float) -> bool:
        """Whether it is open still ``at``."""
        return 0 <= at - self.seen <= LASTS

    def forget(self) -> None:
        """Overwrite the template: from here on it is nowhere but in the resident's hand and under both halves."""
        self.gallery.wipe()
        for template in self._templates:
            template.vector.setflags(write=True)
            template.vector.fill(0)
        self._templates = ()
