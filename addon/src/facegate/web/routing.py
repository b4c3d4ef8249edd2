"""From a request on the wire to a checked call of one operation, and from its outcome to an answer."""

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Final

import voluptuous as vol
from aiohttp import hdrs, web

from facegate.adapters.store import ExistsError, NotFoundError, StoreError
from facegate.web import uploads
from facegate.web.call import Call, Desk
from facegate.web.limits import Failures
from facegate.web.openapi import describe
from facegate.web.operation import Operation
from facegate.web.operations import BASE, OPERATIONS
from facegate.web.problems import (
    EXISTS,
    FAULT,
    INVALID,
    MALFORMED,
    METHOD_NOT_ALLOWED,
    NOT_FOUND,
    STORE,
    TOO_LARGE,
    UNSUPPORTED_MEDIA_TYPE,
    ProblemError,
)
from facegate.web.services import Services
from facegate.web.tokens import Bearer, Doorkeeper, Scope

_BODY_SECONDS: Final = 10.0  # a body arrives at once, or its sender only means to hold the connection
_PAIRING_FAILURES: Final = 10
_PIN_FAILURES: Final = 5  # taken PINs that one token may hit on: whoever searches for PINs finds few
_PIN_WINDOW: Final = 3600.0
_PAIRING_WINDOW: Final = 600.0  # seconds: one address cannot void code after code

HEADERS: Final = {
    hdrs.CACHE_CONTROL: "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}

_LOGGER = logging.getLogger(__name__)


type Who = Callable[[web.Request], Awaitable[Bearer | None]]
"""Who asks; raises ProblemError for somebody who only says so."""


def make(services: Services) -> web.Application:
    """Return the application behind the API listener."""
    door = Doorkeeper(services.store, services.local_token)
    app = _offer(
        services, OPERATIONS, lambda request: door.bearer(request.headers.get(hdrs.AUTHORIZATION), request.remote or "")
    )
    description = json.dumps(describe()).encode()

    async def openapi(_: web.Request) -> web.Response:
        return web.Response(body=description, content_type="application/json")

    app.router.add_route(hdrs.METH_GET, f"{BASE}/openapi.json", openapi)
    return app


def make_for_pages(services: Services, who: Who) -> web.Application:
    """Return the same API for pages of ours, without what is for machines that pair."""
    return _offer(services, [operation for operation in OPERATIONS if operation.scope is not None], who)


def _offer(services: Services, operations: Iterable[Operation], who: Who) -> web.Application:
    desk = Desk(
        services=services,
        pairing_failures=Failures(_PAIRING_FAILURES, _PAIRING_WINDOW, time.monotonic),
        pin_failures=Failures(_PIN_FAILURES, _PIN_WINDOW, time.monotonic),
        changing=asyncio.Lock(),
        unix=time.time,
        monotonic=time.monotonic,
    )
    offered = list(operations)
    app = web.Application(middlewares=[_problems], client_max_size=max(one.body_most for one in offered))
    app.on_response_prepare.append(_add_headers)
    for operation in offered:
        app.router.add_route(operation.method, BASE + operation.path, _bind(operation, desk, who))
    return app


def _bind(operation: Operation, desk: Desk, who: Who) -> Any:
    async def handle(request: web.Request) -> web.Response:
        peer = request.remote or ""
        bearer = await who(request)
        if operation.scope is not None:
            Doorkeeper.require(bearer, operation.scope)
        given = {
            **_given(request.match_info, operation.in_path),
            **_given(request.query, operation.query),
            **_given(request.query, {name: c for name, c in operation.options.items() if name in request.query}),
            **_given(request.headers, operation.headers),
        }
        body = await _content(request, operation)
        call = Call(desk, bearer, peer, given, body)
        if operation.in_turn and operation.scope is Scope.MANAGE and operation.method != hdrs.METH_GET:
            # One change after the other: each reads, changes and writes, and none may overwrite another.
            async with desk.changing:
                answer = await operation.act(call)
        else:
            answer = await operation.act(call)
        if operation.answer is None:
            return web.Response(status=operation.status, headers=answer.headers)
        return web.Response(
            body=json.dumps(answer.content, allow_nan=False).encode(),
            status=operation.status,
            content_type="application/json",
            headers=answer.headers,
        )

    return handle


def _given(source: Mapping[str, str], wanted: Mapping[str, Any]) -> dict[str, str]:
    given = {}
    for name, checks in wanted.items():
        if name not in source:
            raise ProblemError(INVALID, f"Send '{name}' too.", errors=[{"at": name, "says": "required"}])
        try:
            given[name] = vol.Schema(checks)(source[name])
        except vol.Invalid as error:
            raise _invalid(error, name) from error
    return given


async def _content(request: web.Request, operation: Operation) -> Mapping[str, Any]:
    """What was sent, checked: an object, with the pictures of a form among its members."""
    if operation.body is None:
        return {}
    if not operation.pictures:
        return await _body(request, operation.body, operation.body_most)
    form = await uploads.read(request)
    return {**_checked(form.given, operation.body), "pictures": form.pictures}


async def _body(request: web.Request, checks: vol.Schema, most: int) -> Mapping[str, Any]:
    if (request.content_length or 0) > most:
        raise _too_large(most)
    if request.content_type != "application/json":
        raise ProblemError(UNSUPPORTED_MEDIA_TYPE, "Send the body as 'Content-Type: application/json'.")
    try:
        async with asyncio.timeout(_BODY_SECONDS):
            raw = await request.read()
        if len(raw) > most:
            raise _too_large(most)
    except TimeoutError as error:
        raise ProblemError(MALFORMED, "The body did not arrive in time: send it at once.") from error
    return _checked(raw, checks)


def _checked(raw: bytes, checks: vol.Schema) -> Mapping[str, Any]:
    try:
        content = json.loads(raw, object_pairs_hook=_no_repeats, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise ProblemError(MALFORMED, "The body is not JSON: send one JSON object.") from error
    if not isinstance(content, dict):
        raise ProblemError(MALFORMED, "The body is JSON but no object: send one JSON object.")
    try:
        checked: dict[str, Any] = checks(content)
    except vol.Invalid as error:
        raise _invalid(error) from error
    return checked


def _invalid(error: vol.Invalid, parameter: str = "") -> ProblemError:
    """Return which members are wrong and why; the values are not repeated, since some are secret."""
    faults = error.errors if isinstance(error, vol.MultipleInvalid) else [error]
    errors = [{"at": parameter or "/".join(map(str, fault.path)), "says": fault.error_message} for fault in faults]
    return ProblemError(INVALID, "Correct what 'errors' names and send it again.", errors=errors)


def _too_large(most: int) -> ProblemError:
    return ProblemError(TOO_LARGE, f"Send at most {most} bytes.")


def _no_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) != len(pairs):
        raise ValueError("a member stands twice")
    return content


def _refuse(text: str) -> Any:
    raise ValueError(f"{text} is no JSON")


@web.middleware
async def _problems(request: web.Request, handler: Any) -> web.StreamResponse:
    try:
        answer: web.StreamResponse = await handler(request)
    except Exception as error:  # noqa: BLE001  # the last resort of a server: it answers, logs, and opens nothing
        return _problem(error).response()
    return answer


def _problem(error: Exception) -> ProblemError:  # noqa: PLR0911  # a table: one line of cause, one of answer
    """Return what the sender is told about a failure; what nobody expected goes into the log as well."""
    match error:
        case ProblemError():
            return error
        case NotFoundError():
            return ProblemError(NOT_FOUND, str(error))
        case ExistsError():
            return ProblemError(EXISTS, str(error))
        case StoreError():
            _LOGGER.error("%s", error)
            return ProblemError(STORE, str(error))
        case web.HTTPNotFound():
            return ProblemError(NOT_FOUND, f"This address is not part of the API: see {BASE}/openapi.json.")
        case web.HTTPMethodNotAllowed():
            allowed = ", ".join(sorted(error.allowed_methods))
            return ProblemError(
                METHOD_NOT_ALLOWED, f"Use one of these methods here: {allowed}.", headers={hdrs.ALLOW: allowed}
            )
        case web.HTTPRequestEntityTooLarge():
            return ProblemError(TOO_LARGE, "Send less at once.")
        case _:
            _LOGGER.error("a request failed", exc_info=error)
            return ProblemError(FAULT, "Look into FaceGate's log for the cause.")


async def _add_headers(_: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(HEADERS)
    response.headers.popall(hdrs.SERVER, None)  # which Python and aiohttp run here is nobody's business
