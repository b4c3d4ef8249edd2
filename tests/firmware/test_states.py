"""docs/node-states.md says what the node does: its diagram is the table in C++ and in Python, its wiring adds up."""

import re
from dataclasses import dataclass

import pytest

from facegate.core import node
from tests.firmware.compiled import COMPONENT, ROOT

PAGE = (ROOT / "docs/node-states.md").read_text(encoding="utf-8")

type Rows = set[tuple[str, str, str]]


def drawn() -> Rows:
    diagram = re.search(r"```mermaid\n(.*?)```", PAGE, re.DOTALL)
    assert diagram is not None
    edges = re.findall(r"^ +(\w+) --> (\w+): (.*)$", diagram[1], re.MULTILINE)
    return {(a, cause, b) for a, b, causes in edges for cause in causes.split(", ")}


def compiled_in() -> list[tuple[str, str, str]]:
    source = (COMPONENT / "gate_states.h").read_text(encoding="utf-8")
    rows = re.findall(r"\{State::(\w+), Cause::(\w+), State::(\w+)\},", source)
    return [(a.lower(), cause.lower(), b.lower()) for a, cause, b in rows]


def modelled() -> Rows:
    return {(a, cause, b) for a, causes in node.TRANSITIONS.items() for cause, b in causes.items()}


def test_the_diagram_is_the_table() -> None:
    assert drawn() == set(compiled_in()) == modelled()
    places = [(a, cause) for a, cause, _ in compiled_in()]
    assert len(set(places)) == len(places) > 40  # one way for each cause


def test_every_state_and_cause_is_explained() -> None:
    states = {a for a, _, _ in drawn()}
    causes = {cause for _, cause, _ in drawn()}
    explained = set(re.findall(r"`(\w+)`", " ".join(re.findall(r"^\| (`.*?) \|", PAGE, re.MULTILINE))))
    assert explained == states | causes


def test_a_person_inside_and_a_fire_are_never_refused() -> None:
    for state, causes in node.TRANSITIONS.items():
        assert "exit" in causes, state
        assert state == "fire" or causes["alarm"] == "fire"


def test_in_a_lockdown_only_people_inside_and_a_guard_open() -> None:
    opening = {cause for cause, to in node.TRANSITIONS["locked"].items() if to == "locked_open"}
    assert opening == {"exit", "guard"}
    assert not {"command", "list"} & set(node.TRANSITIONS["locked_open"])


# ---- wiring ----


@dataclass(frozen=True)
class Wiring:
    """A lock, its supply, the node's relay, and the contacts that are wired past the node."""

    fail_safe: bool
    supply: bool = True

    def relay(self, *, wants_open: bool | None) -> bool:
        """Whether the relay has current; ``None``: nobody drives it."""
        return False if wants_open is None else wants_open != self.fail_safe

    def lock_open(self, *, relay: bool, bypass: bool = False) -> bool:
        """Whether the lock is open; ``bypass``: fire or exit in hardware, which cut or give the lock's current."""
        current = self.supply and (relay if not bypass else not self.fail_safe)
        return current != self.fail_safe


SITUATIONS: dict[str, list[bool | None]] = {
    "booting": [None, False],
    "closed": [False],
    "open": [True],
    "dead, relay dropped": [None],
    "hangs in a pulse": [True, False],
    "no power for the node": [None],
    "no power at all": [None],
}
WIRING = [
    [cell.strip() for cell in row.split("|")[1:-1]]
    for row in re.findall(r"^\| fail_(?:safe|secure) \|.*$", PAGE, re.MULTILINE)
]


def in_words(values: list[bool], yes: str, no: str) -> str:
    """Without saying the same twice in a row."""
    words = [yes if value else no for value in values]
    return ", then ".join(word for i, word in enumerate(words) if i == 0 or word != words[i - 1])


def test_every_situation_of_both_locks_is_on_the_page() -> None:
    assert {(row[0], row[1]) for row in WIRING} == {
        (lock, s) for lock in ("fail_secure", "fail_safe") for s in SITUATIONS
    }


@pytest.mark.parametrize("row", WIRING, ids=lambda row: f"{row[0]}, {row[1]}")
def test_the_wiring_table(row: list[str]) -> None:
    lock, situation, relay_said, lock_said, fire_said, exit_said = row
    wiring = Wiring(fail_safe=lock == "fail_safe", supply=situation != "no power at all")
    relays = [wiring.relay(wants_open=wanted) for wanted in SITUATIONS[situation]]
    assert relay_said.removesuffix(" by a guard") == in_words(relays, "on", "off")
    assert lock_said == in_words([wiring.lock_open(relay=relay) for relay in relays], "open", "closed")
    released = in_words([wiring.lock_open(relay=relay, bypass=True) for relay in relays], "open", "closed")
    assert fire_said == exit_said == released


def test_only_a_fail_secure_lock_without_any_power_keeps_people_in() -> None:
    assert [row[:2] for row in WIRING if row[4] != "open"] == [["fail_secure", "no power at all"]]
