"""The handle on a recognizer's side that runs as a process of its own: start, ask, kill, and what it has said."""

import json
import secrets
import subprocess
import sys
import threading
import time
from concurrent.futures import Future
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Self

from tests.firmware.faults.recognizer_process import Setup
from tests.parts.broker import Mosquitto

ROOT = Path(__file__).resolve().parents[3]
START_SECONDS = 60.0
PULSE_MS = 60  # short, so that a thousand openings take minutes; the node's own checks are the same


@dataclass(frozen=True, slots=True)
class Told:
    """An event as the product believed it, in which of its lives; ``filled``: it had been missing."""

    life: int
    boot: int
    seq: int
    type: str
    subject: str
    value: str
    filled: bool


@dataclass(frozen=True, slots=True)
class Lost:
    """What the product said was lost: how many of one boot, in which of its lives; ``seq``: the last one it had."""

    life: int
    boot: int
    seq: int
    count: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the product said came of an opening."""

    id: str
    result: str
    detail: str
    ms: int


class Recognizer:
    """One recognizer's side over its lives; its data stay."""

    def __init__(
        self,
        folder: Path,
        broker: Mosquitto,
        *,
        key: bytes,
        username: str,
        site: str,
        slot: int = 1,
        wall: float = 0.0,
        rate: float = 1.0,
    ) -> None:
        assert broker.ca is not None
        self.data = folder / "data"
        self.log = folder / "recognizer.log"
        self.events: list[Told] = []
        self.losses: list[Lost] = []
        self.killed_at: list[float] = []
        self.setup = Setup(
            data=str(self.data), site=site, gate="main", key=key.hex(), pulse_ms=PULSE_MS, host=broker.host,
            port=broker.port, username=username, password=broker.users[username], ca=str(broker.ca), slot=slot,
            wall=wall, rate=rate,
        )  # fmt: skip
        self._process: subprocess.Popen[bytes] | None = None
        self._reader = threading.Thread()
        self._asked: dict[str, Future[Outcome | None]] = {}
        self._changed = threading.Condition()
        self._state = ""
        folder.mkdir(parents=True, exist_ok=True)

    def start(self, **changed: Any) -> None:
        """Start it, with what is ``changed`` in its setup, and return when it listens."""
        self.setup = replace(self.setup, **changed)
        self._state = ""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.firmware.faults.recognizer_process", json.dumps(asdict(self.setup))],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, cwd=ROOT,
                env={"PYTHONPATH": f"{ROOT}:{ROOT / 'addon/src'}"},
            )  # fmt: skip
        self._reader = threading.Thread(target=self._listen, args=(self._process,), daemon=True)
        self._reader.start()
        self.wait_for_state("ready", "online")

    def wait_for_state(self, *states: str) -> None:
        """Return when it stands so."""
        with self._changed:
            self._changed.wait_for(lambda: self._state in (*states, "ended"), START_SECONDS)
            assert self._state in states, (
                f"the recognizer's side is '{self._state}', not {states}:\n{self.log.read_text()[-2000:]}"
            )

    def ask(self, *, seconds: float = 6.0) -> Future[Outcome | None]:
        """Wish for an opening, which lasts so long; the answer is ``None`` if it is killed before."""
        assert self._process is not None
        assert self._process.stdin is not None
        opening = secrets.token_hex(8)
        answer: Future[Outcome | None] = Future()
        with self._changed:
            self._asked[opening] = answer
        self._process.stdin.write(json.dumps({"id": opening, "seconds": seconds}).encode() + b"\n")
        self._process.stdin.flush()
        return answer

    def open(self) -> Outcome:
        """Open, and return what came of it."""
        outcome = self.ask().result(30)
        assert outcome is not None
        return outcome

    def kill(self) -> None:
        """SIGKILL."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(10)
        self.killed_at.append(time.time())
        self._end()

    def stop(self) -> None:
        """End it in order; one that ends badly fails the test."""
        if self._process is None:
            return
        assert self._process.stdin is not None
        self._process.stdin.close()
        code = self._process.wait(60)
        self._end()
        assert code == 0, self.log.read_text()[-4000:]

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _end(self) -> None:
        assert self._process is not None
        self._reader.join(10)
        assert self._process.stdout is not None
        self._process.stdout.close()
        if self._process.stdin is not None and not self._process.stdin.closed:
            self._process.stdin.close()
        self._process = None
        with self._changed:
            unanswered, self._asked = self._asked, {}
        for answer in unanswered.values():
            answer.set_result(None)

    def _listen(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            if not line.endswith(b"\n"):
                break  # it was killed while it spoke
            words = json.loads(line)
            match words.pop("said"):
                case "event":
                    self.events.append(Told(life=len(self.killed_at), **words))
                case "loss":
                    self.losses.append(Lost(life=len(self.killed_at), **words))
                case "outcome":
                    with self._changed:
                        answer = self._asked.pop(words["id"])
                    answer.set_result(Outcome(**words))
                case "state":
                    self._turn(words["state"])
                case "ready":
                    self._turn("ready")
        self._turn("ended")

    def _turn(self, state: str) -> None:
        with self._changed:
            self._state = state if self._state != "online" or state != "ready" else self._state
            self._changed.notify_all()
