"""Cards and PINs: what may be typed, what readers make of it, how they are kept, and that no PIN comes out again."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facegate.adapters.store import ExistsError, FullError, NotFoundError, Store, StoreError
from facegate.contract.verbs import DAY_MINUTES, ENTRIES_MAX, card_digest, digest_key, pin_digest
from facegate.core.allow_list import Marked, allow_list
from facegate.core.credentials import (
    Credential,
    CredentialError,
    CredentialKind,
    Window,
    card_forms,
    check_pin,
    least_digits,
    read_card,
)
from facegate.core.models import Gate, Resident, ResidentState

CARD = Credential("", "", CredentialKind.CARD, 0.0)
PIN = Credential("", "", CredentialKind.PIN, 0.0)
GOOD_PIN = "83915"


@pytest.fixture
def store(tmp_path):
    with Store.open(tmp_path / "data") as store:
        store.add_gate(Gate("main", "Main gate"))
        yield store


def test_a_printed_number_is_known_at_every_reader():
    """The same card as each reader gives it; tests/firmware holds the node's readers to these very bytes."""
    forms = {form.hex() for form in card_forms(read_card("0012345678"))}
    assert forms == {
        "0000bc614e",  # 37-bit Wiegand
        "00bc614e",  # RDM6300, 34-bit Wiegand
        "bc614e",  # 26-bit Wiegand
    }


@pytest.mark.parametrize(
    ("typed", "card"),
    [
        ("0012345678", "0000bc614e"),
        ("12345678", "0000bc614e"),
        ("0012345678 188,24910", "0000bc614e"),
        ("34359738367", "07ffffffff"),
        ("0x00BC614E", "00bc614e"),
        ("00:bc:61:4e", "00bc614e"),
        ("00BC614E", "00bc614e"),
        ("01 00 BC 61 4E", "0100bc614e"),
        ("04A23B5C6D7E80", "04a23b5c6d7e80"),
        ("04-A2-3B-5C-6D-7E-80", "04a23b5c6d7e80"),
    ],
)
def test_cards_are_read_as_people_type_them(typed, card):
    assert read_card(typed).hex() == card


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("188,24910", "card_short"),
        ("0012345678 188,24911", "card"),
        ("0", "card"),
        ("34359738368", "card"),
        ("", "card"),
        ("card", "card"),
        ("04:A2", "card"),
        ("04A23B5C6D7E", "card"),  # six bytes: no reader gives that
        ("04:A2:3B:5", "card"),
    ],
)
def test_what_is_no_card_is_refused_in_a_sentence(typed, key):
    with pytest.raises(CredentialError, match=r"[.]$") as refused:
        read_card(typed)
    assert refused.value.key == key


@given(st.integers(1, 2**35 - 1))
def test_a_decimal_number_and_its_hex_are_one_card(number):
    typed = set(card_forms(read_card(str(number))))
    assert typed & set(card_forms(read_card(":".join(f"{b:02x}" for b in number.to_bytes(5)))))


@pytest.mark.parametrize(
    ("digits", "others", "key"),
    [
        ("0000", 0, "pin_weak"),
        ("1234", 0, "pin_weak"),
        ("987654", 0, "pin_weak"),
        ("7890", 0, "pin_weak"),
        ("1212", 0, "pin_weak"),
        ("135135", 0, "pin_weak"),
        ("1984", 0, "pin_weak"),
        ("2580", 0, "pin_weak"),
        ("123", 0, "pin"),
        ("12 34", 0, "pin"),
        ("१२३४", 0, "pin"),
        ("8" * 17, 0, "pin"),
        ("8391", 10, "pin_short"),
        ("83915", 100, "pin_short"),
    ],
)
def test_pins_that_are_guessed_too_easily_are_refused(digits, others, key):
    with pytest.raises(CredentialError, match=r"[.]$") as refused:
        check_pin(digits, others)
    assert refused.value.key == key


@pytest.mark.parametrize(("digits", "others"), [("8391", 0), ("8391", 9), ("83915", 99), ("839153", 999)])
def test_other_pins_are_taken(digits, others):
    check_pin(digits, others)


@given(st.integers(1, 100_000))
def test_one_try_hits_one_of_all_pins_once_in_a_thousand_at_most(pins):
    assert pins / 10 ** least_digits(pins) <= 1 / 1000


def test_a_pin_cannot_be_read_again(store, tmp_path):
    resident = store.add_resident("Resident 1").id
    pin, digits = store.add_pin(replace(PIN, resident=resident), GOOD_PIN)
    card = store.add_card(replace(CARD, resident=resident), read_card("0012345678"))
    assert digits == GOOD_PIN
    shown = store.credentials(resident)
    assert [(c.id, c.kind, c.hint) for c in shown] == [(pin.id, "pin", ""), (card.id, "card", "614e")]
    (mark, _) = store.marked("main")
    assert GOOD_PIN not in repr(shown)
    assert GOOD_PIN not in repr(mark)
    key = digest_key(store.gate_key("main"), "main")
    assert mark.digests == (pin_digest(key, GOOD_PIN),)
    store.backup(tmp_path / "copy.db")
    kept = b"".join(file.read_bytes() for file in (tmp_path / "data").glob("facegate.db*"))
    for secret in (GOOD_PIN.encode(), bytes.fromhex("0000bc614e"), b"bc614e"):
        assert secret not in kept
        assert secret not in (tmp_path / "copy.db").read_bytes()


def test_each_gate_knows_a_card_by_digests_of_its_own(store):
    store.add_gate(Gate("garage", "Garage"))
    store.add_card(replace(CARD, resident=store.add_resident("Resident 1").id), read_card("0012345678"))
    marks = {gate: set(store.marked(gate)[0].digests) for gate in ("main", "garage")}
    assert marks["main"].isdisjoint(marks["garage"])
    for gate, digests in marks.items():
        key = digest_key(store.gate_key(gate), gate)
        assert digests == {card_digest(key, form) for form in card_forms(read_card("0012345678"))}


def test_a_card_is_one_residents_alone(store):
    one, other = (store.add_resident(f"Resident {n}").id for n in (1, 2))
    store.add_card(replace(CARD, resident=one), read_card("0012345678"))
    for typed in ("0012345678", "00BC614E", "99:00:BC:61:4E", "FF:BC:61:4E"):
        with pytest.raises(ExistsError, match="somebody's already"):  # a 26-bit reader sees three bytes of it
            store.add_card(replace(CARD, resident=other), read_card(typed))
    store.add_card(replace(CARD, resident=other), read_card("0012345679"))


def test_a_pin_is_one_residents_alone(store):
    one, other = (store.add_resident(f"Resident {n}").id for n in (1, 2))
    store.add_pin(replace(PIN, resident=one), GOOD_PIN)
    with pytest.raises(ExistsError, match="choose another") as refused:
        store.add_pin(replace(PIN, resident=other), GOOD_PIN)
    assert GOOD_PIN not in str(refused.value)
    made = {store.add_pin(replace(PIN, resident=other))[1] for _ in range(5)}
    assert len(made) == 5
    assert all(len(digits) == 6 for digits in made)


def test_a_learned_card_is_known_at_its_gate_alone_and_under_its_key_alone(store):
    store.add_gate(Gate("garage", "Garage"))
    one, other = (store.add_resident(f"Resident {n}").id for n in (1, 2))
    digest = card_digest(digest_key(store.gate_key("main"), "main"), bytes.fromhex("00bc614e"))
    learned = store.add_learned_card(replace(CARD, resident=one), "main", digest)
    assert store.marked("main") == [Marked(learned, (digest,))]
    assert store.marked("garage") == []
    with pytest.raises(ExistsError):
        store.add_learned_card(replace(CARD, resident=other), "main", digest)
    with pytest.raises(ExistsError):  # the same card, typed
        store.add_card(replace(CARD, resident=other), read_card("0012345678"))
    store.renew_gate_key("main")
    assert [mark.stale for mark in store.marked("main")] == [True]


def test_erasing_a_resident_erases_cards_and_pins(store, tmp_path):
    resident = store.add_resident("Resident 1").id
    store.add_pin(replace(PIN, resident=resident), GOOD_PIN)
    store.erase_resident(resident)
    assert store.credentials() == []
    assert store.marked("main") == []
    with pytest.raises(NotFoundError):
        store.credentials(resident)
    store.add_pin(replace(PIN, resident=store.add_resident("Resident 2").id), GOOD_PIN)  # it is free again


def test_removing_and_changing(store):
    one, other = (store.add_resident(f"Resident {n}").id for n in (1, 2))
    card = store.add_card(replace(CARD, resident=one), read_card("0012345678"))
    with pytest.raises(NotFoundError):
        store.remove_credential(other, card.id)
    changed = replace(card, valid_until=2e9, windows=(Window(frozenset({0, 4}), 480, 1080),))
    store.update_credential(changed)
    assert store.credential(one, card.id) == changed
    store.remove_credential(one, card.id)
    with pytest.raises(NotFoundError):
        store.credential(one, card.id)


def test_too_many_for_one_resident(store):
    resident = store.add_resident("Resident 1").id
    for number in range(8):
        store.add_card(replace(CARD, resident=resident), read_card(str(1000 + number)))
    with pytest.raises(StoreError, match="at most 8"):
        store.add_card(replace(CARD, resident=resident), read_card("2000"))


def test_what_no_node_holds_is_refused_by_number(store):
    """Each of these takes three forms times four times of the week."""
    windows = tuple(Window(frozenset({day}), 60, 120) for day in range(4))
    full = ENTRIES_MAX // 12
    for number in range(full):
        if number % 8 == 0:
            resident = store.add_resident(f"Resident {number}").id
        store.add_card(replace(CARD, resident=resident, windows=windows), read_card(str(1000 + number)))
    last = store.add_resident("Resident 1").id
    with pytest.raises(FullError, match=rf"would have {ENTRIES_MAX + 12} entries, and its node holds {ENTRIES_MAX}"):
        store.add_card(replace(CARD, resident=last, windows=windows), read_card("5000"))
    assert store.credentials(last) == []
    store.update_resident(replace(store.resident(last), gates=frozenset({"elsewhere"})))
    store.add_card(replace(CARD, resident=last, windows=windows), read_card("5000"))  # not for this gate's list


def mark(resident: str, number: int = 0, **more: object) -> Marked:
    credential = Credential(f"c{number}", resident, CredentialKind.CARD, float(number), **more)
    return Marked(credential, (number.to_bytes(8),))


@pytest.mark.parametrize(
    ("state", "listed"),
    [
        (ResidentState.INVITED, True),
        (ResidentState.ENROLLED, True),
        (ResidentState.SUSPENDED, False),
        (ResidentState.EXPIRED, False),
        (ResidentState.WITHDRAWN, True),
        (ResidentState.ERASED, False),
    ],
)
def test_whoever_has_no_access_is_not_on_the_list(state, listed):
    made = allow_list("main", {"r": Resident("r", "Resident 1", state=state)}, [mark("r")], None)
    assert bool(made.entries) is listed


def test_rights_and_validity_make_the_entries():
    resident = Resident("r", "Resident 1", gates=frozenset({"main"}), valid_from=100.0, valid_until=5000.0)
    windows = (Window(frozenset({0, 6}), 480, 1080), Window(frozenset({2}), 1320, 360))
    credential = mark("r", 7, valid_from=200.0, valid_until=9000.0, windows=windows)
    people = {"r": resident}
    assert allow_list("garage", people, [credential], None).entries == ()
    entries = allow_list("main", people, [credential], None).entries
    assert [(e.begins, e.ends, e.days, e.first, e.last) for e in entries] == [
        (200, 5000, 0b1000001, 480, 1080),
        (200, 5000, 0b0000100, 1320, 360),
    ]
    assert allow_list("main", people, [credential], 4999.0).entries == entries
    assert allow_list("main", people, [credential], 5000.0).entries == ()
    assert allow_list("main", {}, [credential], None).entries == ()


def test_where_there_is_no_room_the_oldest_stay():
    people = {"r": Resident("r", "Resident 1")}
    made = allow_list("main", people, [mark("r", n) for n in (3, 1, 2)], None, room=2)
    assert [int.from_bytes(entry.digest) for entry in made.entries] == [1, 2]
    assert made.left_out == 1
    assert made.fingerprint(b"k") != made.fingerprint(b"l")


@pytest.mark.parametrize(
    ("days", "first", "last"), [([], 0, 60), ([7], 0, 60), ([1], 60, 60), ([1], 1440, 60), ([1], -1, 60)]
)
def test_windows_that_no_node_could_keep_to_are_refused(days, first, last):
    with pytest.raises(CredentialError):
        Window(frozenset(days), first, last)


def test_a_whole_day_is_a_window():
    assert Window(frozenset({5})).last == DAY_MINUTES
