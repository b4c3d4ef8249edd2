"""Compiles the C++ test programs, once for each state of their sources."""

import hashlib
import os
import shutil
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
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
HEADERS = (*CORE_HEADERS, HERE / "test_port.h", HERE / "hmac.h", HERE / "rules/list.h")
FLAGS = ("-std=c++17", "-O1", "-g", "-Wall", "-Wextra", "-Werror", "-Wno-deprecated-declarations")
SANITIZERS = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-fno-omit-frame-pointer")
TOGETHER = 2  # compilers at once


def sources_of(source: str) -> list[Path]:
    """``source`` is a file of this folder, or a folder in it, whose files are one program."""
    place = HERE / source
    return sorted(place.glob("*.cpp")) if place.is_dir() else [place]


def units(source: str, folder: Path) -> list[Path]:
    """What is compiled one by one: a file, or as many parts of a folder as there are compilers, written to ``folder``.

    GoogleTest's headers take a compiler longer than the tests behind them do, so they are read as seldom as can be.
    """
    files = sources_of(source)
    if len(files) == 1:
        return files
    parts = [folder / f"{source}{number}.cpp" for number in range(TOGETHER)]
    for number, part in enumerate(parts):
        part.write_text("".join(f'#include "{file}"\n' for file in files[number::TOGETHER]))
    return parts


def compiled(source: str, *options: str, compiler: str = "g++") -> Path:
    """Compile ``source`` with the gate core; ``options``: further flags and libraries."""
    program = shutil.which(compiler)
    assert program is not None, f"the firmware's tests need {compiler}; run scripts/setup test"
    name = source.removesuffix(".cpp")
    files = (*sources_of(source), *CORE)
    command = [program, *FLAGS, *options, f"-I{COMPONENT}", f"-I{HERE}"]
    state = hashlib.sha256(" ".join((*command, *map(str, files))).encode())
    state.update(subprocess.run([program, "--version"], check=True, capture_output=True).stdout)
    for file in (*files, *HEADERS):
        state.update(file.read_bytes())
    folder = Path(os.environ.get("FACEGATE_CACHE", ROOT / ".cache")) / "firmware-tests"
    folder.mkdir(parents=True, exist_ok=True)
    built = folder / f"{name}-{state.hexdigest()[:16]}"
    if not built.exists():
        with tempfile.TemporaryDirectory(dir=folder) as work, ThreadPoolExecutor(TOGETHER) as pool:
            parts = (*units(source, Path(work)), *CORE)
            objects = [Path(work) / f"{number}.o" for number in range(len(parts))]
            list(pool.map(lambda file, out: run([*command, "-c", str(file), "-o", str(out)]), parts, objects))
            fresh = Path(work) / name
            run([program, *map(str, objects), *FLAGS, *options, "-o", str(fresh)])  # libraries come last
            for old in folder.glob(f"{name}-*"):
                old.unlink(missing_ok=True)
            fresh.rename(built)
    return built


def run(command: list[str]) -> None:
    """Run a compiler; what it complains of is the failure."""
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr[-6000:]
