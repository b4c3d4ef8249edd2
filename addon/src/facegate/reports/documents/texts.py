"""The words of the documents, and what all of them have in common."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files

from facegate.core.assessment import Facts
from facegate.reports.page import Page, Section, Table, Tile, Words


class Texts(Words):
    """The texts of one language; a text that is missing, or a value that it needs, is an error."""

    def __init__(self, language: str) -> None:
        super().__init__(language)
        self._texts = texts(language)


@cache
def texts(language: str) -> Mapping[str, str]:
    """Return all texts of a language by key."""
    file = files("facegate.reports.documents").joinpath("texts", f"{language}.json")
    content: dict[str, str] = json.loads(file.read_text(encoding="utf-8"))
    return content


def day(at: float) -> str:
    """In UTC: papers are read elsewhere and later."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d")


def page(key: str, facts: Facts, t: Texts, sections: tuple[Section, ...], tiles: tuple[Tile, ...] = ()) -> Page:
    """A document with its head and what it says of itself at its foot."""
    about = t("about", site=facts.site, day=day(facts.at), version=facts.version)
    return Page(t(f"{key}.title"), about, tiles, sections, (t("no_advice"),))


def who(facts: Facts, t: Texts) -> Section:
    """Who is responsible."""
    named = facts.responsible
    missing = t("not_filled_in")
    rows = [(t("who.name"), named.name or missing), (t("who.contact"), named.contact or missing)]
    if named.officer:
        rows.append((t("who.officer"), named.officer))
    return Section(t("who"), table=Table(("", ""), rows))


def purposes(facts: Facts, t: Texts) -> tuple[str, ...]:
    """What the data are for, each as a sentence."""
    return (t("purpose.gates"), *(t("purpose.other", purpose=purpose) for purpose in facts.responsible.purposes))
