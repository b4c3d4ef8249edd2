"""Which language somebody reads, and the texts in it."""

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Final

DEFAULT: Final = "en"
LANGUAGES: Final = (DEFAULT, "zh-Hans")


def choose(accept_language: str) -> str:
    """Return the language that the header likes best (RFC 9110, 12.5.4), the default where it likes none of ours."""
    best, liked = DEFAULT, 0.0
    for item in accept_language.split(","):
        tag, _, parameter = item.strip().partition(";")
        language = _ours(tag.strip().lower())
        weight = _weight(parameter)
        if language is not None and weight > liked:
            best, liked = language, weight
    return best


@cache
def texts(language: str) -> Mapping[str, str]:
    """Return all texts of a language by key."""
    content: dict[str, str] = json.loads(
        files("facegate.web.pages").joinpath("texts", f"{language}.json").read_text(encoding="utf-8")
    )
    return content


def _ours(tag: str) -> str | None:
    primary = tag.partition("-")[0]
    # Whoever reads any Chinese is better served by Simplified Chinese than by English.
    return {"en": "en", "zh": "zh-Hans", "*": DEFAULT}.get(primary)


def _weight(parameter: str) -> float:
    name, separator, value = parameter.strip().partition("=")
    if not separator or name.strip().lower() != "q":
        return 1.0
    try:
        weight = float(value)
    except ValueError:
        return 0.0
    return weight if 0.0 <= weight <= 1.0 else 0.0
