"""The file of a plan says all that was planned, is as its schema says, and is read back."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from jsonschema import Draft202012Validator

from loopscope.core.plan import plan
from loopscope.core.scope import Scope
from loopscope.diagnose.fixes import findings
from loopscope.diagnose.plan_file import PlanFileError, decode, encode, read
from loopscope.diagnose.plan_schema import schema
from tests.core.literals import FUNCTION, MODULE, a_fixture, a_test
from tests.core.suites import declaring_suites, examples
from tests.diagnose.documents import document

if TYPE_CHECKING:
    from collections.abc import Callable

    from loopscope.core.graph import Suite

PUBLISHED = Path(__file__).parents[2] / "docs" / "plan.schema.json"
VALIDATOR = Draft202012Validator(schema())

DB = a_fixture("db", MODULE)
TEST = a_test("test_it", DB, at=FUNCTION, declared=Scope.FUNCTION)


def test_what_is_read_back_is_what_was_written() -> None:
    written = document(DB, TEST)
    again = decode(encode(written))
    assert again.findings == written.findings
    assert again.plan.loops == written.plan.loops
    for name in ("versions", "root", "settings", "tests", "async_tests"):
        assert getattr(again, name) == getattr(written, name)


@examples
@given(suite=declaring_suites())
def test_what_is_written_is_valid_and_has_the_same_findings_if_it_is_planned_again(
    suite: Suite,
) -> None:
    text = encode(document(*suite.vertices.values()))
    VALIDATOR.validate(json.loads(text))
    again = decode(text)
    assert findings(plan(again.plan.suite)) == list(again.findings)


def test_a_finding_has_the_title_of_its_code_and_a_line_of_its_own() -> None:
    (finding,) = json.loads(encode(document(DB, TEST)))["findings"]
    assert finding["title"] == "loop scope mismatch"
    assert finding["text"].startswith("loop scope mismatch: test_it (function loop) uses db")
    assert finding["where"][-1] == {
        "path": "test_it.py",
        "line": 1,
        "name": "test_it",
        "text": "runs on a loop of its own",
    }
    assert (finding["concerns"], finding["refuses"]) == ("test_it", True)


def test_what_a_reader_does_not_know_is_skipped() -> None:
    plain = json.loads(encode(document(DB, TEST)))
    plain["mood"] = plain["plan"]["vertices"][0]["mood"] = "good"
    assert decode(json.dumps(plain)).plan.loops == document(DB, TEST).plan.loops


def test_what_was_added_later_may_be_missing() -> None:
    plain = json.loads(encode(document(DB, TEST)))
    plain["settings"].pop("options", None)
    plain["versions"].pop("libraries", None)
    VALIDATOR.validate(plain)
    assert decode(json.dumps(plain)).settings.get("options", []) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        pytest.param(
            lambda plain: plain["settings"].update(options=[{"name": "asyncio_mode"}]),
            ".settings.options[0].value is missing",
            id="missing-in-what-is-optional",
        ),
        pytest.param(lambda plain: plain.clear(), "--loopscope-plan", id="no-plan"),
        pytest.param(lambda plain: plain.update(version=2), "of version 2", id="another-version"),
        pytest.param(lambda plain: plain.pop("plan"), ".plan is missing", id="missing"),
        pytest.param(lambda plain: plain.update(plan=[]), ".plan is no object", id="no-object"),
        pytest.param(lambda plain: plain.update(findings={}), "is no array", id="no-array"),
        pytest.param(
            lambda plain: plain["findings"][0]["where"][1].update(line="3"),
            ".findings[0].where[1].line cannot be '3'",
            id="another-type",
        ),
        pytest.param(
            lambda plain: plain["plan"]["loops"][0]["members"].append("nobody"),
            "'nobody'",
            id="no-such-vertex",
        ),
        pytest.param(
            lambda plain: plain["plan"]["vertices"][0].update(declared="week"),
            "'week' is not a valid scope",
            id="no-such-scope",
        ),
    ],
)
def test_what_is_wrong_is_refused_by_name(
    tmp_path: Path, change: Callable[[Any], None], said: str
) -> None:
    plain = json.loads(encode(document(DB, TEST)))
    change(plain)
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(plain), encoding="utf-8")
    with pytest.raises(PlanFileError) as caught:
        read(path).plan.members()
    assert said in str(caught.value)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "\x00"])
def test_what_is_no_plan_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        decode(text)


def test_it_is_a_schema() -> None:
    Draft202012Validator.check_schema(schema())


def test_the_published_schema_is_what_the_code_makes() -> None:
    made = subprocess.run(
        [sys.executable, "-W", "error", "-m", "loopscope.diagnose.plan_schema"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert made.stdout == PUBLISHED.read_text(encoding="utf-8"), (
        "python -m loopscope.diagnose.plan_schema > docs/plan.schema.json"
    )


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda plain: plain.pop("root"), id="missing"),
        pytest.param(lambda plain: plain.update(version=2), id="another-version"),
        pytest.param(
            lambda plain: plain["plan"]["vertices"][0].update(scope="week"), id="no-such-scope"
        ),
        pytest.param(lambda plain: plain["findings"][0].update(refuses=1), id="another-type"),
    ],
)
def test_the_schema_finds_what_is_wrong(change: Callable[[Any], None]) -> None:
    plain = json.loads(encode(document(DB, TEST)))
    VALIDATOR.validate(plain)
    change(plain)
    assert not VALIDATOR.is_valid(plain)
