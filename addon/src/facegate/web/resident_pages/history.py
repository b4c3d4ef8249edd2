"""What the house has recorded of its holder's ways, and who has looked at that."""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any, Final

from facegate.core.activity import says
from facegate.core.audit import Act
from facegate.web.panel.words import words as panel_words
from facegate.web.resident_pages.moments import iso, moment
from facegate.web.resident_pages.page import Page, Visit

SHOWN: Final = 300
"""The newest ones; the archive has all."""
_LOOKS: Final = frozenset({Act.LOOKED, Act.EXPORTED})


async def _context(visit: Visit) -> Mapping[str, Any]:
    about = await asyncio.to_thread(visit.services.rights.about, visit.resident.id)
    gates = {gate.id: gate.name for gate in await asyncio.to_thread(visit.services.store.gates)}
    looks = [deed for deed in about["acts"] if deed["act"] in _LOOKS]
    return {
        "passages": list(passages(about["access"], gates, visit.language))[:SHOWN],
        "more": max(0, len(about["access"]) - SHOWN),
        "looks": [_look(deed) for deed in looks],
        "deeds": [_look(deed) for deed in about["acts"] if deed["act"] not in _LOOKS],
    }


def passages(records: Iterable[Mapping[str, Any]], gates: Mapping[str, str], language: str) -> Iterable[dict[str, str]]:
    """Records of the access log in words, newest first."""
    t = panel_words(language)
    for record in records:
        told = says(record["kind"], record["reason"], record["result"], record["passage"], record["detail"])
        yield {
            "at": moment(record["at"], seconds=record["pseudonym"] is None),
            "iso": iso(record["at"]),
            "gate": f"{gates.get(record['gate'], record['gate'])} · {t['direction.' + record['direction']]}",
            "what": " · ".join(t[f"activity.{key}"] for key in told),
            "how": t[f"activity.method.{record['method']}"] if record["method"] != "none" else "",
        }


def _look(deed: Mapping[str, Any]) -> dict[str, Any]:
    span = deed["span"]
    return {
        "at": moment(deed["at"]),
        "iso": iso(deed["at"]),
        "who": deed["actor"],
        "act": str(deed["act"]),
        "reason": deed["reason"],
        "span": f"{moment(span[0])} – {moment(span[1])}" if span else "",
    }


PAGES: Final = (Page("history", "history", _context, menu=True),)
POSTS: Final = ()
