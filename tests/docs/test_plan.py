"""The page about the plan describes the objects that there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from loopscope.core.scope import Scope
from loopscope.diagnose.plan_file import VERSION, encode
from loopscope.diagnose.plan_schema import schema
from tests.core.literals import FUNCTION, SESSION, a_fixture, a_test
from tests.diagnose.documents import document
from tests.docs.pages import ROOT, blocks

if TYPE_CHECKING:
    from pathlib import Path

PAGE = ROOT / "docs" / "plan.md"


def rows() -> list[str]:
    """Return the table of objects as it has to be."""
    made = []
    for name, described in schema()["$defs"].items():
        fields = [
            f"`{field}` {in_words(kind)}{'' if field in described['required'] else ', optional'}"
            for field, kind in described["properties"].items()
        ]
        made.append(f"| `{name}` | {described['description']} | {'; '.join(fields)} |")
    return made


def in_words(kind: dict[str, Any]) -> str:
    if "$ref" in kind:
        return f"`{kind['$ref'].rpartition('/')[2]}`"
    if "enum" in kind:
        scopes = [scope.word for scope in Scope]
        if [word for word in kind["enum"] if word is not None] == scopes:
            return "scope or null" if None in kind["enum"] else "scope"
        return " or ".join(f'"{one}"' if isinstance(one, str) else str(one) for one in kind["enum"])
    if kind["type"] == "array":
        items = kind["items"]
        return f"array of {in_words(items)}{'' if '$ref' in items else 's'}"
    return kind["type"] if isinstance(kind["type"], str) else " or ".join(kind["type"])


def test_the_table_has_every_object_and_field() -> None:
    page = PAGE.read_text(encoding="utf-8").splitlines()
    assert [line for line in page if line.startswith("| `")] == rows()


def test_the_version_is_the_code_s() -> None:
    assert f"This is version {VERSION}" in PAGE.read_text(encoding="utf-8")


def test_the_code_reads_a_plan(tmp_path: Path) -> None:
    pool = a_fixture("pool", SESSION)
    tests = a_test("test_pool", pool), a_test("test_alone", at=FUNCTION)
    path = tmp_path / "plan.json"
    path.write_text(encode(document(pool, *tests)), encoding="utf-8")
    (code,) = blocks(PAGE, "python")
    names: dict[str, Any] = {"path": path}
    exec(code, names)
    assert names["sharing"] == ["test_pool"]
