"""Commands that ask the service which runs on the same data, through the API that everyone else uses."""

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from facegate.adapters import local_access
from facegate.cli.console import stop
from facegate.settings import default_data


def call(
    data: Path | None,
    method: str,
    path: str,
    body: dict[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Any:
    """Make one request of the running service and return its answer; ends the command when there is none."""
    access = local_access.find(data or default_data())
    if access is None:
        stop("FaceGate is not running on this data: start it with 'facegate run', then try again.")
    request = urllib.request.Request(  # noqa: S310  # the address comes from a file that only this user can write
        f"{access.url}/api/v1{path}",
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {access.token}", "Content-Type": "application/json", **(headers or {})},
    )
    try:
        with urllib.request.urlopen(request, timeout=20) as response:  # noqa: S310  # as above
            content = response.read()
    except urllib.error.HTTPError as error:
        stop(_problem(error))
    except OSError as error:
        stop(f"The service does not answer at {access.url} ({error}): see whether it still runs.")
    return json.loads(content) if content else None


def is_running(data: Path | None) -> bool:
    """Whether a service offers itself on this data; one that was killed may still seem to."""
    return local_access.find(data or default_data()) is not None


def _problem(error: urllib.error.HTTPError) -> str:
    try:
        problem = json.loads(error.read())
        return f"{problem['title']} {problem.get('detail', '')}".strip()
    except ValueError, KeyError, TypeError:
        return f"The service answered with the error {error.code}: see its log."
