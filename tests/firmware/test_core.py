"""The gate core's rules, in GoogleTest with AddressSanitizer and UndefinedBehaviorSanitizer."""

import subprocess

from tests.firmware.compiled import COMPONENT, CORE, SANITIZERS, compiled


def test_every_rule_of_the_core() -> None:
    program = compiled("core_test.cpp", *SANITIZERS, "-lgtest", "-lgtest_main", "-lcrypto")
    # In any order, and a failed rule does not hide the next one.
    result = subprocess.run([program, "--gtest_shuffle"], capture_output=True, text=True, timeout=100, check=False)
    assert result.returncode == 0, result.stdout[-6000:] + result.stderr[-6000:]
    assert "[  PASSED  ]" in result.stdout


def test_the_core_stands_on_the_standard_library_alone() -> None:
    """It is the same file in firmware, in tests and under the fuzzer, so it may know none of them."""

    allowed = {"array", "cstddef", "cstdint", "string_view", "algorithm", "charconv"}
    for file in (*CORE, COMPONENT / "gate_core.h", COMPONENT / "line.h"):
        for line in file.read_text().splitlines():
            if line.startswith("#include <"):
                assert line.removeprefix("#include <").removesuffix(">") in allowed, f"{file.name}: {line}"
            elif line.startswith("#include"):
                assert line in ('#include "gate_core.h"', '#include "line.h"'), f"{file.name}: {line}"
