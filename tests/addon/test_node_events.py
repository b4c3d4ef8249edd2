"""What a node's events mean, and how its gate stands after them: read once, in their order, without a clock."""

import pytest

from facegate.contract import verbs
from facegate.contract.lines import Hello, NodeEvent, Position
from facegate.core.gate_condition import GateCondition
from facegate.core.models import Direction, Mode
from facegate.core.node_events import (
    Alarm,
    ExitButton,
    Factor,
    KeyRotated,
    LineRefused,
    ListVerdict,
    ModeChange,
    Other,
    Passage,
    PinsLocked,
    read,
)

ENTRY, EXIT = Direction.ENTRY, Direction.EXIT
ID = "00c0ffee5eed0001"


def event(kind: str, subject: str = "-", value: str = "-", *, boot: int = 1, seq: int = 1) -> NodeEvent:
    return NodeEvent("north-1", boot, seq, 1_000, kind, subject, value)


@pytest.mark.parametrize(
    ("words", "meaning"),
    [
        (("passed", "1", ID), Passage("passed", ENTRY, ID)),
        (("passed", "-", "-"), Passage("passed")),
        (("not_passed", "2", ID), Passage("not_passed", EXIT, ID)),
        (("tailgated", "2", ID), Passage("tailgated", EXIT, ID)),
        (("forced", "2", "-"), Passage("forced", EXIT)),
        (("forced", "-", "door"), Passage("forced", at_door=True)),
        (("held", "start", "-"), Alarm("held", "start")),
        (("exit", "2", "-"), ExitButton(EXIT)),
        (("fire", "quiet", "-"), Alarm("fire", "quiet")),
        (("tamper", "clear", "-"), Alarm("tamper", "clear")),
        (("mode", "lockdown", "boot"), ModeChange("lockdown", "boot")),
        (("mode", "party", "command"), ModeChange("party", "command")),
        (("granted", "card:2", "0123456789abcdef"), ListVerdict("card", EXIT, None, "0123456789abcdef", f"{1:016x}")),
        (("denied", "pin:1:window", "0123456789abcdef"), ListVerdict("pin", ENTRY, "window", "0123456789abcdef")),
        (("denied", "card:1:unknown", "-"), ListVerdict("card", ENTRY, "unknown")),
        (("locked", "1", "60"), PinsLocked(ENTRY, 60)),
        (("card", "1", "0123456789abcdef"), Factor("card", ENTRY, "0123456789abcdef")),
        (("key", "rotated", "-"), KeyRotated()),
        (("refused", "mac", "12"), LineRefused("mac", 12)),
    ],
)
def test_each_event_has_its_meaning(words: tuple[str, str, str], meaning: object) -> None:
    said = event(*words, boot=0)
    assert read(said) == meaning


def test_every_type_of_the_contract_is_read() -> None:
    good = {
        "passed": ("1", ID), "not_passed": ("1", ID), "tailgated": ("1", ID), "forced": ("-", "-"),
        "held": ("start", "-"), "exit": ("1", "-"), "fire": ("start", "-"), "tamper": ("start", "-"),
        "mode": ("normal", "end"), "granted": ("card:1", "0" * 16), "denied": ("pin:1:locked", "-"),
        "locked": ("1", "30"), "card": ("1", "0" * 16), "pin": ("1", "0" * 16), "key": ("rotated", "-"),
        "refused": ("mac", "1"),
    }  # fmt: skip
    assert set(good) <= set(verbs.EVENTS)
    for kind, words in good.items():
        assert not isinstance(read(event(kind, *words)), Other), kind


@pytest.mark.parametrize(
    "words",
    [
        ("sang", "1", "-"),
        ("passed", "9", ID),
        ("exit", "-", "-"),
        ("fire", "start:", "-"),
        ("held", "quiet", "-"),
        ("granted", "card:1:unknown", "-"),
        ("denied", "card:1", "-"),
        ("denied", "key:1:unknown", "-"),
        ("denied", "card:3:unknown", "-"),
        ("locked", "1", "-"),
        ("locked", "1", "99999999999"),
        ("key", "lost", "-"),
        ("refused", "mac", "-1"),
    ],
)
def test_what_makes_no_sense_is_kept_in_its_own_words(words: tuple[str, str, str]) -> None:
    assert read(event(*words)) == Other(*words)


def hello(boot: int = 1, mode: str = "normal", state: str = "closed", refused: int = 0) -> Hello:
    return Hello("north-1", boot, 1, 1_000, "a" * 32, mode, state, refused, 7)


def after(condition: GateCondition, *happenings: object, boot: int = 1) -> GateCondition:
    for seq, happening in enumerate(happenings, 1):
        condition = condition.heard_event(Position(boot, seq), happening)  # type: ignore[arg-type]
    return condition


def test_a_hello_tells_mode_state_and_list() -> None:
    assert GateCondition().known_mode is None
    now = GateCondition().heard_hello(hello(mode="lockdown", state="open", refused=3))
    assert (now.known_mode, now.state, now.refused, now.list_version, now.fire) == (
        Mode.LOCKDOWN, "open", 3, 7, "none",
    )  # fmt: skip
    assert now.heard_hello(hello(mode="party")).known_mode is None


def test_a_fire_latches_until_it_is_reset() -> None:
    burning = after(GateCondition(), Alarm("fire", "start"))
    assert burning.fire == "active"
    assert burning.heard_hello(hello(state="fire")).fire == "active"
    quiet = after(burning, Alarm("fire", "quiet"))
    assert quiet.fire == quiet.heard_hello(hello(state="fire")).fire == "latched"
    assert after(quiet, Alarm("fire", "clear")).fire == "none"


def test_a_hello_is_believed_where_the_event_was_lost() -> None:
    assert GateCondition().heard_hello(hello(state="fire")).fire == "active"
    assert after(GateCondition(), Alarm("fire", "start")).heard_hello(hello()).fire == "none"


def test_contacts_are_told_anew_after_a_restart_and_a_fire_is_not_forgotten() -> None:
    before = after(GateCondition(), Alarm("tamper", "start"), Alarm("held", "start"), Alarm("fire", "quiet"))
    assert (before.tampered, before.held) == (True, True)
    assert after(before, Alarm("tamper", "clear"), Alarm("held", "clear")).tampered is False
    restarted = before.heard_hello(hello(boot=2, state="fire"))
    assert (restarted.tampered, restarted.held, restarted.fire) == (False, False, "latched")
    assert after(restarted, Alarm("tamper", "start"), boot=2).tampered


def test_what_an_earlier_run_has_recorded_counts_until_the_node_says_otherwise() -> None:
    recorded = [(Position(4, 1), Alarm("tamper", "start")), (Position(4, 9), Alarm("fire", "quiet"))]
    recalled = GateCondition().recalled(recorded)
    assert (recalled.tampered, recalled.fire) == (True, "latched")
    same_boot = recalled.heard_hello(hello(boot=4, state="fire"))
    assert (same_boot.tampered, same_boot.fire) == (True, "latched")
    assert not recalled.heard_hello(hello(boot=5)).tampered


def test_lost_events_add_up() -> None:
    now = after(GateCondition(), ExitButton(EXIT), ModeChange("free", "command")).missed(2).missed(3)
    assert (now.lost, now.mode) == (5, "free")


def test_what_was_missing_changes_only_what_nothing_later_tells_of() -> None:
    now = GateCondition().heard_hello(hello(mode="normal")).heard_event(Position(1, 5), Alarm("fire", "clear"))
    late = now.heard_event(Position(1, 2), Alarm("tamper", "start"), filled=True)
    assert late.tampered
    assert late.heard_event(Position(1, 3), Alarm("tamper", "clear"), filled=True).tampered is False
    assert late.heard_event(Position(1, 1), Alarm("tamper", "clear"), filled=True).tampered
    assert now.heard_event(Position(1, 4), Alarm("fire", "start"), filled=True).fire == "none"
    assert now.heard_event(Position(1, 4), ModeChange("lockdown", "command"), filled=True).mode == "normal"
