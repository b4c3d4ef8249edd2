"""The pure core for a 32-bit target: how large it is, and its tests under emulation.

ARM with GCC from Debian, because it is kept by Debian, is there in seconds, and differs from the machine that builds
in what could hurt on an ESP32: size_t and pointers of 32 bits, a char without a sign, 64-bit numbers in pairs of
registers. It is no ESP32; nothing but the firmware itself is.
"""

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.firmware.compiled import COMPONENT, CORE, HEADERS, HERE, ROOT, TOGETHER, sources_of, units

TARGET = "arm-linux-gnueabihf"
EMULATOR = "qemu-arm"
GOOGLETEST = Path("/usr/src/googletest/googletest")  # Debian's libgtest-dev brings the sources along
TEXT_LIMIT = 24 * 1024
SMALL = ("-Os", "-fno-exceptions", "-fno-rtti", "-fno-unwind-tables", "-fno-asynchronous-unwind-tables")
FLAGS = ("-std=c++17", "-Wall", "-Wextra", "-Werror", "-Wno-psabi", "-DFACEGATE_NO_OPENSSL", "-static", "-pthread")
SANITIZER = ("-fsanitize=undefined", "-fno-sanitize-recover=undefined")
"""Of the core, as its tests run it; Debian has no AddressSanitizer that qemu's user mode could run for this target."""
SIZE_QUESTION = """
#include <cstdio>
#include "gate_core.h"
int main() { std::printf("%zu", sizeof(facegate::GateCore)); }
"""


@dataclass(frozen=True, slots=True)
class Size:
    """Bytes of the core on the 32-bit target. ``text``: machine code and constants; ``gate_core``: one of it."""

    text: int
    data: int
    gate_core: int


def tool(name: str) -> str:
    """Where a program is; a missing one is a failure."""
    program = shutil.which(name)
    assert program is not None, f"the tests of the 32-bit core need {name}; run scripts/setup test"
    return program


def compiled_small(
    source: Path, *sources: Path, options: tuple[str, ...] = (), headers: tuple[Path, ...] = HEADERS
) -> Path:
    """Compile, or link, for the target, once for each state of the sources; ``headers``: ours, of which they know."""
    compiler = tool(f"{TARGET}-g++")
    includes = (f"-I{COMPONENT}", f"-I{HERE}", f"-I{GOOGLETEST}", f"-I{GOOGLETEST / 'include'}")
    state = hashlib.sha256(" ".join((*FLAGS, *options)).encode())
    state.update(subprocess.run([compiler, "--version"], check=True, capture_output=True).stdout)
    for file in (source, *sources, *headers):
        state.update(file.read_bytes())
    folder = Path(os.environ.get("FACEGATE_CACHE", ROOT / ".cache")) / "firmware-tests" / TARGET
    folder.mkdir(parents=True, exist_ok=True)
    kind = ("sanitized" if SANITIZER[0] in options else "object") if "-c" in options else "program"
    built = folder / f"{source.stem}-{kind}-{state.hexdigest()[:16]}"
    if not built.exists():
        fresh = folder / f".{built.name}.{os.getpid()}"
        command = [compiler, *FLAGS, *options, *includes, str(source), *map(str, sources), "-o", str(fresh)]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        assert result.returncode == 0, result.stderr[-6000:]
        for old in folder.glob(f"{source.stem}-{kind}-*"):
            old.unlink(missing_ok=True)
        fresh.rename(built)
    return built


def program(source: str) -> Path:
    """The test program of this file or folder, as ``compiled`` knows it.

    The core alone is sanitized: what its tests themselves do is sanitized where they run natively.
    """
    files = sources_of(source)
    googletest = (GOOGLETEST / "src/gtest-all.cc", GOOGLETEST / "src/gtest_main.cc") if len(files) > 1 else ()

    def built(file: Path) -> Path:
        if file in CORE:
            return compiled_small(file, options=("-c", *SMALL, *SANITIZER))
        if file in googletest:
            return compiled_small(file, options=("-c", "-w"), headers=())
        return compiled_small(file, options=("-c",), headers=(*HEADERS, *files))

    with tempfile.TemporaryDirectory() as work, ThreadPoolExecutor(TOGETHER) as pool:
        # The core first: of what stands in its headers, the linker keeps the sanitized copy.
        objects = list(pool.map(built, (*CORE, *googletest, *units(source, Path(work)))))
    return compiled_small(*objects, options=SANITIZER)


def emulate(program: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run it to its end."""
    command = [tool(EMULATOR), str(program), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)


def measure(folder: Path) -> Size:
    """Compile the core as firmware is compiled, for size, and add up its object files before any linker has folded."""
    size = tool(f"{TARGET}-size")
    folder.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(TOGETHER) as pool:
        built = list(pool.map(lambda file: compiled_small(file, options=("-c", *SMALL)), CORE))
    said = subprocess.run([size, *built], check=True, capture_output=True, text=True).stdout
    rows = [[int(number) for number in row] for row in re.findall(r"^ *(\d+)\t *(\d+)\t *(\d+)", said, re.MULTILINE)]
    question = folder / "size.cpp"
    question.write_text(SIZE_QUESTION)
    answer = emulate(compiled_small(question))
    return Size(sum(row[0] for row in rows), sum(row[1] + row[2] for row in rows), int(answer.stdout))
