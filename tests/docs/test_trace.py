"""The page about the trace describes the events that there are."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from loopscope.trace.events import KINDS
from loopscope.trace.file import VERSION, read, write
from loopscope.trace.schema import schema
from tests.docs.pages import ROOT, blocks
from tests.trace.runs import EVERY_KIND

if TYPE_CHECKING:
    from pathlib import Path

PAGE = ROOT / "docs" / "trace.md"


def rows() -> list[str]:
    """Return the table of events as it has to be."""
    made = []
    for name in (*KINDS, "Phase"):
        described = schema()["$defs"][name]
        required = described["required"]
        fields = [
            f"`{field}` {in_words(kind)}{'' if field in required else ', may be missing'}"
            for field, kind in described["properties"].items()
            if field != "event"
        ]
        made.append(f"| `{name}` | {described['description']} | {'; '.join(fields)} |")
    return made


def in_words(kind: dict[str, Any]) -> str:
    if kind["type"] == "array":
        items = kind["items"]
        return f"array of {items['type']}s" if "type" in items else "array of `Phase`"
    return kind["type"] if isinstance(kind["type"], str) else " or ".join(kind["type"])


def test_the_table_has_every_event_and_field() -> None:
    page = PAGE.read_text(encoding="utf-8").splitlines()
    assert [line for line in page if line.startswith("| `")] == rows()


def test_the_version_is_the_code_s() -> None:
    assert f"This is version {VERSION}" in PAGE.read_text(encoding="utf-8")


def test_the_example_is_a_trace(tmp_path: Path) -> None:
    (example,) = blocks(PAGE, "json")
    path = tmp_path / "trace.json"
    path.write_text(example, encoding="utf-8")
    trace = read(path)
    assert trace.is_complete
    write(path, trace.processes)
    assert path.read_text(encoding="utf-8") == example


def test_the_code_reads_a_trace(tmp_path: Path) -> None:
    (code,) = blocks(PAGE, "python")
    path = tmp_path / "trace.json"
    write(path, [EVERY_KIND])
    path.write_text(path.read_text("utf-8")[:-10], "utf-8")  # also one that was cut off
    names: dict[str, Any] = {"path": path}
    exec(code, names)
    assert [event["event"] for event in names["events"]] == [
        type(event).__name__ for event in EVERY_KIND
    ]
    json.dumps(names["events"])
