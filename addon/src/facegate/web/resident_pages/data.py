"""What exists about its holder, store by store, and the archive of it to take along."""

import asyncio
import io
import json
import zipfile
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from aiohttp import hdrs, web

from facegate.web.pages.rendering import templates
from facegate.web.resident_pages import history
from facegate.web.resident_pages.moments import moment, shown
from facegate.web.resident_pages.page import Page, Post, Visit
from facegate.web.resident_pages.words import words

_TEMPLATES: Final = templates("facegate.web.resident_pages")


async def _context(visit: Visit) -> Mapping[str, Any]:
    about = await asyncio.to_thread(visit.services.rights.about, visit.resident.id)
    return {"stores": stores(about), "shown": shown}


def stores(about: Mapping[str, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """What is kept where, those with something in them first: the table's name, its fields, and its rows."""
    found = [
        {"name": name, "count": len(rows), "fields": sorted(rows[0]) if rows else [], "rows": rows}
        for name, rows in about.items()
    ]
    return sorted(found, key=lambda store: (not store["count"], store["name"] != "residents", store["name"]))


async def _export(visit: Visit, _: bytes) -> web.Response:
    """The archive, made in memory: all of it as JSON, and to be read as a page in both languages."""
    content = await asyncio.to_thread(visit.services.rights.take_along, visit.resident.id)
    gates = {gate.id: gate.name for gate in await asyncio.to_thread(visit.services.store.gates)}
    day = datetime.fromtimestamp(content["made_at"]).astimezone().strftime("%Y-%m-%d")
    return web.Response(
        body=await asyncio.to_thread(archive, content, gates),
        content_type="application/zip",
        headers={hdrs.CONTENT_DISPOSITION: f'attachment; filename="facegate-{day}.zip"'},
    )


def archive(content: Mapping[str, Any], gates: Mapping[str, str]) -> bytes:
    """The ZIP: ``data.json``, ``checkpoints.json`` and a readable page for each language."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as files:
        files.writestr("data.json", json.dumps(content, ensure_ascii=False, indent=2, default=_plain))
        files.writestr("checkpoints.json", json.dumps(content["checkpoints"]["checkpoints"], indent=2))
        for language in ("en", "zh-Hans"):
            page = _TEMPLATES.get_template("archive.html").render(
                language=language,
                t=words(language),
                content=content,
                stores=stores(content["about"]),
                passages=list(history.passages(content["about"]["access"], gates, language)),
                shown=shown,
                moment=moment,
            )
            files.writestr(f"read-me.{language}.html", page)
    return packed.getvalue()


def _plain(value: object) -> object:
    if isinstance(value, set | frozenset):
        return sorted(value)
    raise TypeError(f"{type(value)} has no place in an archive")


PAGES: Final = (Page("data", "data", _context, menu=True),)
POSTS: Final = (Post("export", _export),)
