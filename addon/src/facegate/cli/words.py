"""What an installer reads on the command line, in English or Simplified Chinese, as the locale asks."""

import json
import os
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Final

LANGUAGES: Final = ("en", "zh-Hans")


def language() -> str:
    """The language of whoever sits here: the first of LC_ALL, LC_MESSAGES and LANG that says anything."""
    said = next((value for name in ("LC_ALL", "LC_MESSAGES", "LANG") if (value := os.environ.get(name))), "")
    return "zh-Hans" if said.lower().startswith("zh") else "en"


def say(key: str, **values: object) -> str:
    """Return one text with its values."""
    return texts(language())[key].format(**values)


@cache
def texts(spoken: str) -> Mapping[str, str]:
    """Return all texts of a language by key."""
    content: dict[str, str] = json.loads(files("facegate.cli").joinpath("texts", f"{spoken}.json").read_text("utf-8"))
    return content
