"""Runs `esphome` on many files, two at a time: it is imported once, and every file has a process of its own.

For ESPHome's Python. Reads lines of JSON, the arguments of one call each; writes one line of JSON a call: its exit code
and what it said.
"""

import json
import os
import sys
import tempfile
from typing import BinaryIO

import esphome.components.esp32  # as much as possible is imported before the processes part
import esphome.config  # noqa: F401
from esphome.__main__ import run_esphome

AT_ONCE = 2


def start(arguments: list[str], said: BinaryIO) -> int:
    process = os.fork()
    if process == 0:
        code = 70  # whatever goes wrong in here is a failure of this call
        try:
            os.dup2(said.fileno(), 1)
            os.dup2(said.fileno(), 2)
            code = int(run_esphome(["esphome", *arguments]) or 0)
            sys.stdout.flush()
            sys.stderr.flush()
        finally:
            os._exit(code)
    return process


def main() -> None:
    calls = [json.loads(line) for line in sys.stdin]
    results: list[tuple[int, str]] = [(70, "not run")] * len(calls)
    running: dict[int, tuple[int, BinaryIO]] = {}
    for number in range(len(calls) + AT_ONCE):
        if len(running) == AT_ONCE or (number >= len(calls) and running):
            process, status = os.wait()
            done, said = running.pop(process)
            said.seek(0)
            results[done] = (os.waitstatus_to_exitcode(status), " ".join(said.read().decode().split()))
            said.close()
        if number < len(calls):
            said = tempfile.TemporaryFile()  # noqa: SIM115  (closed when its process has ended)
            running[start(calls[number], said)] = (number, said)
    for result in results:
        print(json.dumps(result))


if __name__ == "__main__":
    main()
