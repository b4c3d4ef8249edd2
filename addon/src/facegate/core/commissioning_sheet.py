"""The sheet of a walk's results, and whether a gate may be taken into use after it (PRIVACY P13)."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Final, Self

from facegate.core.boards import Label, Lock
from facegate.core.commissioning_steps import Result, StepState
from facegate.core.node_file import NodeSetup


class Missing(StrEnum):
    """What stands between a gate and its use."""

    EXIT_UNTESTED = "exit_untested"
    FIRE_UNTESTED = "fire_untested"
    EXIT_UNATTESTED = "exit_unattested"
    FIRE_UNATTESTED = "fire_unattested"
    HANDLE_UNATTESTED = "handle_unattested"


MISSING: Final = {
    Missing.EXIT_UNTESTED: Label("The exit button's step has not passed.", "出门按钮的步骤未通过。"),
    Missing.FIRE_UNTESTED: Label("The fire alarm's step has not passed.", "消防报警的步骤未通过。"),
    Missing.EXIT_UNATTESTED: Label(
        "Nobody has attested that the exit button opens with the node's plug pulled.",
        "无人证明拔掉节点电源后出门按钮仍能开门。",
    ),
    Missing.FIRE_UNATTESTED: Label(
        "Nobody has attested that the fire alarm releases the lock with the node's plug pulled.",
        "无人证明拔掉节点电源后消防报警仍能释放锁。",
    ),
    Missing.HANDLE_UNATTESTED: Label(
        "Nobody has attested that a handle inside opens without any current.", "无人证明断电时内侧把手仍能开门。"
    ),
}


@dataclass(frozen=True, slots=True)
class Attestation:
    """What an installer answers for with their name: tried by hand, with the node's plug pulled."""

    installer: str
    hardware_exit: bool
    hardware_fire: bool
    inside_handle: bool = False


@dataclass(frozen=True, slots=True)
class Sheet:
    """The result of one walk, as it is kept. ``at``: Unix seconds."""

    gate: str
    name: str
    site: str
    at: float
    setup: NodeSetup
    node_boot: int | None
    results: tuple[tuple[str, Result], ...]
    attestation: Attestation
    missing: tuple[Missing, ...] = ()

    @property
    def content(self) -> dict[str, Any]:
        """The sheet as JSON; :meth:`of` reads it."""
        return {
            "gate": self.gate,
            "name": self.name,
            "site": self.site,
            "at": self.at,
            "setup": {
                "board": self.setup.board,
                "lock": str(self.setup.lock),
                "features": list(self.setup.features),
                "release": self.setup.release,
            },
            "node_boot": self.node_boot,
            "results": [
                {"step": name, "state": str(result.state), "why": result.why, "seen": list(result.seen)}
                for name, result in self.results
            ],
            "attestation": asdict(self.attestation),
            "missing": [str(what) for what in self.missing],
            "passed": self.passed,
        }

    @classmethod
    def of(cls, content: Mapping[str, Any]) -> Self:
        """Return the sheet that :attr:`content` describes."""
        setup = content["setup"]
        return cls(
            gate=content["gate"],
            name=content["name"],
            site=content["site"],
            at=content["at"],
            setup=NodeSetup(setup["board"], Lock(setup["lock"]), tuple(setup["features"]), setup["release"]),
            node_boot=content["node_boot"],
            results=tuple(
                (r["step"], Result(StepState(r["state"]), r["why"], tuple(r["seen"]))) for r in content["results"]
            ),
            attestation=Attestation(**content["attestation"]),
            missing=tuple(Missing(what) for what in content["missing"]),
        )

    @property
    def passed(self) -> bool:
        """Whether nothing stands between the gate and its use, and no step has failed."""
        return not self.missing and all(result.state is not StepState.FAILED for _, result in self.results)


def missing(setup: NodeSetup, results: Mapping[str, Result], attestation: Attestation) -> tuple[Missing, ...]:
    """Return what stands between a gate with this hardware and its use; nothing does where current locks it.

    What the board has no input for cannot be tested through the node: there the attested test by hand stands alone.
    """
    if not setup.lock.stays_shut:
        return ()

    def passed(*names: str) -> bool:
        return all(results.get(name, Result()).state is StepState.PASSED for name in names)

    found = []
    if "exit-button" in setup.features and not passed("exit"):
        found.append(Missing.EXIT_UNTESTED)
    if "fire-input" in setup.features and not passed("fire"):
        found.append(Missing.FIRE_UNTESTED)
    if not attestation.hardware_exit:
        found.append(Missing.EXIT_UNATTESTED)
    if not attestation.hardware_fire:
        found.append(Missing.FIRE_UNATTESTED)
    if setup.lock is Lock.FAIL_SECURE and not attestation.inside_handle:
        found.append(Missing.HANDLE_UNATTESTED)
    return tuple(found)


UNNAMED: Final = NodeSetup("", Lock.FAIL_SECURE, (), "")
"""What is taken for granted of a gate that was added without its board and lock: the graver of all, and no inputs.

So its relay is tried, and its ways out are attested by hand.
"""


def may_be_used(setup: NodeSetup | None, last: Sheet | None, *, trial: bool) -> bool:
    """Whether a gate may open for people: one that stays shut without current needs a last sheet that lacks nothing.

    ``setup`` is ``None`` for a gate that was added without its board and lock. A trial gate moves no door.
    """
    known = setup or UNNAMED
    if trial or not known.lock.stays_shut:
        return True
    return last is not None and not last.missing and last.setup == known
