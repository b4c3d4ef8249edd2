"""How a gate stands by its node's own words: what its hellos and events say, taken together in their order.

The node is the truth. What it has told while it was away counts as well: late news are still news of how it stands,
though they cause nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from facegate.contract.lines import Hello, Position
from facegate.core.models import Mode
from facegate.core.node_events import Alarm, Happening, ModeChange

FIRE_NONE: Final = "none"
FIRE_ACTIVE: Final = "active"
FIRE_LATCHED: Final = "latched"
"""The contact is quiet again, and the gate stays released until somebody resets it."""
FIRES: Final = (FIRE_NONE, FIRE_ACTIVE, FIRE_LATCHED)

_FIRE = {"start": FIRE_ACTIVE, "quiet": FIRE_LATCHED, "clear": FIRE_NONE}


@dataclass(frozen=True, slots=True)
class GateCondition:
    """What one node has said of its gate so far; ``boot`` is 0 as long as it has said nothing.

    ``mode`` and ``state`` are the node's own words, empty before its first hello. ``tampered``: its case is open;
    ``held``: the door stays open for too long. ``lost``: events of it that never arrived. ``refused``: lines that it
    has not believed since it started.
    """

    boot: int = 0
    mode: str = ""
    state: str = ""
    fire: str = FIRE_NONE
    tampered: bool = False
    held: bool = False
    refused: int = 0
    list_version: int = 0
    lost: int = 0

    @property
    def known_mode(self) -> Mode | None:
        """The mode, ``None`` as long as the node has told none that this version knows."""
        return Mode(self.mode) if self.mode in tuple(Mode) else None

    def heard_hello(self, hello: Hello) -> GateCondition:
        """The condition after a verified hello."""
        fire = self._of_boot(hello.boot).fire
        if hello.state != "fire":
            fire = FIRE_NONE
        elif fire == FIRE_NONE:
            fire = FIRE_ACTIVE  # the event that would tell more was lost: the graver of the two
        return replace(
            self._of_boot(hello.boot),
            mode=hello.mode,
            state=hello.state,
            fire=fire,
            refused=hello.refused,
            list_version=hello.list_version,
        )

    def heard_event(self, position: Position, happening: Happening, *, lost: int = 0) -> GateCondition:
        """The condition after a verified event, before which ``lost`` others have not arrived."""
        now = replace(self._of_boot(position.boot), lost=self.lost + lost)
        match happening:
            case Alarm("fire", phase):
                return replace(now, fire=_FIRE[phase])
            case Alarm("tamper", phase):
                return replace(now, tampered=phase == "start")
            case Alarm("held", phase):
                return replace(now, held=phase == "start")
            case ModeChange(mode):
                return replace(now, mode=mode)
        return now

    def recalled(self, events: Iterable[tuple[Position, Happening]]) -> GateCondition:
        """The condition after what an earlier run has recorded, oldest first."""
        now = self
        for position, happening in events:
            now = now.heard_event(position, happening)
        return now

    def _of_boot(self, boot: int) -> GateCondition:
        """A node that starts anew says anew which of its contacts are active; it keeps a fire and a lockdown."""
        if boot == self.boot:
            return self
        return replace(self, boot=boot, tampered=False, held=False)
