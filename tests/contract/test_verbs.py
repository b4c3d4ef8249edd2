"""What stands in the arguments of commands and events: it comes back as it was said, and nothing else comes in."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facegate.contract import lines, verbs
from facegate.contract.verbs import ArgumentError, Entry, ListChunk

UINT32 = st.integers(0, 2**32 - 1)
OFFSET = st.integers(-verbs.OFFSET_MAX, verbs.OFFSET_MAX)
KEY = bytes(range(32))
PAGE = (Path(__file__).parents[2] / "docs/protocol.md").read_text(encoding="utf-8")


@st.composite
def entries(draw: st.DrawFn) -> Entry:
    days = draw(st.integers(0, 0x7F))
    first = draw(st.integers(0, 1439)) if days else 0
    last = draw(st.integers(0, 1440).filter(lambda minute: minute != first)) if days else 0
    return Entry(
        digest=draw(st.binary(min_size=8, max_size=8)),
        kind=draw(st.sampled_from(verbs.KINDS)),
        relays=draw(st.sampled_from([frozenset({1}), frozenset({2}), frozenset({1, 2})])),
        begins=draw(UINT32),
        ends=draw(UINT32),
        days=days,
        first=first,
        last=last,
    )


REQUESTS = st.one_of(
    st.builds(verbs.Open, st.sampled_from(lines.RELAYS), UINT32),
    st.builds(verbs.Guard, st.sampled_from(lines.RELAYS), UINT32),
    st.builds(verbs.SetMode, st.sampled_from(["normal", "lockdown"]), st.just(0)),
    st.builds(verbs.SetMode, st.just("free"), st.integers(1, 2**32 - 1)),
    st.builds(verbs.Hint, st.sampled_from(verbs.HINTS), st.integers(0, verbs.HINT_MAX_MS)),
    st.builds(verbs.Time, st.integers(1, 2**32 - 1), OFFSET),
    st.builds(verbs.Time, st.integers(1, 2**32 - 1), OFFSET, st.integers(1, 2**32 - 1), OFFSET),
    st.builds(
        ListChunk,
        version=st.integers(1, 2**32 - 1),
        index=st.integers(0, 50),
        count=st.integers(51, verbs.CHUNKS_MAX),
        expires=UINT32,
        entries=st.lists(entries(), max_size=verbs.ENTRIES_PER_CHUNK).map(tuple),
    ),
    st.builds(verbs.RotateKey, st.binary(min_size=32, max_size=32)),
    st.just(verbs.Reset()),
)


@given(REQUESTS)
def test_a_request_comes_back_and_fits_its_line(request_: verbs.Request) -> None:
    assert type(request_).parse(*request_.arguments) == request_
    command = lines.Command("g" * 32, 4, "f" * 16, "a" * 32, 2**32 - 1, 10**15 - 1, request_.verb, *request_.arguments)
    key = lines.command_key(KEY, 4, command.gate)
    assert lines.Command.parse(command.sign(key), gate=command.gate, keys={4: key}) == command


def read(verb: str, subject: str, value: str) -> tuple[str, ...] | str:
    """The arguments as they would be written again, or the name of the wrong one."""
    try:
        return tuple(verbs.REQUESTS[verb].parse(subject, value).arguments)
    except ArgumentError as error:
        return error.argument


@given(st.sampled_from(sorted(verbs.REQUESTS)), st.text(max_size=12), st.text(max_size=12))
def test_anything_else_is_refused_by_name(verb: str, subject: str, value: str) -> None:
    assert read(verb, subject, value) in ("subject", "value", (subject, value))


def test_every_verb_has_its_request() -> None:
    assert tuple(verbs.REQUESTS) == lines.VERBS


@pytest.mark.parametrize(("people", "parts"), [(0, [0]), (1, [1]), (9, [9]), (10, [9, 1]), (1008, [9] * 112)])
def test_a_list_is_cut_into_chunks(people: int, parts: list[int]) -> None:
    everybody = [Entry(number.to_bytes(8)) for number in range(people)]
    cut = verbs.chunks(3, 1_790_000_000, everybody)
    assert [len(chunk.entries) for chunk in cut] == parts
    assert [(c.version, c.index, c.count, c.expires) for c in cut] == [
        (3, i, len(parts), 1_790_000_000) for i in range(len(parts))
    ]
    assert [entry for chunk in cut for entry in chunk.entries] == everybody


def test_a_list_that_no_node_holds_is_not_made() -> None:
    with pytest.raises(ValueError, match="1008"):
        verbs.chunks(1, 0, [Entry(bytes(8))] * 1009)


def test_an_entry_lies_as_the_specification_says() -> None:
    entry = Entry(bytes(range(8)), "pin", frozenset({2}), 0x01020304, 0x05060708, 0b0011111, 480, 1080)
    assert entry.pack().hex() == "0001020304050607" + "22" + "1f" + "1e0438" + "01020304" + "05060708"


def test_digests_differ_by_kind_number_gate_and_key() -> None:
    keys = [verbs.digest_key(key, gate) for key in (KEY, bytes(32)) for gate in ("north", "south")]
    digests = [verbs.card_digest(key, b"\x12\x34") for key in keys] + [verbs.pin_digest(key, "1234") for key in keys]
    digests += [verbs.card_digest(keys[0], b"\x00\x12\x34")]
    assert len(set(digests)) == len(digests)
    assert all(len(digest) == 8 for digest in digests)


@pytest.mark.parametrize("digits", ["", "12a4", "1" * 17, "²", "٣"])
def test_what_is_no_pin(digits: str) -> None:
    with pytest.raises(ValueError, match="digits"):
        verbs.pin_digest(KEY, digits)


def test_the_next_key_follows_from_key_nonce_and_gate() -> None:
    made = {
        verbs.rotated_key(key, nonce, gate)
        for key in (KEY, bytes(32))
        for nonce in (KEY, bytes(32))
        for gate in ("north", "south")
    }
    assert len(made) == 8
    assert verbs.rotated_key(KEY, bytes(32), "north") == lines.derive_key(KEY, f"rotate {'00' * 32} north")


@pytest.mark.parametrize(
    ("subject", "presented"),
    [("card:1", verbs.Presented("card", 1)), ("pin:2:window", verbs.Presented("pin", 2, "window"))],
)
def test_who_was_at_the_reader(subject: str, presented: verbs.Presented) -> None:
    assert verbs.Presented.parse(subject) == presented


@pytest.mark.parametrize("subject", ["-", "card", "face:1", "card:3", "card:0", "card:1:a:b"])
def test_who_was_not(subject: str) -> None:
    with pytest.raises(ArgumentError):
        verbs.Presented.parse(subject)


def test_the_page_lists_every_event_reason_and_pattern() -> None:
    spoken = PAGE[PAGE.index("An **event** tells") : PAGE.index("## 7.")]
    types = re.findall(r"`(\w+)`", " ".join(re.findall(r"^\| (`.*?) \|", spoken, re.MULTILINE)))
    assert tuple(types) == verbs.EVENTS
    reasons = re.search(r"Reasons of a `denied`: (.*?)\. ", " ".join(spoken.split()))
    assert reasons is not None
    assert tuple(re.findall(r"`(\w+)`", reasons[1])) == verbs.DENIALS
    patterns = re.search(r"Patterns for lamp and sounder: (.*?);", " ".join(PAGE.split()))
    assert patterns is not None
    assert tuple(re.findall(r"`(\w+)`", patterns[1])) == verbs.HINTS


def test_the_numbers_of_the_page() -> None:
    page = " ".join(PAGE.split())
    for said in (
        f"chunks (1 to {verbs.CHUNKS_MAX}) of at most {verbs.ENTRIES_PER_CHUNK} entries each",
        f"each {verbs.ENTRY_BYTES} bytes in lower-case hex",
        f"A node holds {verbs.ENTRIES_MAX} entries",
        f"for 0 to {verbs.HINT_MAX_MS} ms",
        f"(-{verbs.OFFSET_MAX} to {verbs.OFFSET_MAX}",
    ):
        assert said in page, said
