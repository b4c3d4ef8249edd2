"""The figures of docs/limits.md are those that scripts/measure wrote."""

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import pytest

SCRIPTS = Path(__file__).parents[2] / "scripts/lib"


@pytest.fixture(scope="module")
def page() -> ModuleType:
    sys.path.insert(0, str(SCRIPTS))
    try:
        spec = importlib.util.spec_from_file_location("limits_page", SCRIPTS / "limits_page.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules["limits_page"] = module  # a dataclass looks for its module there
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(SCRIPTS))
    return module


def test_the_page_shows_what_was_measured(page: ModuleType) -> None:
    shown = page.PAGE.read_text(encoding="utf-8")
    for name, lines in page.tables(json.loads(page.FIGURES.read_text(encoding="utf-8"))).items():
        assert f"<!-- begin {name} -->\n{'\n'.join(lines)}\n<!-- end {name} -->" in shown


def test_a_figure_that_changes_changes_the_page(page: ModuleType) -> None:
    measures = json.loads(page.FIGURES.read_text(encoding="utf-8"))
    for measure in measures:
        measure["count"] = measure["of"]
    for lines in page.tables(measures).values():
        assert all(" of " in line and "≤" not in line for line in lines[2:])


def test_a_figure_that_was_not_measured_is_named(page: ModuleType) -> None:
    measures = json.loads(page.FIGURES.read_text(encoding="utf-8"))
    with pytest.raises(page.FigureError, match="group kr_idol"):
        page.tables([measure for measure in measures if "kr_idol" not in measure["part"]])
