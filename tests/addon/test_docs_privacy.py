"""docs/privacy.md answers every question, and every test that it names is there."""

import ast
import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "privacy.md").read_text(encoding="utf-8")
ROWS = dict(re.findall(r"^\| (P\d+) \|(.*)$", PAGE, re.MULTILINE))


def test_every_question_has_its_row_in_order() -> None:
    assert list(ROWS) == [f"P{number}" for number in range(1, 15)]


@pytest.mark.parametrize("row", ROWS)
def test_every_test_that_proves_a_row_is_there(row: str) -> None:
    proofs = re.findall(r"\]\((\.\./tests/[^)#]+)(?:#(\w+))?\)", ROWS[row])
    assert proofs
    for file, function in proofs:
        tree = ast.parse((DOCS / file).read_text(encoding="utf-8"))
        there = {node.name for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))}
        tests = {name for name in there if name.startswith("test_")}
        assert function in tests if function else tests, f"{file}#{function}"


def test_its_other_links_lead_to_files() -> None:
    targets = re.findall(r"\]\(([^)#]+)", PAGE)
    assert [target for target in targets if not (DOCS / target).exists()] == []
