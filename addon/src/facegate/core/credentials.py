"""Cards and PINs of residents: what is typed, what a reader makes of it, and what no PIN may be.

A number never leaves the store again once it is in; what is shown of a credential is a :class:`Credential`.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import Final

from facegate.contract.verbs import DAY_MINUTES

PIN_LEAST: Final = 4  # what the keypads of our packages send at least
PIN_MOST: Final = 16
PIN_CHANCE: Final = 1000
"""Whoever tries one PIN at a gate may hit any of its PINs; that must not be likelier than 1 in so many."""
WINDOWS_MOST: Final = 4
"""Times of the week per credential. Each takes an entry of the node's list of its own."""
CARD_BYTES: Final = (3, 4, 5, 7, 8, 10)
"""Lengths that readers give: 3 to 5 bytes of 125 kHz cards, 4, 7, 8 and 10 of UIDs."""

_MOST_NUMBER: Final = 2**35 - 1  # the 35 bits of a 37-bit Wiegand card
_DECIMAL = re.compile(r"[0-9]{1,11}")
_HEX = re.compile(r"[0-9A-Fa-f]{2}(?:[ :.-]?[0-9A-Fa-f]{2}){2,9}")
_SHORT = re.compile(r"[0-9]{1,3}[,.][0-9]{1,5}")
_SPACES = re.compile(r"[ \t]+")


class CredentialKind(StrEnum):
    """The words of ``contract.verbs.KINDS``."""

    CARD = "card"
    PIN = "pin"


class CredentialError(ValueError):
    """A number that cannot be used; ``key`` is a translation key, the text one sentence that says what to do."""

    def __init__(self, key: str, text: str) -> None:
        super().__init__(text)
        self.key = key


@dataclass(frozen=True, slots=True)
class Window:
    """A time of the week: ``days`` as in ``datetime.weekday()``, minutes of the local day; ``last`` is outside.

    One with ``first`` after ``last`` runs through midnight and belongs to the day on which it begins.
    """

    days: frozenset[int]
    first: int = 0
    last: int = DAY_MINUTES

    def __post_init__(self) -> None:
        """Refuse what no node could keep to."""
        if not self.days or not self.days <= set(range(7)):
            raise CredentialError("window", "Name at least one day of the week for a time of the week.")
        if not (0 <= self.first < DAY_MINUTES and 0 <= self.last <= DAY_MINUTES and self.first != self.last):
            raise CredentialError("window", "Let a time of the week begin and end at different times of the day.")


@dataclass(frozen=True, slots=True)
class Credential:
    """What may be shown of a card or a PIN. Times are Unix seconds, ``None`` for no limit.

    ``hint``: the last two bytes of a card, nothing of a PIN. ``learned_at``: the one gate whose reader has told of the
    card, empty where its number was typed and is good everywhere.
    """

    id: str
    resident: str
    kind: CredentialKind
    created_at: float
    hint: str = ""
    learned_at: str = ""
    valid_from: float | None = None
    valid_until: float | None = None
    windows: tuple[Window, ...] = ()


def read_card(text: str) -> bytes:
    """Return the bytes of a card's number as somebody has typed it, or raise :class:`CredentialError`.

    Decimal is the long number that is printed on 125 kHz cards; hex (pairs, with a letter or a separator in between
    where it could be taken for decimal) is a UID, or the number as a reader shows it.
    """
    typed = text.strip().removeprefix("0x").removeprefix("0X")
    long, _, short = _SPACES.sub(" ", typed).partition(" ")
    if _SHORT.fullmatch(typed):
        raise CredentialError(
            "card_short",
            "This is the short number of the card, which lacks a part: type the long one printed beside it, or learn "
            "the card at a reader.",
        )
    if _DECIMAL.fullmatch(long) and (not short or _SHORT.fullmatch(short)) and text.strip()[:2].lower() != "0x":
        number = int(long)
        if number > _MOST_NUMBER:
            raise CredentialError("card", "A card's decimal number is at most 34359738367: look at it again.")
        if number == 0:
            raise CredentialError("card", "A card's number is not 0: look at it again.")
        card = number.to_bytes(5)
        if short:
            facility, single = re.split("[,.]", short)
            if card[-3:] != bytes([int(facility) & 0xFF]) + (int(single) & 0xFFFF).to_bytes(2):
                raise CredentialError("card", "The long and the short number are not of one card: look at both again.")
        return card
    if not _HEX.fullmatch(typed):
        raise CredentialError(
            "card", "Type the number printed on the card, or its bytes in hex such as 04:A2:3B:5C, or learn the card."
        )
    card = bytes.fromhex(re.sub(r"[ :.-]", "", typed))
    if len(card) not in CARD_BYTES:
        raise CredentialError("card", "A card's number has 3, 4, 5, 7, 8 or 10 bytes: look at it again.")
    return card


def card_forms(card: bytes) -> tuple[bytes, ...]:
    """What the readers give for one card, the whole number first.

    Of a 125 kHz card RDM6300 and 34-bit Wiegand give the last four bytes, 26-bit Wiegand the last three, and 37-bit
    Wiegand five, the first of which begins with five zero bits. UIDs come whole, from a PN532. So a card whose decimal
    number was typed is known at every reader.
    """
    lengths = {3: (3,), 4: (4, 3), 5: (5, 4, 3)}.get(len(card), (len(card),))
    return tuple(card[-length:] for length in lengths)


def check_pin(digits: str, others: int) -> None:
    """Raise :class:`CredentialError` for a PIN that is guessed too easily at a gate with ``others`` PINs besides."""
    least = least_digits(others + 1)
    if not (digits.isascii() and digits.isdigit() and PIN_LEAST <= len(digits) <= PIN_MOST):
        raise CredentialError("pin", f"A PIN has {least} to {PIN_MOST} digits and nothing else: choose another.")
    if len(digits) < least:
        raise CredentialError(
            "pin_short",
            f"With {others} other PINs at the same gate, a PIN needs at least {least} digits: choose a longer one.",
        )
    if _is_weak(digits):
        raise CredentialError(
            "pin_weak", "This PIN is one of the first that somebody would try: choose one without a pattern."
        )


def least_digits(pins: int) -> int:
    """How long each of so many PINs at one gate must be."""
    digits = PIN_LEAST
    while pins * PIN_CHANCE > 10**digits:
        digits += 1
    return digits


def is_good_pin(digits: str, others: int) -> bool:
    """Whether :func:`check_pin` takes it."""
    try:
        check_pin(digits, others)
    except CredentialError:
        return False
    return True


def _is_weak(digits: str) -> bool:
    steps = {(int(b) - int(a)) % 10 for a, b in pairwise(digits)}
    repeats = any(
        len(digits) % size == 0 and digits == digits[:size] * (len(digits) // size)
        for size in range(1, len(digits) // 2 + 1)
    )
    year = len(digits) == 4 and digits[:2] in ("19", "20")
    column = digits in ("2580", "0852", "1470", "3690", "0741", "0963")
    return repeats or steps in ({1}, {9}) or year or column


def overlap(one: Iterable[bytes], other: Iterable[bytes]) -> bool:
    """Whether some reader would take two cards for one another."""
    return not set(one).isdisjoint(other)
