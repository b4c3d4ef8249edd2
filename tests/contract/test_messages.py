"""Messages to Home Assistant: canonical, signed, tolerant of what is new and of nothing else."""

import hashlib
import hmac
import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facegate.contract import messages
from facegate.contract.messages import GateEvent, GateState, MessageError, Status, Topics
from facegate.core.models import Method, Reason, Verdict

KEY = bytes(range(32))
INT = st.integers(0, 2**53 - 1)
TEXT = st.text(max_size=40)

EVENTS = st.builds(
    GateEvent,
    site=TEXT,
    boot=INT,
    seq=INT,
    id=TEXT,
    at=INT,
    gate=TEXT,
    type=TEXT,
    reason=TEXT,
    method=TEXT,
    direction=TEXT,
    faces=INT,
    alias=TEXT,
    opening=TEXT,
    ms=st.dictionaries(TEXT, INT, max_size=4),
    detail=TEXT,
)
STATES = st.builds(
    GateState,
    site=TEXT,
    boot=INT,
    seq=INT,
    at=INT,
    gate=TEXT,
    name=TEXT,
    mode=TEXT,
    camera=TEXT,
    node=TEXT,
    problems=st.lists(TEXT, max_size=4),
    prompt=TEXT,
    fire=TEXT,
    tamper=st.booleans(),
    held=st.booleans(),
)
EVENT = GateEvent(
    site="home",
    boot=3,
    seq=17,
    id="a1" * 8,
    at=1_790_000_000_000,
    gate="north-1",
    type="access_granted",
    reason="recognised",
    method="face",
    alias="0f" * 16,
    opening="00c0ffee5eed0001",
    ms={"detect": 13},
)


def signed(content: dict, key: bytes = KEY) -> bytes:
    """A message made by hand, so that it may say anything."""
    content = {"v": 1, "kind": "event", **content}
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":")).encode()
    mac = hmac.new(key, canonical, hashlib.sha256).hexdigest()
    return json.dumps({**content, "mac": mac}).encode()


def content(**changed) -> dict:
    message = json.loads(EVENT.sign(KEY))
    for name in ("v", "kind", "mac"):
        del message[name]
    return {**message, **changed}


@given(EVENTS)
def test_an_event_comes_back(event):
    assert GateEvent.parse(event.sign(KEY), KEY) == event


@given(STATES)
def test_a_state_comes_back(state):
    assert GateState.parse(state.sign(KEY), KEY) == state


@given(TEXT, TEXT, st.booleans())
def test_a_status_comes_back(version, api, online):
    status = Status("0f" * 16, version, api, online)
    assert Status.parse(status.encode()) == status


@given(EVENTS)
def test_a_message_is_canonical_ascii(event):
    message = event.sign(KEY)
    again = json.dumps(json.loads(message), sort_keys=True, separators=(",", ":"))
    assert message == again.encode("ascii")


def test_layout_is_free_as_long_as_the_content_is_the_same():
    loose = json.dumps(json.loads(EVENT.sign(KEY)), indent=2).encode()
    assert GateEvent.parse(loose, KEY) == EVENT
    assert GateEvent.parse(loose.decode(), KEY) == EVENT


def test_every_single_bit_flip_is_refused():
    message = EVENT.sign(KEY)
    for position in range(len(message) * 8):
        flipped = bytearray(message)
        flipped[position // 8] ^= 1 << position % 8
        with pytest.raises(MessageError):
            GateEvent.parse(bytes(flipped), KEY)


@pytest.mark.parametrize(
    ("member", "value"),
    [("gate", "south-1"), ("type", "access_denied"), ("seq", 18), ("boot", 4), ("at", 0), ("alias", "00" * 16)],
)
def test_tampering_is_refused(member, value):
    message = json.loads(EVENT.sign(KEY))
    message[member] = value
    with pytest.raises(MessageError, match="mac"):
        GateEvent.parse(json.dumps(message), KEY)


def test_adding_or_dropping_a_member_is_refused():
    message = json.loads(EVENT.sign(KEY))
    with pytest.raises(MessageError, match="mac"):
        GateEvent.parse(json.dumps({**message, "extra": 1}), KEY)
    del message["faces"]
    with pytest.raises(MessageError, match="mac"):
        GateEvent.parse(json.dumps(message), KEY)


@pytest.mark.parametrize("mac", [None, "", "0" * 64, 5, ["0" * 64], "é" * 64, "\ud800"])
def test_a_missing_or_wrong_mac_is_refused(mac):
    message = json.loads(EVENT.sign(KEY))
    message["mac"] = mac
    with pytest.raises(MessageError, match="mac"):
        GateEvent.parse(json.dumps(message), KEY)


def test_another_key_is_refused():
    with pytest.raises(MessageError, match="mac"):
        GateEvent.parse(EVENT.sign(bytes(32)), KEY)


def test_a_state_is_no_event_and_a_status_is_neither():
    state = GateState("home", 1, 1, 1, "north-1", "North").sign(KEY)
    with pytest.raises(MessageError, match="kind"):
        GateEvent.parse(state, KEY)
    with pytest.raises(MessageError, match="kind"):
        GateState.parse(EVENT.sign(KEY), KEY)
    with pytest.raises(MessageError, match="kind"):
        Status.parse(EVENT.sign(KEY))


@pytest.mark.parametrize("version", [0, 2, "1", None, [1]])
def test_another_version_is_refused(version):
    with pytest.raises(MessageError, match="version"):
        GateEvent.parse(signed(content(v=version)), KEY)


def test_what_a_newer_recognizer_adds_is_passed_over():
    newer = signed(content(weather="rain", type="waved", reason="moon", method="scent", direction="up"))
    event = GateEvent.parse(newer, KEY)
    assert (event.type, event.reason, event.method, event.direction) == ("waved", "moon", "scent", "up")


def test_what_an_older_recognizer_leaves_out_has_a_default():
    older = content()
    for name in ("direction", "faces", "alias", "opening", "ms"):
        del older[name]
    event = GateEvent.parse(signed(older), KEY)
    assert event == replace(EVENT, direction="entry", faces=0, alias="", opening="", ms={})


@pytest.mark.parametrize("missing", ["site", "boot", "seq", "id", "at", "gate", "type", "reason", "method"])
def test_what_must_be_there_must_be_there(missing):
    poorer = content()
    del poorer[missing]
    with pytest.raises(MessageError, match="format"):
        GateEvent.parse(signed(poorer), KEY)


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("seq", "17"),
        ("seq", True),
        ("seq", None),
        ("gate", 5),
        ("gate", None),
        ("ms", []),
        ("ms", {"detect": "13"}),
        ("ms", {"detect": True}),
        ("ms", {"detect": None}),
    ],
)
def test_a_member_of_another_type_is_refused(member, value):
    with pytest.raises(MessageError, match="format"):
        GateEvent.parse(signed(content(**{member: value})), KEY)


def test_a_state_of_an_earlier_version_shows_no_alarm():
    state = json.loads(GateState("home", 1, 1, 1, "north-1", "North", fire="active", tamper=True).sign(KEY))
    for name in ("mac", "fire", "tamper", "held", "prompt"):
        del state[name]
    parsed = GateState.parse(signed(state), KEY)
    assert (parsed.fire, parsed.tamper, parsed.held, parsed.prompt) == ("none", False, False, "")
    for name, wrong in (("tamper", 1), ("held", "no"), ("fire", True)):
        with pytest.raises(MessageError, match="format"):
            GateState.parse(signed({**state, name: wrong}), KEY)


def test_an_event_of_an_earlier_version_has_no_detail():
    event = content()
    del event["detail"]
    assert GateEvent.parse(signed(event), KEY) == EVENT


def test_a_state_s_problems_are_words():
    state = json.loads(GateState("home", 1, 1, 1, "north-1", "North").sign(KEY))
    state.pop("mac")
    with pytest.raises(MessageError, match="format"):
        GateState.parse(signed({**state, "problems": [1]}), KEY)


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'"text"',
        b"\xff\xfe",
        b"[" * 5_000,
        b'{"v":1,"v":1,"kind":"event"}',
        b'{"v":1,"kind":"event","seq":1.0}',
        b'{"v":1,"kind":"event","seq":1e3}',
        b'{"v":1,"kind":"event","seq":NaN}',
        b'{"v":1,"kind":"event","seq":Infinity}',
        b'{"v":1,"kind":"event","seq":-Infinity}',
        b'{"v":1,"kind":"event","ms":{"a":1,"a":2}}',
        b'{"v":1,"kind":"event","seq":' + b"9" * 5_000 + b"}",
        b" " * 9_000,
    ],
)
def test_what_is_no_message_is_refused(payload):
    with pytest.raises(MessageError) as caught:
        GateEvent.parse(payload, KEY)
    assert caught.value.reason in ("size", "format")


@given(st.binary(max_size=300))
def test_noise_is_refused(noise):
    with pytest.raises(MessageError):
        GateEvent.parse(noise, KEY)


@pytest.mark.parametrize("installation", ["", "0f", "0F" * 16, "zz" * 16, "0f" * 17])
def test_an_installation_is_32_hex_digits(installation):
    with pytest.raises(MessageError, match="format"):
        Status.parse(Status(installation, "1", "http://box:8711", True).encode())


def test_topics():
    topics = Topics("home")
    assert topics.status == "facegate/home/status"
    assert topics.event == "facegate/home/event"
    assert topics.state("north-1") == "facegate/home/gate/north-1/state"
    assert topics.command("north-1") == "facegate/home/gate/north-1/command"
    assert topics.node("north-1", "hello") == "facegate/home/gate/north-1/node/hello"


@pytest.mark.parametrize("site", ["", "Home", "a/b", "+", "#", "-a", "a" * 33])
def test_a_site_is_no_wildcard(site):
    with pytest.raises(ValueError, match="site"):
        Topics(site)


def test_a_proof_binds_installation_address_and_nonce():
    def prove(**changed) -> str:
        return messages.prove(KEY, **{"nonce": "n1", "installation": "0f" * 16, "api": "http://box:8711", **changed})

    proofs = {prove(), prove(nonce="n2"), prove(installation="f0" * 16), prove(api="http://elsewhere:8711")}
    assert len(proofs) == 4
    assert prove() == prove()


def test_the_words_are_the_domain_s_words():
    assert set(messages.REASONS) == {str(reason) for reason in Reason}
    assert set(messages.METHODS) == {str(method) for method in Method}
    assert set(messages.ACCESS_TYPES) == {str(verdict) for verdict in Verdict}
