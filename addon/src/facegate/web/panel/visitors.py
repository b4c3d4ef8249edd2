"""Who sits before the panel: by Home Assistant's word behind ingress, by a password where there is no Home Assistant.

Behind ingress the Supervisor says who asks, in headers that count on this listener alone and from its address alone.
Without it, a session is a random cookie that this process remembers. The first owner proves to be one by a code that
stands in the log, which nobody else can read.
"""

import asyncio
import hashlib
import hmac
import logging
import re
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from aiohttp import hdrs, web

from facegate.adapters.store.members import Member
from facegate.web.limits import Failures
from facegate.web.pairing import Pairing
from facegate.web.panel.roles import SCOPES, Role
from facegate.web.problems import FORBIDDEN, UNAUTHENTICATED, ProblemError
from facegate.web.tokens import Bearer, too_many

USER_ID: Final = "X-Remote-User-Id"
USER_NAME: Final = "X-Remote-User-Display-Name"
CSRF: Final = "X-FaceGate-Form"
"""The header that proves that a change was asked for by a page of ours: no other site can make a browser send it."""
SESSION: Final = "facegate_panel"
SESSION_SECONDS: Final = 12 * 3600.0
PASSWORD_LEAST: Final = 12  # characters; the longest is what scrypt takes in one go without effort
PASSWORD_MOST: Final = 200

_USER = re.compile(r"[0-9a-f]{32}")
_LOGIN = re.compile(r"[\w.@-]{1,64}")
_MOST_SESSIONS: Final = 256
_MOST_STRANGERS: Final = 20
_FAILURES: Final = 5
_WINDOW: Final = 300.0  # seconds

_LOGGER = logging.getLogger(__name__)


class Members(Protocol):
    """The part of the store that knows who may use the panel; synchronous."""

    def members(self) -> list[Member]:
        """Everybody."""

    def member(self, identifier: str) -> Member | None:
        """One of them."""

    def set_member(self, identifier: str, name: str, role: str, password: str | None = None) -> None:
        """Give somebody a role."""

    def knows_password(self, identifier: str, password: str) -> bool:
        """Whether this is the member's password."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Whoever asks for a page. Without a role they see nothing. ``form``: what their pages send in :data:`CSRF`."""

    id: str
    name: str
    role: Role | None
    form: str

    def may(self, roles: frozenset[Role]) -> bool:
        """Whether their role is among these."""
        return self.role in roles


@dataclass(frozen=True, slots=True)
class _Session:
    member: str
    ends: float


class Reception:
    """Knows the visitors of the panel. For one thread, the event loop's.

    Args:
        members: who may use the panel.
        by_password: whether visitors come without Home Assistant.
        clock: monotonic seconds.
    """

    def __init__(self, members: Members, *, by_password: bool, clock: Callable[[], float] = time.monotonic) -> None:
        self.by_password = by_password
        self.strangers: OrderedDict[str, str] = OrderedDict()  # users without a role who came by, to choose from
        self._members = members
        self._clock = clock
        self._code = Pairing(clock)
        self._secret = secrets.token_bytes(32)
        self._sessions: OrderedDict[bytes, _Session] = OrderedDict()
        self._failures = Failures(_FAILURES, _WINDOW, clock)

    async def open(self) -> None:
        """As long as there is no owner, write a code for the first one into the log."""
        if not await self.claimed():
            _LOGGER.warning(
                "Code for the first owner of the panel, good for 10 minutes and for one use: %s (restart FaceGate for "
                "a new one).",
                self._code.make_code(),
            )

    async def claimed(self) -> bool:
        """Whether there is an owner."""
        return bool(await asyncio.to_thread(self._members.members))

    async def visitor(self, request: web.Request) -> Visitor | None:
        """Whoever asks; ``None`` for somebody who has to log in first."""
        if self.by_password:
            return await self._by_session(request)
        user = request.headers.get(USER_ID, "")
        if not _USER.fullmatch(user):
            return None
        member = await asyncio.to_thread(self._members.member, user)
        name = request.headers.get(USER_NAME, "")[:100] or (member.name if member else user[:8])
        if member is None:
            self._note(user, name)
        return self._visitor(user, name, member)

    async def claim(self, request: web.Request, code: str, login: str = "", password: str = "") -> str | None:
        """Make the first owner of whoever knows the code; returns the session to set, if any. Raises ProblemError."""
        self._refuse_guessing(request)
        if await self.claimed():
            raise ProblemError(FORBIDDEN, "The panel has an owner already: ask them for a role.")
        user, name = (login, login) if self.by_password else await self._unknown(request)
        if self.by_password:
            _check_login(login, password)
        if not self._code.accept(code):
            self._failures.add(request.remote or "")
            raise ProblemError(
                FORBIDDEN, "This is not the code in the log, or its time is over: restart for a new one."
            )
        word = password if self.by_password else None
        await asyncio.to_thread(self._members.set_member, user, name, Role.OWNER, word)
        return self._begin(user) if self.by_password else None

    async def log_in(self, request: web.Request, login: str, password: str) -> str:
        """Return a new session; the old one, if any, is over. Raises ProblemError."""
        self._refuse_guessing(request)
        if len(password) > PASSWORD_MOST or not await asyncio.to_thread(self._members.knows_password, login, password):
            self._failures.add(request.remote or "")
            raise ProblemError(UNAUTHENTICATED, "The name or the password is wrong.")
        self.log_out(request)
        return self._begin(login)

    def log_out(self, request: web.Request) -> None:
        """End the session of this request."""
        self._sessions.pop(_digest(request.cookies.get(SESSION, "")), None)

    async def bearer(self, request: web.Request) -> Bearer | None:
        """The visitor as the API knows whoever asks; raises ProblemError for a change that no page of ours asks for."""
        visitor = await self.visitor(request)
        if visitor is None or visitor.role is None:
            return None
        if request.method not in {hdrs.METH_GET, hdrs.METH_HEAD}:
            self.require_form(request, visitor)
        return Bearer(f"panel:{visitor.id}", visitor.name, SCOPES[visitor.role])

    @staticmethod
    def require_form(request: web.Request, visitor: Visitor) -> None:
        """Raise ProblemError unless a page that was made for this visitor sends the request."""
        site = request.headers.get("Sec-Fetch-Site", "same-origin")
        sent = request.headers.get(CSRF, "")
        if site != "same-origin" or not hmac.compare_digest(sent.encode(), visitor.form.encode()):
            raise ProblemError(FORBIDDEN, "This page is out of date: reload it and try again.")

    async def _by_session(self, request: web.Request) -> Visitor | None:
        key = _digest(request.cookies.get(SESSION, ""))
        session = self._sessions.get(key)
        if session is None or session.ends <= self._clock():
            self._sessions.pop(key, None)
            return None
        member = await asyncio.to_thread(self._members.member, session.member)
        return None if member is None else self._visitor(member.id, member.name, member)

    async def _unknown(self, request: web.Request) -> tuple[str, str]:
        visitor = await self.visitor(request)
        if visitor is None:
            raise ProblemError(UNAUTHENTICATED, "Open the panel from Home Assistant's sidebar.")
        return visitor.id, visitor.name

    def _visitor(self, user: str, name: str, member: Member | None) -> Visitor:
        form = hmac.new(self._secret, user.encode(), hashlib.sha256).hexdigest()
        return Visitor(user, name, Role(member.role) if member else None, form)

    def _begin(self, member: str) -> str:
        session = secrets.token_urlsafe(32)
        self._sessions[_digest(session)] = _Session(member, self._clock() + SESSION_SECONDS)
        while len(self._sessions) > _MOST_SESSIONS:
            self._sessions.popitem(last=False)
        return session

    def _note(self, user: str, name: str) -> None:
        self.strangers[user] = name
        self.strangers.move_to_end(user)
        while len(self.strangers) > _MOST_STRANGERS:
            self.strangers.popitem(last=False)

    def _refuse_guessing(self, request: web.Request) -> None:
        if wait := self._failures.wait(request.remote or ""):
            raise too_many(wait)


def _digest(session: str) -> bytes:
    return hashlib.sha256(session.encode()).digest()


def _check_login(login: str, password: str) -> None:
    if not _LOGIN.fullmatch(login):
        raise ProblemError(FORBIDDEN, "Choose a name of 1 to 64 letters, digits and . @ - _.")
    if not PASSWORD_LEAST <= len(password) <= PASSWORD_MOST:
        raise ProblemError(FORBIDDEN, f"Choose a password of {PASSWORD_LEAST} to {PASSWORD_MOST} characters.")
