"""What can go wrong with a request, as RFC 9457 problem details; each type is a translation key."""

import json
from dataclasses import dataclass
from typing import Any, Final

from aiohttp import web

URN: Final = "urn:facegate:problem:"
CONTENT_TYPE: Final = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of problem; ``key`` ends its type URN and is the translation key."""

    key: str
    status: int
    title: str

    @property
    def type(self) -> str:
        """The URN that names this kind for ever."""
        return URN + self.key


MALFORMED = Kind("malformed", 400, "The request cannot be read.")
UNAUTHENTICATED = Kind("unauthenticated", 401, "A valid token is missing.")
PAIRING_REFUSED = Kind("pairing_refused", 403, "The pairing code is not accepted.")
FORBIDDEN = Kind("forbidden", 403, "This token may not do that.")
NOT_FOUND = Kind("not_found", 404, "There is nothing of that name.")
METHOD_NOT_ALLOWED = Kind("method_not_allowed", 405, "This method is not offered here.")
EXISTS = Kind("exists", 409, "That name is taken.")
TOO_LARGE = Kind("too_large", 413, "The request is too large.")
UNSUPPORTED_MEDIA_TYPE = Kind("unsupported_media_type", 415, "The body must be JSON.")
INVALID = Kind("invalid", 422, "The request has values that cannot be used.")
NOT_OPENED = Kind("not_opened", 409, "The gate did not open.")
NOT_WAITING = Kind("not_waiting", 409, "No camera waits for a press.")
PRESS_EXPIRED = Kind("press_expired", 422, "The press is not fresh.")
MODE_NOT_SET = Kind("mode_not_set", 409, "The gate's mode is as it was.")
FIRE_NOT_RESET = Kind("fire_not_reset", 409, "The gate stays released.")
RECOGNITION_ONLY = Kind("recognition_only", 422, "This camera would open for a photograph.")
MASKS_NEED_FACTOR = Kind("masks_need_factor", 422, "Masked faces need a second factor.")
THRESHOLD_TOO_LOW = Kind("threshold_too_low", 422, "This threshold would let strangers in.")
LAST_OWNER = Kind("last_owner", 409, "Somebody has to be the owner.")
WALK_REFUSED = Kind("walk_refused", 409, "The test of the gate cannot go on like that.")
OPEN_EXPIRED = Kind("open_expired", 422, "The wish to open is not fresh.")
RATE_LIMITED = Kind("rate_limited", 429, "Too many attempts.")
LIST_FULL = Kind("list_full", 409, "The gate's list has no room for it.")
LINES_REFUSED = Kind("lines_refused", 422, "The list cannot be stored as it is.")
WAYS_MISSING = Kind("ways_missing", 409, "Somebody would have no way in without a face.")
NO_PICTURE = Kind("no_picture", 409, "The camera shows nothing now.")
NOT_LEARNED = Kind("not_learned", 409, "The gate does not wait for a card.")
CONSENT_REFUSED = Kind("consent_refused", 409, "This is no valid consent.")
ENROLMENT_REFUSED = Kind("enrolment_refused", 409, "Nobody can be enrolled like this.")
NOT_NOW = Kind("not_now", 409, "That is not possible as things stand.")
LOCKED = Kind("locked", 503, "The site key is locked.")
WAITING = Kind("waiting", 503, "FaceGate waits for what it needs to start.")
FAULT = Kind("fault", 500, "Something failed inside FaceGate.")
STORE = Kind("store", 503, "The store does not work.")

KINDS: Final = (
    MALFORMED,
    UNAUTHENTICATED,
    PAIRING_REFUSED,
    FORBIDDEN,
    NOT_FOUND,
    METHOD_NOT_ALLOWED,
    EXISTS,
    TOO_LARGE,
    UNSUPPORTED_MEDIA_TYPE,
    INVALID,
    NOT_OPENED,
    NOT_WAITING,
    PRESS_EXPIRED,
    MODE_NOT_SET,
    FIRE_NOT_RESET,
    RECOGNITION_ONLY,
    MASKS_NEED_FACTOR,
    THRESHOLD_TOO_LOW,
    LAST_OWNER,
    OPEN_EXPIRED,
    WALK_REFUSED,
    LIST_FULL,
    NOT_LEARNED,
    NO_PICTURE,
    LINES_REFUSED,
    WAYS_MISSING,
    RATE_LIMITED,
    CONSENT_REFUSED,
    ENROLMENT_REFUSED,
    NOT_NOW,
    LOCKED,
    WAITING,
    FAULT,
    STORE,
)


class ProblemError(Exception):
    """A request that cannot be granted. ``detail`` says what to do; ``more`` are members for machines."""

    def __init__(self, kind: Kind, detail: str, *, headers: dict[str, str] | None = None, **more: Any) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail
        self.headers = headers or {}
        self.more = more

    def response(self) -> web.Response:
        """Return the answer that says so."""
        content = {
            "type": self.kind.type,
            "title": self.kind.title,
            "status": self.kind.status,
            "detail": self.detail,
            **self.more,
        }
        return web.Response(
            body=json.dumps(content).encode(),
            status=self.kind.status,
            headers={**self.headers, "Content-Type": CONTENT_TYPE},
        )
