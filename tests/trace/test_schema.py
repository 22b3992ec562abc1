"""Every file that is written is as the published schema says."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from jsonschema import Draft202012Validator

from loopscope.trace.events import KINDS, RunEnded
from loopscope.trace.file import write
from loopscope.trace.schema import schema
from tests.trace.runs import EVERY_KIND, any_processes

if TYPE_CHECKING:
    from loopscope.trace.events import Event

PUBLISHED = Path(__file__).parents[2] / "docs" / "trace.schema.json"
VALIDATOR = Draft202012Validator(schema())


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return one file for all examples of a property."""
    return tmp_path_factory.mktemp("schema") / "trace.json"


def written(path: Path, *processes: list[Event]) -> Any:
    write(path, processes)
    return json.loads(path.read_text(encoding="utf-8"))


def test_it_is_a_schema() -> None:
    Draft202012Validator.check_schema(schema())


def test_the_published_one_is_what_the_code_makes() -> None:
    made = subprocess.run(
        [sys.executable, "-W", "error", "-m", "loopscope.trace.schema"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert made.stdout == PUBLISHED.read_text(encoding="utf-8"), (
        "python -m loopscope.trace.schema > docs/trace.schema.json"
    )


def test_every_kind_of_event_is_described() -> None:
    assert KINDS.keys() <= schema()["$defs"].keys()
    assert {type(event).__name__ for event in EVERY_KIND} == KINDS.keys()


@given(processes=any_processes)
def test_what_is_written_is_valid(path: Path, processes: list[list[Event]]) -> None:
    VALIDATOR.validate(written(path, *processes))


@pytest.mark.parametrize(
    ("change", "where"),
    [
        pytest.param(lambda lines: lines[1]["args"].pop("exit_code"), [1, "args"], id="missing"),
        pytest.param(
            lambda lines: lines[1]["args"].update(exit_code="0"),
            [1, "args", "exit_code"],
            id="another-type",
        ),
        pytest.param(lambda lines: lines.pop(0), [0, "args"], id="no-header"),
        pytest.param(
            lambda lines: lines[0]["args"].update(version=2),
            [0, "args", "version"],
            id="another-version",
        ),
        pytest.param(lambda lines: lines[1].update(ph="?"), [1, "ph"], id="another-phase"),
        pytest.param(lambda lines: lines.clear(), [], id="nothing"),
    ],
)
def test_what_is_wrong_is_found(path: Path, change: Any, where: list[object]) -> None:
    write(path, [[RunEnded(1.0, 0)]])
    # Without the line that names the lane.
    lines = [line for line in written(path, [RunEnded(1.0, 0)]) if line["name"] != "thread_name"]
    VALIDATOR.validate(lines)
    change(lines)
    assert where in [list(error.absolute_path) for error in VALIDATOR.iter_errors(lines)]


def test_what_a_reader_skips_is_valid(path: Path) -> None:
    lines = written(path, [RunEnded(1.0, 0)])
    lines[2]["args"]["mood"] = "good"
    lines.append({**lines[2], "args": {"event": "LoopPainted", "colour": "green"}})
    VALIDATOR.validate(lines)
