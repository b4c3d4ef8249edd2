"""What one operation of the API is, and what may stand in its path."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import voluptuous as vol

from facegate.core.consent import Purpose
from facegate.web import schemas, shapes
from facegate.web.call import Handler
from facegate.web.problems import Kind
from facegate.web.tokens import Scope


@dataclass(frozen=True, slots=True)
class Operation:
    """One method at one path.

    ``scope``: what the token must be good for, ``None`` for everybody. ``answer``: the schema of the body, ``None``
    for an answer without one. ``query`` and ``headers`` are required parameters, ``options`` optional of the query.
    ``problems``: what it may answer beside what every operation of its kind may. ``in_turn``: whether a change waits
    for the one before; not where it waits for a node. ``body_most``: bytes of the body; more only where a file is sent.
    ``pictures``: whether the body is a form of pictures, with its JSON in the part ``given`` (``web.uploads``).
    """

    method: str
    path: str
    scope: Scope | None
    act: Handler
    summary: str
    answer: vol.Schema | None
    body: vol.Schema | None = None
    status: int = 200
    query: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, Any] = field(default_factory=dict)
    problems: tuple[Kind, ...] = ()
    in_turn: bool = True
    body_most: int = 65_536
    pictures: bool = False

    @property
    def name(self) -> str:
        """Its name in the OpenAPI description."""
        return self.act.__name__

    @property
    def in_path(self) -> dict[str, Any]:
        """The schemas of the parameters in the path."""
        return {name: schema for name, schema in PATH_PARAMETERS.items() if f"{{{name}}}" in self.path}


PATH_PARAMETERS: Final = {
    "gate": shapes.GATE,
    "camera": shapes.IDENTIFIER,
    "resident": shapes.IDENTIFIER,
    "credential": shapes.IDENTIFIER,
    "token": shapes.IDENTIFIER,
    "member": schemas.MEMBER_ID,
    "link": shapes.IDENTIFIER,
    "snapshot": shapes.IDENTIFIER,
    "pass": shapes.IDENTIFIER,
    "alias": shapes.IDENTIFIER,
    "preview": shapes.HEX32,
    "purpose": vol.In([str(purpose) for purpose in Purpose]),
    "standing": shapes.IDENTIFIER,
}
