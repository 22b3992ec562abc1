"""Every text that tells a user of a mistake, word by word, and the table of all codes."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from loopscope.core.plan import Loop
from loopscope.core.rules import LoopMismatch, OutlivesLoop
from loopscope.core.scope import Anchor, Scope
from loopscope.diagnose import catalog
from loopscope.diagnose.catalog import Finding
from tests.architecture.source import SRC
from tests.core.literals import CLASS, FUNCTION, MODULE, PACKAGE, SESSION, on
from tests.diagnose.texts import (
    backends,
    endings,
    environment,
    lifetimes,
    loop_scopes,
    time_limits,
    vocabulary,
)
from tests.diagnose.texts.who import CONFTEST, DB, DECLARING, TEST, TEST_FILE, Texts

TEXTS: Texts = {
    **loop_scopes.TEXTS,
    **backends.TEXTS,
    **lifetimes.TEXTS,
    **time_limits.TEXTS,
    **endings.TEXTS,
    **vocabulary.TEXTS,
    **environment.TEXTS,
}
HERE = Path(__file__).parent
SOURCES = sorted((SRC / "loopscope").rglob("*.py"))
TABLE = SRC / "loopscope/diagnose/catalog/codes.py"
FAMILY_MODULES = {
    "loop_scopes": "LS1",
    "backends": "LS2",
    "lifetimes": "LS3",
    "leaks": "LS3",
    "time_limits": "LS3",
    "endings": "LS3",
    "vocabulary": "LS4",
    "environment": "LS5",
}


@pytest.mark.parametrize(("told", "text"), TEXTS.values(), ids=TEXTS)
def test_every_text_is_what_it_is(told: Finding | str, text: str) -> None:
    assert str(told) == text


def strings(path: Path) -> list[str]:
    """Return the strings in a source file that can reach a user: all but docstrings."""
    tree = ast.parse(path.read_bytes())
    silent = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in silent
    ]


def codes_in(path: Path) -> set[str]:
    return set(re.findall(r"\bLS\d{3}\b", "\n".join(strings(path))))


def test_every_code_that_is_told_is_in_the_table_and_the_other_way_round() -> None:
    told = set().union(*(codes_in(path) for path in SOURCES if path != TABLE))
    assert told == set(catalog.CODES)


def test_every_code_of_the_table_has_its_text_here() -> None:
    assert {id[:5] for id in TEXTS} == set(catalog.CODES)


def test_the_table_is_in_order_and_each_code_has_a_title_a_meaning_and_a_family() -> None:
    assert list(catalog.CODES) == sorted(catalog.CODES)
    for name, row in catalog.CODES.items():
        assert (row.code, name[:3] in catalog.FAMILIES) == (name, True)
        assert "\n" not in row.title
        assert not row.title.endswith(".")
        assert row.meaning.endswith(".")
    titles = [row.title for row in catalog.CODES.values()]
    assert len(set(titles)) == len(titles)


@pytest.mark.parametrize("module", FAMILY_MODULES)
def test_every_function_of_the_catalogue_is_exported_and_has_a_text_that_is_asserted(
    module: str,
) -> None:
    tree = ast.parse((TABLE.parent / f"{module}.py").read_bytes())
    functions = [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
    asserted = "".join(path.read_text(encoding="utf-8") for path in HERE.rglob("texts/*.py"))
    for name in functions:
        if not name.startswith("_"):
            assert name in catalog.__all__
            assert f"catalog.{name}(" in asserted


@pytest.mark.parametrize("module", FAMILY_MODULES)
def test_a_code_is_told_by_the_module_of_its_family(module: str) -> None:
    told = codes_in(TABLE.parent / f"{module}.py")
    assert {code[:3] for code in told} <= {FAMILY_MODULES[module]}


@pytest.mark.parametrize("code", ["LS101", "LS103", "LS103-indirectly", "LS201"])
def test_a_finding_about_two_names_both_ends_and_keeps_the_user_from_running(code: str) -> None:
    finding, _ = TEXTS[code]
    assert isinstance(finding, Finding)
    used, user = finding.where
    assert (used[0], user[0]) == (CONFTEST, TEST_FILE)
    assert finding.concerns == TEST.id


def test_a_mismatch_keeps_nobody_from_running_whose_vocabulary_lets_it_pass() -> None:
    ours, theirs = (
        catalog.finding_for(LoopMismatch(test, DB, on(FUNCTION), on(MODULE)))
        for test in (TEST, DECLARING)
    )
    assert (ours.refuses, theirs.refuses) == (True, False)


def test_a_finding_about_one_keeps_that_one_from_running() -> None:
    assert catalog.finding_for(OutlivesLoop(DB, Scope.FUNCTION)).concerns == DB.id


@pytest.mark.parametrize(
    ("anchor", "words"),
    [
        (SESSION, "the session loop"),
        (PACKAGE, "the loop of package tests"),
        (MODULE, "the loop of module tests/test_a.py"),
        (CLASS, "the loop of class tests/test_a.py::TestA"),
        (FUNCTION, "a loop of its own"),
    ],
    ids=lambda value: value.scope.word if isinstance(value, Anchor) else "",
)
def test_a_loop_is_told_by_its_place(anchor: Anchor, words: str) -> None:
    assert catalog.place_of(Loop("asyncio", anchor)) == words
