"""Compiles the C++ test programs, once for each state of their sources."""

import fcntl
import hashlib
import os
import shutil
import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
COMPONENT = ROOT / "esphome_configs/components/facegate_gate"
SOURCES = ("gate_core", "gate_commands", "gate_readers", "passages", "allow_list", "clock", "line")
CORE = tuple(COMPONENT / f"{name}.cpp" for name in SOURCES)
CORE_HEADERS = tuple(
    COMPONENT / f"{name}.h"
    for name in ("gate_core", "gate_states", "inputs", "events", "passages", "allow_list", "clock", "flash", "line")
)
HEADERS = (*CORE_HEADERS, HERE / "test_port.h", HERE / "hmac.h")
FLAGS = ("-std=c++17", "-O1", "-g", "-Wall", "-Wextra", "-Werror", "-Wno-deprecated-declarations")
SANITIZERS = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-fno-omit-frame-pointer")


def compiled(source: str, *options: str, compiler: str = "g++") -> Path:
    """Compile ``source`` of this folder with the gate core; ``options``: further flags and libraries."""
    program = shutil.which(compiler)
    assert program is not None, f"the firmware's tests need {compiler}; run scripts/setup test"
    files = (HERE / source, *CORE)
    command = [program, *FLAGS, f"-I{COMPONENT}", *map(str, files), *options]
    state = hashlib.sha256(" ".join(command).encode())
    state.update(subprocess.run([program, "--version"], check=True, capture_output=True).stdout)
    for file in (*files, *HEADERS):
        state.update(file.read_bytes())
    folder = Path(os.environ.get("FACEGATE_CACHE", ROOT / ".cache")) / "firmware-tests"
    folder.mkdir(parents=True, exist_ok=True)
    built = folder / f"{source.removesuffix('.cpp')}-{state.hexdigest()[:16]}"
    with (folder / f"{source}.lock").open("w") as lock:  # tests run side by side, and more than one wants the program
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not built.exists():
            fresh = folder / f".{built.name}"
            result = subprocess.run([*command, "-o", str(fresh)], capture_output=True, text=True, check=False)
            assert result.returncode == 0, result.stderr
            for old in folder.glob(f"{source.removesuffix('.cpp')}-*"):
                old.unlink(missing_ok=True)
            fresh.rename(built)
    return built
