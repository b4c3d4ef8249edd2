"""What may go with a request to the residents' pages and with an answer from there: what is named here, and no more.

The pages stand at Home Assistant's own address, where browsers keep its log-ins. So Home Assistant, and not what
answers, says what a page may do there: run scripts from its own folder, ask its own folder, and be framed by nobody.
"""

import re
from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha256
from http.cookies import SimpleCookie
from typing import Final

from aiohttp import hdrs, web
from multidict import CIMultiDict, CIMultiDictProxy

_HOST: Final = re.compile(r"(?:[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?")
_SENT: Final = (hdrs.ACCEPT_LANGUAGE, hdrs.CONTENT_TYPE, "Sec-Fetch-Site", "X-FaceGate-Form")
_ANSWERED: Final = {
    hdrs.CONTENT_DISPOSITION: re.compile(r'attachment; filename="[a-z0-9.-]{1,60}"'),
    hdrs.CONTENT_LANGUAGE: re.compile(r"[A-Za-z-]{1,20}"),
    hdrs.CONTENT_LENGTH: re.compile(r"[0-9]{1,9}"),
    hdrs.CONTENT_TYPE: re.compile(
        r"(?:text/(?:html|css|javascript|plain)|application/(?:problem\+)?json|application/zip|image/svg\+xml)"
        r"(?:; charset=utf-8)?"
    ),
    hdrs.RETRY_AFTER: re.compile(r"[0-9]{1,5}"),
    hdrs.VARY: re.compile(r"[A-Za-z, -]{1,80}"),
    "Permissions-Policy": re.compile(r"camera=\((?:self)?\), microphone=\(\), geolocation=\(\)"),
}
_COOKIE: Final = re.compile(r"facegate_[a-z_]{1,40}")
_VALUE: Final = re.compile(r"[A-Za-z0-9_-]{1,128}")
_SECURITY: Final = {
    hdrs.CACHE_CONTROL: "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    hdrs.SERVER: "",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow",
}


def is_host(text: str) -> bool:
    """Whether this can be the host of an address."""
    return _HOST.fullmatch(text) is not None


def sent(request: web.Request) -> CIMultiDict[str]:
    """Return what of a browser's headers is handed on; no cookie but ours, and nothing that Home Assistant goes by."""
    headers = CIMultiDict({name: request.headers[name] for name in _SENT if name in request.headers})
    ours = {n: v for n, v in request.cookies.items() if _COOKIE.fullmatch(n) and _VALUE.fullmatch(v)}
    if ours:
        headers[hdrs.COOKIE] = "; ".join(f"{name}={value}" for name, value in ours.items())
    headers[hdrs.ACCEPT_ENCODING] = "identity"  # so that an answer goes through as it is
    return headers


def answered(headers: CIMultiDictProxy[str]) -> dict[str, str] | None:
    """Return what of an answer's headers is handed on; ``None`` where it is nothing that a page of ours consists of."""
    kept = {name: headers[name] for name, shape in _ANSWERED.items() if shape.fullmatch(headers.get(name, ""))}
    return kept if hdrs.CONTENT_TYPE in kept and hdrs.CONTENT_ENCODING not in headers else None


def secure(base: str) -> dict[str, str]:
    """Return the headers of a page; ``base``: the address of the pages, with a slash at its end."""
    return _policed(
        f"script-src {base}static/; style-src {base}static/; img-src {base}static/ blob: data:; media-src blob:; "
        f"connect-src {base}; worker-src 'none'"
    )


def plain(style: str) -> dict[str, str]:
    """Return the headers of a page that asks for nothing and has this one style in it."""
    return _policed(f"style-src 'sha256-{b64encode(sha256(style.encode()).digest()).decode()}'")


def _policed(policy: str) -> dict[str, str]:
    nothing = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    return {**_SECURITY, "Content-Security-Policy": f"{nothing}; {policy}"}


def set_cookies(response: web.StreamResponse, given: SimpleCookie, path: str, *, is_secure: bool) -> None:
    """Set the cookies of an answer anew: ours alone, for the pages alone, and out of reach for scripts and others."""
    where: Mapping[str, str | bool] = {"path": path, "httponly": True, "samesite": "Strict", "secure": is_secure}
    for name, morsel in given.items():
        if not _COOKIE.fullmatch(name):
            continue
        lasts = str(morsel["max-age"])
        if not _VALUE.fullmatch(morsel.value) or not lasts.isdigit() or not int(lasts):
            response.del_cookie(name, **where)  # type: ignore[arg-type]  # one mapping for both
        else:
            response.set_cookie(name, morsel.value, max_age=int(lasts), **where)  # type: ignore[arg-type]
