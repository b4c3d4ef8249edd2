"""Of what requests and answers are made: lists, numbers and texts within bounds, and the forms of names."""

from typing import Any

import voluptuous as vol


class Items:
    """A list of so many items; ``convert`` in web/openapi.py knows it as an array with bounds."""

    def __init__(self, item: Any, *, least: int = 0, most: int, empty: bool = False) -> None:
        """Take ``least`` to ``most`` items, and with ``empty`` also none at all."""
        self.item = item
        self.least = least
        self.most = most
        self.empty = empty
        self._schema = vol.Schema([item])

    def __call__(self, value: Any) -> list[Any]:
        """Return the checked list."""
        if not isinstance(value, list):
            raise vol.Invalid("expected a list")
        if not (self.least <= len(value) <= self.most or (self.empty and not value)):
            raise vol.Invalid(f"expected {self.least} to {self.most} items")
        checked: list[Any] = self._schema(value)
        return checked


class Number:
    """A number within bounds, whole or not; ``True`` is none."""

    def __init__(self, least: float, most: float, *, whole: bool = False) -> None:
        self.least = least
        self.most = most
        self.whole = whole

    def __call__(self, value: Any) -> float:
        """Return the checked number."""
        if type(value) is not int and (self.whole or type(value) is not float):
            raise vol.Invalid("expected a whole number" if self.whole else "expected a number")
        number: float = value
        if not self.least <= number <= self.most:  # NaN is within no bounds
            raise vol.Invalid(f"expected {self.least} to {self.most}")
        return number


class Text:
    """A text for people, printable and without space at its ends."""

    def __init__(self, least: int, most: int) -> None:
        self.least = least
        self.most = most

    def __call__(self, value: Any) -> str:
        """Return the checked text."""
        if not isinstance(value, str):
            raise vol.Invalid("expected a text")
        # Control characters would break lines in logs, invisible ones deceive, and no database stores lone surrogates.
        if not value.isprintable() or value != value.strip():
            raise vol.Invalid("expected printable characters without space at the ends")
        if not self.least <= len(value) <= self.most:
            raise vol.Invalid(f"expected {self.least} to {self.most} characters")
        return value


def pattern(regex: str, says: str) -> vol.All:
    """Return what takes texts of this form alone; ``says`` is the form in words."""
    return vol.All(str, vol.Match(rf"^(?:{regex})\Z", msg=f"expected {says}"))


def or_null(schema: Any) -> vol.Any:
    """Return what takes ``null`` as well."""
    return vol.Any(schema, None)


GATE = pattern("[a-z0-9][a-z0-9-]{0,31}", "1 to 32 of a-z, 0-9 and '-'")
IDENTIFIER = pattern("[A-Za-z0-9][A-Za-z0-9_-]{0,63}", "1 to 64 of A-Z, a-z, 0-9, '_' and '-'")
HEX32 = pattern("[0-9a-f]{32}", "32 hex digits")
HEX64 = pattern("[0-9a-f]{64}", "64 hex digits")
HEX128 = pattern("[0-9a-f]{128}", "128 hex digits")
PERSON = pattern(r"[a-z_]+\.[a-z0-9_]{1,120}|[A-Za-z0-9_-]{1,128}", "the id of a Home Assistant person")
