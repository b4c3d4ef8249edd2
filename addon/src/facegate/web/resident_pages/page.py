"""What a page of the residents is, and what somebody may send from one. A module of pages has ``PAGES`` and ``POSTS``.

Add the module to ``site.MODULES``. Its template extends ``layout.html`` and its texts stand in a file of its own.
"""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from aiohttp import web

from facegate.core.links import Link, LinkKind
from facegate.core.models import Resident
from facegate.web.problems import INVALID, MALFORMED, ProblemError
from facegate.web.resident_pages.front import through_home_assistant
from facegate.web.services import Services

PERSONAL: Final = frozenset({LinkKind.PERSONAL})
INVITATION: Final = frozenset({LinkKind.INVITATION})
EITHER: Final = frozenset(LinkKind)
COOKIES: Final = {LinkKind.PERSONAL: "facegate_resident", LinkKind.INVITATION: "facegate_invitation"}
"""One for each kind, so that whoever enrols by an invitation stays on their own page, too."""
SMALL: Final = 16_384
"""Bytes that suffice for anything but a picture."""


@dataclass(frozen=True, slots=True)
class Visit:
    """One request of somebody who has opened a link. ``resident``: whose link it is, never from the request itself.

    ``session``: names the browser's session, to count by; it is not the cookie.
    """

    request: web.Request
    services: Services
    link: Link
    resident: Resident
    language: str
    words: Mapping[str, str]
    session: str = field(repr=False)

    @property
    def secure(self) -> bool:
        """Whether the browser lets the page use its camera: by HTTPS, or on this very machine."""
        return is_secure(self.request, self.services) or self.request.url.host in {"localhost", "127.0.0.1", "::1"}


type Context = Callable[[Visit], Awaitable[Mapping[str, Any]]]
"""Returns what the template of a page is filled with; may raise ``web.HTTPSeeOther`` to another page."""
type Act = Callable[[Visit, bytes], Awaitable[Mapping[str, Any] | web.StreamResponse]]
"""Does what was sent and returns what is answered as JSON; raises ProblemError. The bytes are the body as it came."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page. ``path``: one name without slashes; ``name``: of its template and its title ``page.<name>``.

    ``kinds``: whose links show it. ``camera``: whether it may use the camera. ``menu``: whether it stands in the menu.
    """

    path: str
    name: str
    context: Context
    kinds: frozenset[LinkKind] = PERSONAL
    camera: bool = False
    menu: bool = False


@dataclass(frozen=True, slots=True)
class Post:
    """Something that a page sends. ``path``: one name; ``most``: bytes of the body; ``json``: whether it is JSON.

    ``a_minute``: how often one link may send it.
    """

    path: str
    act: Act
    kinds: frozenset[LinkKind] = PERSONAL
    most: int = SMALL
    json: bool = True
    a_minute: int = 60


class Module(Protocol):
    """A module of pages."""

    @property
    def PAGES(self) -> Sequence[Page]:  # noqa: N802  # constants of a module
        """What it shows."""

    @property
    def POSTS(self) -> Sequence[Post]:  # noqa: N802
        """What is sent to it."""


def is_secure(request: web.Request, services: Services) -> bool:
    """Whether a browser has sent this by HTTPS, to us, to Home Assistant or to the owner's own proxy."""
    if through_home_assistant(request):
        return True
    public = services.links.url
    return request.secure or (public.startswith("https://") and public.split("/")[2] == request.host)


def read_object(body: bytes) -> dict[str, Any]:
    """Return the JSON object that was sent; raises ProblemError for anything else."""
    try:
        content = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ProblemError(MALFORMED, "The body is not JSON: send one JSON object.") from error
    if not isinstance(content, dict):
        raise ProblemError(INVALID, "Send one JSON object.")
    return content
