"""The panel as its users' browsers see it, and the users that tests have."""

import re

from facegate.web.panel.visitors import CSRF, USER_ID
from tests.parts.web import Site

OWNER = "a" * 32
GUARD = "b" * 32
AUDITOR = "c" * 32
NOBODY = "d" * 32


async def look(site: Site, path: str = "/gates", user: str = OWNER, **headers: str) -> tuple[int, dict[str, str], str]:
    sent = {name.replace("_", "-"): value for name, value in headers.items()} | ({USER_ID: user} if user else {})
    async with site.session.get(site.pages + path, headers=sent, allow_redirects=False) as response:
        return response.status, dict(response.headers), await response.text()


async def tell(
    site: Site, method: str, path: str, body: object = None, user: str = OWNER, *, form: str = "", **headers: str
) -> int:
    sent = {USER_ID: user, "Idempotency-Key": "0" * 32} if user else {}
    sent |= {CSRF: form} if form else {}
    sent |= {name.replace("_", "-"): value for name, value in headers.items()}
    async with site.session.request(method, site.pages + path, json=body, headers=sent) as response:
        await response.read()
        return response.status


async def form_of(site: Site, user: str = OWNER) -> str:
    (form,) = re.findall(r'name="facegate-form" content="(\w+)"', (await look(site, user=user))[2])
    return form
