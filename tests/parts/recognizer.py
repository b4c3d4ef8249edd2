"""The recognizer as a real process, driven from outside: its command line, its API, its log."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.parts.waiting import PATIENCE, wait_for

_ROOT = Path(__file__).resolve().parents[2]
PAIRING_CODE = re.compile(r"\b[0-9A-HJKMNP-TV-Z]{4}(?:-[0-9A-HJKMNP-TV-Z]{4}){2}\b")


def free_port() -> int:
    """A TCP port on loopback that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def facegate(*arguments: str, data: Path | None = None, timeout: float = 120) -> subprocess.CompletedProcess[str]:
    """Run one command of the command line to its end."""
    return subprocess.run(
        [sys.executable, "-m", "facegate.cli", *arguments],
        capture_output=True,
        text=True,
        timeout=timeout,
        cwd=_ROOT,
        env=_environment(data),
        check=False,
    )


def _environment(data: Path | None) -> dict[str, str]:
    environment = dict(os.environ)
    environment.pop("SUPERVISOR_TOKEN", None)
    if data is not None:
        environment["FACEGATE_DATA_DIR"] = str(data)
    return environment


class Recognizer:
    """``facegate run`` on a data folder, against a broker.

    Trial gates get the node that the test brings, and no one of the recognizer's own unless ``extra`` says
    ``--trial-nodes``. Without ``mqtt_port`` the Supervisor that ``given`` names has to tell of a broker.
    """

    def __init__(
        self,
        data: Path,
        mqtt_port: int | None,
        *,
        site: str = "home",
        extra: tuple[str, ...] = (),
        given: Mapping[str, str] | None = None,
    ) -> None:
        self.data = data
        self.site = site
        self.api_port = free_port()
        self.ingress_port = free_port()
        self.residents_port = free_port()
        self.log_path = data / "recognizer.log"
        self.token = ""
        self.event_key = b""
        self._extra = (
            extra if mqtt_port is None else ("--mqtt-host", "127.0.0.1", "--mqtt-port", str(mqtt_port), *extra)
        )
        self._given = given or {}
        self._process: subprocess.Popen[bytes] | None = None
        data.mkdir(parents=True, exist_ok=True)

    @property
    def pid(self) -> int:
        """Process number."""
        assert self._process is not None
        return self._process.pid

    @property
    def address(self) -> str:
        """Where the API is."""
        return f"http://127.0.0.1:{self.api_port}"

    def start(self, timeout: float = PATIENCE) -> None:
        """Start and wait until the API answers."""
        command = [
            sys.executable, "-m", "facegate.cli", "run", "--data", str(self.data), "--site", self.site,
            "--api-host", "127.0.0.1", "--api-port", str(self.api_port), "--api-url", self.address,
            "--ingress-port", str(self.ingress_port), "--residents-port", str(self.residents_port),
            "--local-pages", "--no-trial-nodes", *self._extra,
        ]  # fmt: skip
        with self.log_path.open("ab") as log:
            self._process = subprocess.Popen(
                command, stdout=log, stderr=subprocess.STDOUT, env={**_environment(self.data), **self._given}, cwd=_ROOT
            )
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            if self._process.poll() is not None:
                raise AssertionError(f"the recognizer has ended: {self.log()[-2000:]}")
            try:
                self.api("GET", "/health", token="")
            except OSError:
                time.sleep(0.1)
            else:
                return
        raise AssertionError(f"the API does not answer: {self.log()[-2000:]}")

    def stop(self, how: signal.Signals = signal.SIGTERM, timeout: float = PATIENCE) -> int:
        """Send a signal and wait; returns the exit code, 0 where it was never started."""
        if self._process is None:
            return 0
        if self._process.poll() is None:
            self._process.send_signal(how)
        return self._process.wait(timeout)

    def log(self) -> str:
        """Everything it has written so far."""
        return self.log_path.read_text(errors="replace")

    def pairing_code(self) -> str:
        """The newest code of the log."""

        def codes() -> list[str]:  # the panel's code for its first owner stands there as well
            told = [line for line in self.log().splitlines() if "Pairing code" in line]
            return [code for line in told for code in PAIRING_CODE.findall(line)]

        return wait_for(codes, shows=lambda: f"no pairing code in the log: {self.log()[-2000:]}")[-1]

    def pair(self, name: str = "Test", code: str | None = None) -> dict[str, Any]:
        """Pair with ``code``, or the newest one of the log, as Home Assistant does, and keep the token."""
        paired: dict[str, Any] = self.api(
            "POST", "/pair", {"code": code or self.pairing_code(), "name": name}, token=""
        )
        self.token = paired["token"]
        self.event_key = bytes.fromhex(paired["event_key"])
        return paired

    def api(
        self,
        method: str,
        path: str,
        body: dict[str, Any] | None = None,
        *,
        token: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> Any:
        """Make one request of the API; raises urllib.error.HTTPError with the problem in its text."""
        bearer = self.token if token is None else token
        request = urllib.request.Request(
            f"{self.address}/api/v1{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"}
            | ({"Authorization": f"Bearer {bearer}"} if bearer else {})
            | (headers or {}),
        )
        try:
            with urllib.request.urlopen(request, timeout=20) as response:
                content = response.read()
        except urllib.error.HTTPError as error:
            error.msg = f"{error.msg}: {error.read().decode(errors='replace')}"
            raise
        return json.loads(content) if content else None
