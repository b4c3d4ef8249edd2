"""What is written in two languages says the same: the contract and the model in Python, the core in C++."""

import re

import pytest

from facegate.contract import lines, verbs
from facegate.core import node, node_list, node_passages
from tests.firmware.compiled import COMPONENT, CORE, CORE_HEADERS

SOURCES = "\n".join(file.read_text() for file in (*CORE_HEADERS, *CORE))


def constant(name: str) -> int | str:
    match = re.search(rf"^(?:inline )?constexpr [\w:]+ {name} = (.+?);", SOURCES, re.MULTILINE)
    assert match is not None, f"the core has no constant {name}"
    value = match[1]
    return value.strip('"') if value.startswith('"') else int(value.replace("'", ""))


def words(name: str) -> tuple[str, ...]:
    match = re.search(rf"{name}\[\] = \{{(.*?)\}};", SOURCES, re.DOTALL)
    assert match is not None, f"the core has no list {name}"
    return tuple(re.findall(r'"(\w+)"', match[1]))


@pytest.mark.parametrize(
    ("name", "python"),
    [
        ("VERSION", lines.VERSION),
        ("NONE", lines.NONE),
        ("MAX_LINE", lines.MAX_LINE),
        ("KEY_BYTES", lines.KEY_BYTES),
        ("SLOTS", max(lines.SLOTS)),
        ("RELAYS", max(lines.RELAYS)),
        ("CHALLENGE_INTERVAL_MS", lines.CHALLENGE_INTERVAL_MS),
        ("CHALLENGE_LIFE_MS", lines.CHALLENGE_LIFE_MS),
        ("NOT_AFTER_MAX_MS", node.NOT_AFTER_MAX_MS),
        ("GAP_MS", node.GAP_MS),
        ("HELLO_SPACING_MS", node.HELLO_SPACING_MS),
        ("REFUSED_BURST", node.REFUSED_BURST),
        ("REFUSED_REFILL_MS", node.REFUSED_REFILL_MS),
        ("PRESS_SPACING_MS", node.PRESS_SPACING_MS),
        ("REMEMBERED_IDS", node.REMEMBERED_IDS),
        ("QUEUED_EVENTS", node.QUEUED_EVENTS),
        ("DOOR_GRACE_MS", node.DOOR_GRACE_MS),
        ("PENDING_GRANTS", node_passages.PENDING_GRANTS),
        ("PIN_ATTEMPTS", node_list.PIN_ATTEMPTS),
        ("PIN_LOCK_S", node_list.PIN_LOCK_S),
        ("PIN_LOCK_MAX_S", node_list.PIN_LOCK_MAX_S),
        ("HINT_MAX_MS", verbs.HINT_MAX_MS),
        ("LEARN_MAX_S", verbs.LEARN_MAX_S),
        ("DIGEST_BYTES", verbs.DIGEST_BYTES),
        ("ENTRY_BYTES", verbs.ENTRY_BYTES),
        ("ENTRIES_PER_CHUNK", verbs.ENTRIES_PER_CHUNK),
        ("PAGE_BYTES", verbs.ENTRIES_PER_CHUNK * verbs.ENTRY_BYTES),
        ("CHUNKS_MAX", verbs.CHUNKS_MAX),
        ("DAY_MINUTES", verbs.DAY_MINUTES),
        ("OFFSET_MAX", verbs.OFFSET_MAX),
    ],
)
def test_constant(name: str, python: int | str) -> None:
    assert constant(name) == python


def test_verbs() -> None:
    assert words("GateCore::VERBS") == lines.VERBS


def test_modes_patterns_and_kinds() -> None:
    assert words("MODES") == verbs.MODES
    assert words("HINTS") == verbs.HINTS
    assert words("KINDS") == verbs.KINDS
    schema = (COMPONENT / "__init__.py").read_text()
    match = re.search(r"^HINTS = \((.*?)\)", schema, re.MULTILINE)
    assert match is not None
    assert tuple(re.findall(r'"(\w+)"', match[1])) == verbs.HINTS


def test_results() -> None:
    assert words("RESULTS") == lines.RESULTS
    match = re.search(r"enum class Result : uint8_t \{(.*?)\}", SOURCES)
    assert match is not None
    assert tuple(word.strip().lower() for word in match[1].split(",")) == lines.RESULTS


def test_refusals_have_the_reasons_of_a_line_error() -> None:
    documented = re.search(r"one of ([\w, ]+)\.", lines.LineError.__doc__ or "")
    assert documented is not None
    body = SOURCES[SOURCES.index("std::string_view word(Refusal refusal) {") :]
    spoken = re.findall(r'return "(\w+)";', body[: body.index("\n}")])
    assert spoken == documented[1].split(", ")


def test_key_labels() -> None:
    """The purposes of ``derive_key``, as they stand in its own docstring and in the derivation."""
    assert constant("KEY_LABEL") == "facegate/1 "
    assert constant("COMMAND_PURPOSE") == "command"
    assert constant("NODE_PURPOSE") == "node"
    key = bytes(range(32))
    assert lines.command_key(key, 3, "main") == lines.derive_key(key, "command 3 main")
    assert lines.node_key(key, "main") == lines.derive_key(key, "node main")


def test_bounds_of_the_fields() -> None:
    assert constant("UPTIME_MAX") == 10**15 - 1
    assert constant("NUMBER_CHARS") == 15
    assert constant("WORD_CHARS") == 24
    assert constant("ARGUMENT_CHARS") == 400
    assert constant("GATE_CHARS") == 32
    assert constant("ID_CHARS") == 16
