"""Signed lines: what is signed can be read back, and nothing else can be read at all."""

import hashlib
import hmac

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from hypothesis import given
from hypothesis import strategies as st

from facegate.contract import lines
from facegate.contract.lines import Ack, Command, Hello, LineError, NodeEvent, Position

KEY = bytes(range(32))
UINT32 = st.integers(0, 2**32 - 1)
UPTIME = st.integers(0, 10**15 - 1)
GATE = st.from_regex(r"[a-z0-9][a-z0-9-]{0,31}", fullmatch=True)
ID = st.from_regex(r"[0-9a-f]{16}", fullmatch=True)
CHALLENGE = st.from_regex(r"[0-9a-f]{32}", fullmatch=True)
WORD = st.from_regex(r"[a-z][a-z0-9_]{0,23}", fullmatch=True)
ARGUMENT = st.from_regex(r"[A-Za-z0-9_.:/+=-]{1,100}", fullmatch=True)

COMMANDS = st.builds(
    Command,
    gate=GATE,
    slot=st.sampled_from(lines.SLOTS),
    id=ID,
    challenge=CHALLENGE,
    counter=st.integers(1, 2**32 - 1),
    not_after=UPTIME,
    verb=WORD,
    subject=ARGUMENT,
    value=ARGUMENT,
)
HELLOS = st.builds(
    Hello,
    gate=GATE,
    boot=UINT32,
    seq=UINT32,
    uptime=UPTIME,
    challenge=CHALLENGE,
    mode=WORD,
    state=WORD,
    refused=UINT32,
    list_version=UINT32,
)
ACKS = st.builds(
    Ack, gate=GATE, boot=UINT32, seq=UINT32, uptime=UPTIME, slot=UINT32, id=ID, result=WORD, detail=ARGUMENT
)
EVENTS = st.builds(
    NodeEvent, gate=GATE, boot=UINT32, seq=UINT32, uptime=UPTIME, type=WORD, subject=ARGUMENT, value=ARGUMENT
)


def command_keys(gate: str) -> dict[int, bytes]:
    return {slot: lines.command_key(KEY, slot, gate) for slot in lines.SLOTS}


@given(COMMANDS)
def test_a_command_comes_back(command):
    keys = command_keys(command.gate)
    line = command.sign(keys[command.slot])
    assert Command.parse(line, gate=command.gate, keys=keys) == command
    assert len(line) <= lines.MAX_LINE


@given(st.one_of(HELLOS, ACKS, EVENTS))
def test_what_a_node_says_comes_back(said):
    key = lines.node_key(KEY, said.gate)
    assert type(said).parse(said.sign(key), gate=said.gate, key=key) == said


@given(st.one_of(HELLOS, ACKS, EVENTS), st.binary(min_size=32, max_size=32))
def test_another_key_is_refused(said, other):
    key = lines.node_key(KEY, said.gate)
    if other == key:
        return
    with pytest.raises(LineError, match="mac"):
        type(said).parse(said.sign(other), gate=said.gate, key=key)


@given(st.binary(max_size=700))
def test_noise_is_refused(noise):
    for kind in (Hello, Ack, NodeEvent):
        with pytest.raises(LineError):
            kind.parse(noise, gate="north-1", key=KEY)
    with pytest.raises(LineError):
        Command.parse(noise, gate="north-1", keys={1: KEY})


@given(COMMANDS, st.data())
def test_every_cut_is_refused(command, data):
    keys = command_keys(command.gate)
    line = command.sign(keys[command.slot])
    cut = data.draw(st.integers(0, len(line) - 1))
    with pytest.raises(LineError):
        Command.parse(line[:cut], gate=command.gate, keys=keys)


def every_flip(line: bytes):
    for position in range(len(line) * 8):
        flipped = bytearray(line)
        flipped[position // 8] ^= 1 << position % 8
        yield bytes(flipped)


def test_every_single_bit_flip_of_a_command_is_refused():
    keys = command_keys("north-1")
    line = Command("north-1", 1, "00c0ffee5eed0001", "a" * 32, 7, 1_002_000, "open", "1", "0").sign(keys[1])
    for flipped in every_flip(line):
        with pytest.raises(LineError):
            Command.parse(flipped, gate="north-1", keys=keys)


@pytest.mark.parametrize(
    "said",
    [
        Hello("north-1", 12, 40, 1_000_000, "b" * 32, "normal", "closed", 3, 0),
        Ack("north-1", 12, 40, 1_000_000, 1, "00c0ffee5eed0001", "opened", "500"),
        NodeEvent("north-1", 12, 40, 1_000_000, "passed", "1", "00c0ffee5eed0001"),
    ],
    ids=lambda said: type(said).__name__,
)
def test_every_single_bit_flip_of_what_a_node_says_is_refused(said):
    key = lines.node_key(KEY, "north-1")
    for flipped in every_flip(said.sign(key)):
        with pytest.raises(LineError):
            type(said).parse(flipped, gate="north-1", key=key)


def test_a_line_that_would_be_too_long_is_not_signed():
    command = Command("north-1", 1, "0" * 16, "a" * 32, 1, 1, "list", "a" * 300, "b" * 300)
    with pytest.raises(LineError, match="size"):
        command.sign(KEY)


def test_keys_differ_by_purpose_slot_gate_and_gate_key():
    derived = [lines.command_key(key, slot, gate) for key in (KEY, bytes(32)) for slot in (1, 2) for gate in ("a", "b")]
    derived += [lines.node_key(key, gate) for key in (KEY, bytes(32)) for gate in ("a", "b")]
    assert len(set(derived)) == len(derived)
    assert all(len(key) == 32 for key in derived)


def test_derivation_is_hkdf_expand():
    """RFC 5869 with one block, as a library of cryptography computes it."""
    expected = HKDFExpand(SHA256(), 32, b"facegate/1 command 2 north-1").derive(KEY)
    assert lines.command_key(KEY, 2, "north-1") == expected


@pytest.mark.parametrize("length", [0, 16, 31, 33, 64])
def test_a_key_of_another_length_is_refused(length):
    with pytest.raises(ValueError, match="32 bytes"):
        lines.derive_key(bytes(length), "node north-1")


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("a", True),
        ("north-1", True),
        ("0" * 32, True),
        ("0" * 33, False),
        ("", False),
        ("-a", False),
        ("A", False),
        ("a b", False),
        ("a_b", False),
        ("ä", False),
        ("a\n", False),
    ],
)
def test_gate_ids(text, good):
    assert lines.is_gate_id(text) is good


@given(st.integers(0, 10**20), st.integers(0, 10**15 - 1))
def test_numbers_are_what_they_say_or_nothing(number, most):
    wanted = number if number <= most else None
    assert lines.parse_number(str(number), most) == wanted


@pytest.mark.parametrize("text", ["", "-", "-1", "+1", "01", "00", " 1", "1 ", "1.0", "1e3", "٣", "²", "0x1"])
def test_what_is_no_number(text):
    assert lines.parse_number(text, 10**15 - 1) is None


@given(st.tuples(UINT32, UINT32), st.tuples(UINT32, UINT32))
def test_a_position_is_boot_then_sequence(first, second):
    assert (Position(*first) < Position(*second)) == (first < second)


def test_the_mac_covers_every_byte_before_its_space():
    key = lines.node_key(KEY, "north-1")
    body, _, mac = Hello("north-1", 1, 1, 1, "a" * 32, "normal", "closed", 0, 0).sign(key).rpartition(b" ")
    assert mac.decode() == hmac.new(key, body, hashlib.sha256).hexdigest()
