"""What a page of the panel is: where it stands, who may see it, and what its template needs."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from facegate.web.panel.roles import EVERYBODY, Role
from facegate.web.panel.visitors import Reception, Visitor
from facegate.web.services import Services


@dataclass(frozen=True, slots=True)
class Visit:
    """One look at one page by somebody who may look at it."""

    request: web.Request
    services: Services
    reception: Reception
    visitor: Visitor
    language: str
    words: Mapping[str, str]

    def may(self, roles: frozenset[Role]) -> bool:
        """Whether the visitor's role is among these."""
        return self.visitor.may(roles)


type Context = Callable[[Visit], Awaitable[Mapping[str, Any]]]
"""Returns what the template of a page is filled with."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page. ``path``: one name without slashes, so that every link is relative, as ingress needs it.

    ``name``: the key of its title; its template is ``<name>.html``. ``menu``: whether it stands in the menu.
    """

    path: str
    name: str
    context: Context
    roles: frozenset[Role] = field(default=EVERYBODY)
    menu: bool = True
