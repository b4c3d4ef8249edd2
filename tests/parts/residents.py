"""Somebody's phone on the residents' pages: keeps its cookie, sends what a page of ours would send."""

import re
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from yarl import URL

from facegate.core.links import LinkKind
from tests.parts.web import Reply, Site


@dataclass
class Phone:
    """One browser. ``session``: of its own, so that two phones share no cookies."""

    site: Site
    session: aiohttp.ClientSession
    form: str = ""
    to: str = field(default="")

    async def open(self, url: str) -> Reply:
        """Open a link as the page behind it does."""
        secret = URL(url).fragment
        reply = await self.post("session", {"secret": secret})
        if reply.status == 200:
            self.to = reply.content["to"]
            await self.read_form()
        return reply

    async def read_form(self) -> None:
        page = await self.get("")
        found = re.search(r'name="facegate-form" content="([0-9a-f]*)"', page.raw.decode())
        self.form = found[1] if found else ""

    async def get(self, path: str, **more: Any) -> Reply:
        async with self.session.get(f"{self.site.residents}/{path}", allow_redirects=False, **more) as response:
            return Reply(response.status, response.content_type, dict(response.headers), await response.read(), None)

    async def post(
        self, path: str, body: Any = None, *, data: bytes | None = None, headers: dict[str, str] | None = None
    ) -> Reply:
        sent = {"X-FaceGate-Form": self.form} | (headers or {})
        if data is not None:
            sent.setdefault("Content-Type", "application/json")
        url = f"{self.site.residents}/{path}"
        json = ({} if body is None else body) if data is None else None
        async with self.session.post(url, json=json, data=data, headers=sent) as response:
            raw = await response.read()
            is_json = response.content_type.endswith("json")
            content = (await response.json(content_type=None)) if raw and is_json else None
            return Reply(response.status, response.content_type, dict(response.headers), raw, content)

    def cookies(self) -> dict[str, str]:
        """What the browser keeps, by name."""
        kept = self.session.cookie_jar.filter_cookies(URL(self.site.residents))
        return {name: morsel.value for name, morsel in kept.items()}

    @property
    def cookie(self) -> str:
        """The session on one's own page."""
        return self.cookies().get("facegate_resident", "")


def phone(site: Site) -> Phone:
    """A new phone; close its session."""
    return Phone(site, aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)))


async def personal_phone(site: Site, resident: str) -> Phone:
    """A phone that has opened a personal link of a resident."""
    made = site.services.links.make(resident, LinkKind.PERSONAL)
    new = phone(site)
    assert (await new.open(made.url)).status == 200
    return new
