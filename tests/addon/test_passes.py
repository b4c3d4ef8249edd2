"""QR passes: read, rotated, bounded."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facegate.core.passes import (
    BEARER_BYTES,
    CODE_BYTES,
    ID_BYTES,
    SECRET_BYTES,
    SHARE_BYTES,
    STEP_SECONDS,
    TEXT_MAX,
    Code,
    Kind,
    Pass,
    Refused,
    code_at,
    read,
    refusal,
    step_at,
    step_of,
)

LENGTHS = {Kind.ROTATING: CODE_BYTES, Kind.FIXED: BEARER_BYTES, Kind.SHARE: SHARE_BYTES}
SECRET = bytes(range(SECRET_BYTES))
NOON = 1_800_000_000.0


@given(kind=st.sampled_from(Kind), name=st.binary(min_size=ID_BYTES, max_size=ID_BYTES), data=st.data())
def test_what_is_written_is_read(kind: Kind, name: bytes, data: st.DataObject) -> None:
    secret = data.draw(st.binary(min_size=LENGTHS[kind], max_size=LENGTHS[kind]))
    code = Code(kind, name.hex(), secret)
    assert read(code.text) == code
    assert len(code.text) <= TEXT_MAX
    assert code.text.isalnum()
    assert code.text.isupper()


@given(text=st.one_of(st.text(max_size=80), st.from_regex(r"FG1[RFS][A-Z2-7=]{0,70}", fullmatch=True)))
def test_whatever_else_is_held_into_the_camera_is_no_pass(text: str) -> None:
    code = read(text)
    assert code is None or code.text == text


@pytest.mark.parametrize("change", ["lower", "cut", "longer", "padded", "kind"])
def test_a_pass_that_was_changed_is_none(change: str) -> None:
    text = Code(Kind.ROTATING, "0123456789", bytes(CODE_BYTES)).text
    changed = {
        "lower": text.lower(),
        "cut": text[:-1],
        "longer": text + "A",
        "padded": text + "=",
        "kind": text.replace("FG1R", "FG1F"),
    }[change]
    assert read(changed) is None


def test_codes_are_those_that_another_implementation_makes() -> None:
    # openssl dgst -sha256 -mac HMAC -macopt hexkey:000102…1f over "facegate/1 pass", NUL and the step in 8 bytes
    assert step_at(NOON) == 120_000_000
    assert code_at(SECRET, 120_000_000).hex() == "96d9c788957ae5de8701"


@given(unix=st.floats(0, 4e9))
def test_a_code_is_good_in_its_step_and_the_next_one_and_never_again(unix: float) -> None:
    step = step_at(unix)
    code = code_at(SECRET, step)
    begins = step * STEP_SECONDS
    assert step_of(SECRET, code, unix) == step
    assert step_of(SECRET, code, begins + STEP_SECONDS) == step
    assert step_of(SECRET, code, begins + 2 * STEP_SECONDS) is None
    assert begins == 0 or step_of(SECRET, code, begins - 1) is None
    assert step_of(bytes(SECRET_BYTES), code, unix) is None


def fixed(**more: object) -> Pass:
    return Pass(id="0123456789", kind=Kind.FIXED, resident="r", **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("bearer", "why"),
    [
        (fixed(), None),
        (fixed(revoked_at=NOON - 1), Refused.REVOKED),
        (fixed(gates=frozenset({"main"})), None),
        (fixed(gates=frozenset({"garage"})), Refused.NOT_THIS_GATE),
        (fixed(valid_from=NOON), None),
        (fixed(valid_from=NOON + 1), Refused.NOT_YET),
        (fixed(valid_until=NOON + 1), None),
        (fixed(valid_until=NOON), Refused.EXPIRED),
        (fixed(uses=1), None),
        (fixed(uses=0), Refused.USED_UP),
        (fixed(passback=60, used_at=NOON - 59, direction="entry"), Refused.PASSBACK),
        (fixed(passback=60, used_at=NOON - 60, direction="entry"), None),
        (fixed(passback=60, used_at=NOON - 1, direction="exit"), None),
    ],
)
def test_a_pass_is_bounded(bearer: Pass, why: Refused | None) -> None:
    assert refusal(bearer, "main", "entry", NOON) == why


def test_a_code_of_the_wrong_length_is_never_written() -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        _ = Code(Kind.FIXED, "0123456789", bytes(3)).text
