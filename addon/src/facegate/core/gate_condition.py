"""How a gate stands by its node's own words: what its hellos and events say, taken together in their order.

The node is the truth. What it has told while it was away counts as well: late news are still news of how it stands,
though they cause nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Final

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
    has not believed since it started. ``alarmed_at``: the last event of each of its alarms.
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
    alarmed_at: tuple[tuple[str, Position], ...] = ()

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

    def heard_event(self, position: Position, happening: Happening, *, filled: bool = False) -> GateCondition:
        """The condition after a verified event; ``filled``: later ones were heard before it."""
        now = self if filled else self._of_boot(position.boot)
        match happening:
            case Alarm(what, phase) if not filled or self._is_news(what, position):
                others = (alarm for alarm in self.alarmed_at if alarm[0] != what)
                return replace(now, alarmed_at=(*others, (what, position)), **_after(what, phase))
            case ModeChange(mode) if not filled:  # else a hello has told since
                return replace(now, mode=mode)
        return now

    def missed(self, count: int) -> GateCondition:
        """The condition after so many events have turned out to be lost."""
        return replace(self, lost=self.lost + count)

    def _is_news(self, what: str, position: Position) -> bool:
        """Whether nothing later is known of this; the boots of a node that was changed for another tell nothing."""
        last = dict(self.alarmed_at).get(what)
        return position.boot == self.boot and (last is None or last.boot != position.boot or last.seq < position.seq)

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


def _after(what: str, phase: str) -> dict[str, Any]:
    """What an alarm changes."""
    if what == "fire":
        return {"fire": _FIRE[phase]}
    return {"tampered" if what == "tamper" else "held": phase == "start"}
