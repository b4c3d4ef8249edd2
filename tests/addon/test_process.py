"""What the process does so that what is in its memory stays there."""

import ctypes
import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.parts.broker import Mosquitto
from tests.parts.recognizer import Recognizer
from tests.parts.waiting import wait_for

_PR_GET_DUMPABLE = 3  # linux/prctl.h


def test_it_writes_no_core_dump_and_makes_private_files(tmp_path: Path) -> None:
    with Mosquitto(tmp_path / "broker") as broker:
        recognizer = Recognizer(tmp_path / "data", broker.port)
        recognizer.start()
        try:
            process = Path(f"/proc/{recognizer.pid}")
            limits = {line[:25].strip(): line[25:].split() for line in _read(process / "limits").splitlines()}
            assert limits["Max core file size"][:2] == ["0", "0"]
            status = dict(line.split(":\t", 1) for line in _read(process / "status").splitlines() if ":\t" in line)
            assert status["Umask"] == "0077"
            # Whom a process that may not be dumped belongs to in the eyes of the kernel: nobody but root looks into it.
            assert (process / "environ").stat().st_uid == 0
            for path in recognizer.data.rglob("*"):
                if path.name != "recognizer.log":  # which the test has made
                    assert path.stat().st_mode & 0o077 == 0, path
        finally:
            code = recognizer.stop(signal.SIGSEGV)
        assert code == -signal.SIGSEGV
        assert [path for path in tmp_path.rglob("*core*") if path.is_file()] == []


def test_no_other_process_of_the_same_user_may_look_into_it() -> None:
    code = (
        "import ctypes; from facegate.adapters.process import seclude; seclude();"
        f"print(ctypes.CDLL(None).prctl({_PR_GET_DUMPABLE}, 0, 0, 0, 0))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=True)
    assert said.stdout.strip() == "0"
    assert ctypes.CDLL(None).prctl(_PR_GET_DUMPABLE, 0, 0, 0, 0) == 1, "the test's own process is not affected"


def _read(path: Path) -> str:
    return wait_for(path.read_text, shows=lambda: f"{path} is empty; this is process {os.getpid()}")
