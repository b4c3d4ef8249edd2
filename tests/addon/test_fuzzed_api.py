"""The real API, asked by schemathesis whatever its own description allows, and much that it forbids.

No answer may be one that the description does not foresee, none may be a fault of the server, and whatever is wrong is
a problem of RFC 9457. The requests are drawn anew with a seed that stays, so that what fails once fails again.
"""

import asyncio
import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from facegate.adapters import passphrase
from facegate.web.openapi import describe
from facegate.web.operations import OPERATIONS
from tests.parts.web import LOCAL_TOKEN, running_site

EXAMPLES = 4
"""For each operation and each way of asking: enough to walk through every check of a request, in seconds."""

DESCRIPTION = json.loads(json.dumps(describe()))
SCHEMA = schemathesis.openapi.from_dict(DESCRIPTION)
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the API is: in a thread of its own, because schemathesis asks without asyncio."""
    cost, passphrase._N = passphrase._N, 2**4  # each passphrase costs a quarter of a second
    loop, ready, over = asyncio.new_event_loop(), threading.Event(), asyncio.Event()
    told: dict[str, str] = {}

    async def serve() -> None:
        async with running_site(tmp_path_factory.mktemp("api") / "data") as site:
            told["base"] = site.base
            ready.set()
            await over.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    assert ready.wait(30)
    yield told["base"]
    loop.call_soon_threadsafe(over.set)
    thread.join(30)
    passphrase._N = cost


def _ask(base: str, name: str, mode: Any) -> None:
    [(path, method)] = [
        (path, method) for path, each in DESCRIPTION["paths"].items() for method, entry in each.items()
        if entry["operationId"] == name
    ]  # fmt: skip
    operation = SCHEMA[path][method.upper()]

    @seed(20261122)
    @settings(
        max_examples=EXAMPLES, database=None, phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: schemathesis.Case) -> None:
        case.headers = {**(case.headers or {}), "Authorization": f"Bearer {LOCAL_TOKEN}"}
        answer = case.call(base_url=base, timeout=20)
        case.validate_response(answer, checks=CHECKS)
        if answer.status_code >= 400:
            assert answer.headers["content-type"][0] == "application/problem+json"
            problem = answer.json()
            assert problem["type"].startswith("urn:facegate:problem:")
            assert problem["status"] == answer.status_code

    ask()


@pytest.mark.parametrize("name", [operation.name for operation in OPERATIONS])
def test_whatever_the_description_allows_is_answered_as_it_says(base: str, name: str) -> None:
    _ask(base, name, schemathesis.GenerationMode.POSITIVE)


@pytest.mark.parametrize("name", [operation.name for operation in OPERATIONS if operation.body or operation.in_path])
def test_whatever_it_forbids_is_refused_with_a_problem(base: str, name: str) -> None:
    _ask(base, name, schemathesis.GenerationMode.NEGATIVE)
