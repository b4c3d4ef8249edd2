"""A form with pictures, as a browser sends it."""

import json
from collections.abc import Sequence
from typing import Any

_BOUNDARY = "----one-boundary-of-this-form"


def form(given: Any, pictures: Sequence[tuple[str, bytes]]) -> dict[str, Any]:
    """Return ``data`` and ``headers`` of a request with this JSON and these pictures."""
    raw = given if isinstance(given, bytes) else json.dumps(given).encode()
    parts = [b'Content-Disposition: form-data; name="given"\r\n\r\n' + raw]
    parts += [
        f'Content-Disposition: form-data; name="pictures"; filename="{name}"\r\n'.encode()
        + b"Content-Type: image/jpeg\r\n\r\n"
        + content
        for name, content in pictures
    ]
    body = b"".join(b"--" + _BOUNDARY.encode() + b"\r\n" + part + b"\r\n" for part in parts)
    data = body + b"--" + _BOUNDARY.encode() + b"--\r\n"
    return {"data": data, "headers": {"Content-Type": f"multipart/form-data; boundary={_BOUNDARY}"}}
