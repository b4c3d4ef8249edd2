"""The real gate node as a native program, on simulated hardware: started, stopped, killed and touched by tests."""

import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Self

from tests.parts.broker import Mosquitto
from tests.parts.relay import RelayLog

ROOT = Path(__file__).resolve().parents[2]
STOP_SECONDS = 10.0


def build_node(*, sanitize: bool = False) -> Path:
    """Build the native node if its sources have changed, and return the program; ``sanitize``: with ASan and UBSan."""
    command = [str(ROOT / "scripts/lib/build_node"), *(["--sanitize"] if sanitize else [])]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    return Path(result.stdout.strip())


class NativeNode:
    """One node process with its own folder for flash, inputs and relay log; a context manager that starts and stops it.

    ``relay`` is the observer of its two relays. The folder stays over restarts, so the boot number goes on.
    """

    def __init__(
        self,
        folder: Path,
        broker: Mosquitto,
        *,
        key: bytes,
        gate: str = "main",
        site: str = "home",
        username: str | None = None,
        program: Path | None = None,
    ) -> None:
        self.folder = folder
        self.gate = gate
        self.site = site
        self.key = key
        self.log = folder / "node.log"
        self.relay = RelayLog(folder / "relay.log")
        self._program = program or build_node()
        self._process: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True, exist_ok=True)
        self.environment = {
            "FACEGATE_NODE_SIM": str(folder),
            "FACEGATE_NODE_SITE": site,
            "FACEGATE_NODE_GATE": gate,
            "FACEGATE_NODE_KEY": key.hex(),
            "FACEGATE_NODE_BROKER": f"{broker.host}:{broker.port}",
            "ESPHOME_PREFDIR": str(folder / "flash"),
        }
        if username is not None:
            self.environment["FACEGATE_NODE_USERNAME"] = username
            self.environment["FACEGATE_NODE_PASSWORD"] = broker.users[username]
        if broker.ca is not None:
            self.environment["FACEGATE_NODE_CA"] = str(broker.ca)

    @property
    def hints(self) -> list[str]:
        """The patterns that its lamp would have shown, in order."""
        log = self.folder / "hint.log"
        return [line.split()[0] for line in log.read_text().splitlines()] if log.exists() else []

    @property
    def pid(self) -> int:
        """The process id of the running node."""
        assert self._process is not None
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the process lives."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Switch the node on. It is connected when its hello comes."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [self._program], env={**os.environ, **self.environment}, stdout=log, stderr=log
            )

    def stop(self) -> None:
        """End it in order: it says offline itself. One that had ended before, or ends badly, fails the test."""
        code = self._end(signal.SIGTERM)
        assert code in (None, 0), f"the node ended with {code}:\n{self.log.read_text(errors='replace')[-4000:]}"

    def kill(self) -> None:
        """Cut its power: SIGKILL. The broker tells of it by the last will."""
        self._end(signal.SIGKILL)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def set_input(self, name: str, active: bool) -> None:
        """Hold or let go an input (``exit``, ``fire``, ``reset``, ``door``, ``press``, …): simulation.h lists them."""
        file = self.folder / name
        file.touch() if active else file.unlink(missing_ok=True)

    def present(self, kind: str, relay: int, number: str) -> None:
        """Hold a ``card`` (UID in hex) to the reader beside ``relay``, or key in a ``pin`` (digits)."""
        fresh = self.folder / f".{kind}"
        fresh.write_text(f"{relay} {number}\n")
        fresh.rename(self.folder / kind)

    def touch_input(self, name: str, seconds: float = 0.25) -> None:
        """Press an input for a moment: long enough for a node to see it on a busy machine; it looks every 16 ms."""
        self.set_input(name, True)
        time.sleep(seconds)
        self.set_input(name, False)
        time.sleep(seconds)

    def _end(self, how: signal.Signals) -> int | None:
        if self._process is None:
            return None
        self._process.send_signal(how)
        code = self._process.wait(STOP_SECONDS)
        self._process = None
        return code
