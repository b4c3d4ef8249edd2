"""The page about light shows every degradation that is measured, and what it says of a face that is made dark is so."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from tests.parts.eyes import models, portrait

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/measurements/light.md").read_text(encoding="utf-8")


def script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / "scripts/lib" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


DEGRADATIONS = script("degradations").DEGRADATIONS
CASES = [(name, said) for name, (_, strengths) in DEGRADATIONS.items() for said in strengths]


@pytest.mark.parametrize(("name", "said"), CASES)
def test_each_degradation_stands_on_the_page_and_spoils_a_picture_the_same_way_each_time(name: str, said: str) -> None:
    assert f"| {name} | {said} |" in PAGE
    image = portrait("astronaut.png")
    (face,) = models().detector.detect(image)
    degrade, strengths = DEGRADATIONS[name]
    one, other = (degrade(image, face, strengths[said]) for _ in range(2))
    assert np.array_equal(one, other)
    assert (one.shape, one.dtype) == (image.shape, np.uint8)
    assert np.array_equal(one, image) is (name == "as it is")


def test_what_commands_write_stands_between_its_marks_and_nothing_else_changes(tmp_path: Path) -> None:
    generated = script("generated")
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- begin a -->\nold\n<!-- end a -->\nafter\n", encoding="utf-8")
    generated.replace_block(page, "a", ["new", "lines"])
    assert page.read_text(encoding="utf-8") == "before\n<!-- begin a -->\nnew\nlines\n<!-- end a -->\nafter\n"
    assert generated.read_block(page, "a") == ["new", "lines"]
    with pytest.raises(generated.GeneratedError, match="begin b"):
        generated.replace_block(page, "b", [])
