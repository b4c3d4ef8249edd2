"""The texts of the residents' pages: one file a module and language, so that translators and pages stay together."""

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files


@cache
def words(language: str) -> Mapping[str, str]:
    """Every text that the residents' pages may show in a language, by key; no key stands in two files."""
    found: dict[str, str] = {}
    folder = files("facegate.web.resident_pages").joinpath("texts", language)
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        part: dict[str, str] = json.loads(file.read_text(encoding="utf-8"))
        if twice := found.keys() & part.keys():
            raise ValueError(f"{file.name} has texts that stand elsewhere already: {sorted(twice)}")
        found |= part
    return found
