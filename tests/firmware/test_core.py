"""The gate core's rules, in GoogleTest with AddressSanitizer and UndefinedBehaviorSanitizer."""

import subprocess
from pathlib import Path

from tests.firmware.compiled import COMPONENT, CORE, CORE_HEADERS, FLAGS, SANITIZERS, compiled


def test_every_rule_of_the_core() -> None:
    # Not optimised: GoogleTest takes the compiler long enough; the vectors and the fuzzers have what is optimised.
    program = compiled("rules", "-O0", *SANITIZERS, "-lgtest", "-lgtest_main", "-lcrypto")
    # In any order, and a failed rule does not hide the next one.
    result = subprocess.run([program, "--gtest_shuffle"], capture_output=True, text=True, timeout=100, check=False)
    assert result.returncode == 0, result.stdout[-6000:] + result.stderr[-6000:]
    assert "[  PASSED  ]" in result.stdout


def test_the_core_stands_on_the_standard_library_alone() -> None:
    """It is the same file in firmware, in tests and under the fuzzer, so it may know none of them."""
    allowed = {"array", "cstddef", "cstdint", "string_view", "algorithm", "charconv"}
    own = {f'#include "{header.name}"' for header in CORE_HEADERS}
    for file in (*CORE, *CORE_HEADERS):
        for line in file.read_text().splitlines():
            if line.startswith("#include <"):
                assert line.removeprefix("#include <").removesuffix(">") in allowed, f"{file.name}: {line}"
            elif line.startswith("#include"):
                assert line in own, f"{file.name}: {line}"


def test_the_core_never_allocates(tmp_path: Path) -> None:
    """Neither on the way of a command nor elsewhere: its object files know no allocator."""
    for file in CORE:
        built = tmp_path / f"{file.stem}.o"
        subprocess.run(["g++", *FLAGS, "-Os", "-c", f"-I{COMPONENT}", str(file), "-o", str(built)], check=True)
        symbols = subprocess.run(["nm", "-u", str(built)], check=True, capture_output=True, text=True).stdout.split()
        allocators = {s for s in symbols if s.startswith(("_Znw", "_Zna", "_Zdl", "_Zda")) or s.endswith("alloc")}
        assert "U" in symbols  # it does need something from outside, so the list is a list
        assert not allocators
