"""The OpenAPI 3.1 description, made from the table of operations and the schemas that check requests."""

from typing import Any, Final

import voluptuous as vol
from voluptuous_openapi import UNSUPPORTED, OpenApiVersion, convert

from facegate import __version__
from facegate.web import schemas
from facegate.web.operation import Operation
from facegate.web.operations import BASE, OPERATIONS
from facegate.web.problems import (
    CONTENT_TYPE,
    FAULT,
    FORBIDDEN,
    INVALID,
    MALFORMED,
    RATE_LIMITED,
    STORE,
    TOO_LARGE,
    UNAUTHENTICATED,
    UNSUPPORTED_MEDIA_TYPE,
    Kind,
)
from facegate.web.shapes import Items, Number, Text
from facegate.web.tokens import Scope
from facegate.web.uploads import GIVEN, PICTURES

_JSON: Final = "application/json"
_PROBLEM: Final = {"$ref": "#/components/schemas/Problem"}
_SCHEME: Final = "token"


def describe() -> dict[str, Any]:
    """Return the description of the whole API."""
    paths: dict[str, dict[str, Any]] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "FaceGate",
            "version": __version__,
            "summary": "The recognizer's API for Home Assistant and its own pages.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": BASE}],
        "paths": paths,
        "components": {
            "schemas": {"Problem": schema(schemas.PROBLEM)},
            "securitySchemes": {
                _SCHEME: {
                    "type": "http",
                    "scheme": "bearer",
                    "description": f"From pairing. Scopes: {', '.join(Scope)}.",
                }
            },
        },
    }


def schema(checks: Any) -> dict[str, Any]:
    """Return JSON Schema for what ``checks`` lets through."""
    made: dict[str, Any] = convert(checks, custom_serializer=_own_checks, openapi_version=OpenApiVersion.V3_1)
    return made


def _own_checks(checks: Any) -> Any:
    """The checks of web/schemas.py, which ``convert`` cannot know."""
    if isinstance(checks, Items):
        bounded = {"type": "array", "items": schema(checks.item), "maxItems": checks.most}
        if not checks.empty:
            return bounded | {"minItems": checks.least}
        return bounded | {"anyOf": [{"minItems": checks.least}, {"maxItems": 0}]}
    if isinstance(checks, Number):
        return {"type": "integer" if checks.whole else "number", "minimum": checks.least, "maximum": checks.most}
    if isinstance(checks, Text):
        return {"type": "string", "minLength": checks.least, "maxLength": checks.most}
    if isinstance(checks, vol.Match):
        return {"type": "string", "pattern": checks.pattern.pattern.replace(r"\Z", "$")}
    return UNSUPPORTED


def _operation(operation: Operation) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "description": operation.act.__doc__,
        "parameters": [
            {"name": name, "in": place, "required": required, "schema": schema(checks)}
            for place, required, parameters in (
                ("path", True, operation.in_path),
                ("query", True, operation.query),
                ("query", False, operation.options),
                ("header", True, operation.headers),
            )
            for name, checks in parameters.items()
        ],
        "responses": _responses(operation),
    }
    if operation.body is not None:
        # Unknown members are refused in requests, while answers may grow new ones.
        body = schema(operation.body) | {"additionalProperties": False}
        described["requestBody"] = {"required": True, "content": _sent(operation, body)}
    described["security"] = [{}, {_SCHEME: []}] if operation.scope is None else [{_SCHEME: [str(operation.scope)]}]
    return described


def _sent(operation: Operation, body: dict[str, Any]) -> dict[str, Any]:
    if not operation.pictures:
        return {_JSON: {"schema": body}}
    pictures = {"type": "array", "items": {"type": "string", "contentMediaType": "image/jpeg"}}
    form = {"type": "object", "properties": {GIVEN: body, PICTURES: pictures}, "required": [GIVEN, PICTURES]}
    encoding = {GIVEN: {"contentType": _JSON}, PICTURES: {"contentType": "image/jpeg, image/png, image/webp"}}
    return {"multipart/form-data": {"schema": form, "encoding": encoding}}


def _responses(operation: Operation) -> dict[str, Any]:
    good: dict[str, Any] = {"description": "Done."}
    if operation.answer is not None:
        good["content"] = {_JSON: {"schema": schema(operation.answer)}}
    by_status: dict[int, list[Kind]] = {}
    for kind in possible_problems(operation):
        by_status.setdefault(kind.status, []).append(kind)
    return {
        str(operation.status): good,
        **{
            str(status): {
                "description": " ".join(f"{kind.title} (`{kind.type}`)" for kind in kinds),
                "content": {CONTENT_TYPE: {"schema": _PROBLEM}},
            }
            for status, kinds in sorted(by_status.items())
        },
    }


def possible_problems(operation: Operation) -> tuple[Kind, ...]:
    """Return everything that the operation may answer instead of what was asked for."""
    kinds = [UNAUTHENTICATED, RATE_LIMITED, STORE, FAULT]
    if operation.scope is not None:
        kinds.append(FORBIDDEN)
    if operation.in_path or operation.query or operation.options or operation.headers:
        kinds.append(INVALID)
    if operation.body is not None:
        kinds += [MALFORMED, TOO_LARGE, UNSUPPORTED_MEDIA_TYPE, INVALID]
    return tuple(dict.fromkeys((*kinds, *operation.problems)))
