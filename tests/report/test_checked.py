"""A mistake is told once, wherever it shows, and as the place asks for that it is told to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

from loopscope.core.origin import Origin
from loopscope.core.policy import Policy
from loopscope.core.scope import Scope
from loopscope.diagnose.catalog import Finding
from loopscope.report.annotations import github, sarif
from loopscope.report.checked import Checked, checked
from tests.core.literals import MODULE, SESSION, a_fixture, a_test, own_place
from tests.diagnose.documents import document
from tests.diagnose.written import written_in

if TYPE_CHECKING:
    from loopscope.core.graph import Vertex

CONFTEST, FILE = Origin("tests/conftest.py", 12), Origin("tests/test_a.py", 40)
DB = a_fixture("db", MODULE, origin=CONFTEST)


def a_case(name: str, line: int = 40) -> Vertex:
    """Return a test that is declared onto a loop of its own, and needs another one."""
    return a_test(
        name,
        DB,
        at=own_place(name),
        declared=Scope.FUNCTION,
        origin=Origin("tests/test_a.py", line),
    )


def result(*vertices: Vertex, more: tuple[Finding, ...] = (), judged: str = "planned") -> Checked:
    policy = Policy(judged)
    of = document(*vertices, policy=policy, more=more)
    return checked(judged, of, of.findings)


def test_the_variants_of_a_test_make_one_mistake() -> None:
    (mistake,) = result(
        DB, a_case("test_it[1]"), a_case("test_it[2]"), a_case("test_it[3]")
    ).mistakes
    assert mistake.times == 3
    assert "  also  2 more at the same lines" in str(mistake).splitlines()


def test_two_tests_make_two_mistakes() -> None:
    found = result(DB, a_case("test_b", 50), a_case("test_a", 40))
    assert [mistake.times for mistake in found.mistakes] == [1, 1]


def test_what_is_nowhere_in_particular_is_not_thrown_together() -> None:
    nowhere = (Finding("LS401", "this is wrong"), Finding("LS401", "that is wrong"))
    assert [one.finding.title for one in result(more=nowhere).mistakes] == [
        "that is wrong",
        "this is wrong",
    ]


def test_they_are_told_in_the_order_of_the_source_however_they_were_collected() -> None:
    tests = [a_case("test_b", 50), a_case("test_a", 9), a_case("test_c", 60)]
    assert result(DB, *tests).mistakes == result(DB, *reversed(tests)).mistakes
    lines = [mistake.finding.where[-1][0].line for mistake in result(DB, *tests).mistakes]
    assert lines == [9, 50, 60]


def test_paths_are_those_that_a_reader_can_open() -> None:
    of = document(DB, a_case("test_it"))
    (mistake,) = checked("planned", of, of.findings, "api/{}".format).mistakes
    assert [str(origin) for origin, _, _ in mistake.finding.where] == [
        "api/tests/conftest.py:12",
        "api/tests/test_a.py:40",
    ]


@pytest.mark.parametrize(
    ("vertices", "summary"),
    [
        ((), "no findings in 0 async tests"),
        ((DB, a_test("test_it", DB)), "no findings in 1 async test"),
        ((DB, a_case("test_it")), "1 finding in 1 async test"),
        ((DB, a_case("a", 1), a_case("b", 2), a_test("c", DB)), "2 findings in 3 async tests"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_summary_counts(vertices: tuple[Vertex, ...], summary: str) -> None:
    assert result(*vertices).summary == summary


def test_what_would_be_well_on_planned_loops_is_counted() -> None:
    pool = written_in("pytest-asyncio", a_fixture("pool", SESSION, origin=CONFTEST))
    bare = written_in("pytest-asyncio", a_test("test_bare", pool, origin=FILE), Scope.FUNCTION)
    wrong = written_in("pytest-asyncio", a_case("test_wrong", 90))
    found = result(pool, DB, bare, wrong, judged="declared")
    assert (len(found.mistakes), found.planned_away) == (2, 1)
    assert found.advice == (
        "on loops that loopscope plans, 1 would be left: loopscope check --as planned"
    )
    assert result(DB, a_case("test_it")).advice is None


def test_the_json_has_every_field_of_a_finding_and_how_often_it_is_made() -> None:
    plain = result(DB, a_case("test_it[1]"), a_case("test_it[2]")).as_plain()
    assert (plain["format"], plain["version"], plain["async_tests"]) == ("loopscope check", 1, 2)
    (finding,) = plain["findings"]
    assert (finding["code"], finding["times"]) == ("LS101", 2)
    assert finding["where"][-1]["path"] == "tests/test_a.py"


def test_github_gets_a_command_for_each_mistake() -> None:
    (line,) = github(result(DB, a_case("test_it")))
    assert line.startswith(
        "::error file=tests/test_a.py,line=40,title=LS101::loop scope mismatch: test_it "
        "(function loop) uses db (module loop)%0A  tests/conftest.py:12  db       made on "
    )
    assert "\n" not in line


def test_what_github_would_misread_is_escaped() -> None:
    where = ((Origin("a,b/c:d%.py", 3), "it", "50%"),)
    (line,) = github(result(more=(Finding("LS401", "100% wrong,\r\nhere::there", where),)))
    head, _, text = line.removeprefix("::").partition("::")
    assert head == "error file=a%2Cb/c%3Ad%25.py,line=3,title=LS401"
    assert text.startswith("100%25 wrong,%0D%0Ahere::there%0A  a,b/c:d%25.py:3  it  50%25")


def test_what_has_no_file_is_annotated_nowhere_or_at_its_other_end() -> None:
    library = (Origin("some.plugin", 7), "its_fixture", "")
    ours = (FILE, "test_it", "")
    lines = github(
        result(
            more=(
                Finding("LS401", "nowhere"),
                Finding("LS401", "elsewhere", (library,)),
                Finding("LS201", "both", (ours, library)),
            )
        )
    )
    assert sorted(line.rpartition("::")[0] for line in lines if "::" in line) == [
        "::error file=tests/test_a.py,line=40,title=LS201",
        "::error title=LS401",
        "::error title=LS401",
    ]


MESSAGE = {
    "type": "object",
    "properties": {"text": {"type": "string", "minLength": 1}},
    "required": ["text"],
}
LOCATION = {
    "type": "object",
    "properties": {
        "id": {"type": "integer", "minimum": 0},
        "message": MESSAGE,
        "physicalLocation": {
            "type": "object",
            "properties": {
                "artifactLocation": {
                    "type": "object",
                    "properties": {
                        "uri": {"type": "string", "pattern": r"^[^\\ :]+$"},
                        "uriBaseId": {"type": "string"},
                    },
                    "required": ["uri"],
                    "additionalProperties": False,
                },
                "region": {
                    "type": "object",
                    "properties": {"startLine": {"type": "integer", "minimum": 1}},
                    "required": ["startLine"],
                    "additionalProperties": False,
                },
            },
            "required": ["artifactLocation"],
            "additionalProperties": False,
        },
    },
    "additionalProperties": False,
}
RESULT = {
    "type": "object",
    "properties": {
        "ruleId": {"type": "string"},
        "ruleIndex": {"type": "integer", "minimum": 0},
        "level": {"enum": ["none", "note", "warning", "error"]},
        "message": MESSAGE,
        "locations": {"type": "array", "items": LOCATION},
        "relatedLocations": {"type": "array", "items": LOCATION, "uniqueItems": True},
        "partialFingerprints": {"type": "object", "additionalProperties": {"type": "string"}},
    },
    "required": ["message"],
    "additionalProperties": False,
}
RULE = {
    "type": "object",
    "properties": {
        "id": {"type": "string"},
        "shortDescription": MESSAGE,
        "fullDescription": MESSAGE,
        "help": MESSAGE,
        "defaultConfiguration": {"type": "object", "properties": {"level": {"const": "error"}}},
    },
    "required": ["id"],
    "additionalProperties": False,
}
# What the specification of SARIF 2.1.0 requires of the parts that we use.
SARIF = Draft202012Validator(
    {
        "type": "object",
        "properties": {
            "$schema": {"type": "string", "format": "uri"},
            "version": {"const": "2.1.0"},
            "runs": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        "tool": {
                            "type": "object",
                            "properties": {
                                "driver": {
                                    "type": "object",
                                    "properties": {
                                        "name": {"type": "string"},
                                        "version": {"type": "string"},
                                        "rules": {
                                            "type": "array",
                                            "items": RULE,
                                            "uniqueItems": True,
                                        },
                                    },
                                    "required": ["name"],
                                    "additionalProperties": False,
                                }
                            },
                            "required": ["driver"],
                        },
                        "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
                        "results": {"type": "array", "items": RESULT},
                    },
                    "required": ["tool"],
                    "additionalProperties": False,
                },
            },
        },
        "required": ["version", "runs"],
        "additionalProperties": False,
    }
)


def log_of(found: Checked) -> Any:
    log = sarif(found)
    SARIF.validate(log)
    return log["runs"][0]


@pytest.mark.parametrize(
    "found",
    [
        pytest.param(result(), id="none"),
        pytest.param(result(DB, a_case("a", 1), a_case("b", 2)), id="several"),
        pytest.param(result(more=(Finding("LS401", "nowhere"),)), id="nowhere"),
        pytest.param(
            result(more=(Finding("LS401", "odd", ((Origin("a b/ü:1.py", 1), "it", ""),)),)),
            id="odd-path",
        ),
    ],
)
def test_sarif_is_as_its_specification_requires(found: Checked) -> None:
    run = log_of(found)
    assert len(run["results"]) == len(found.mistakes)
    for one in run["results"]:
        assert run["tool"]["driver"]["rules"][one["ruleIndex"]]["id"] == one["ruleId"]


def test_sarif_shows_a_mistake_at_its_user_and_the_other_end_beside_it() -> None:
    (one,) = log_of(result(DB, a_case("test_it")))["results"]
    (place,) = one["locations"]
    assert place["physicalLocation"] == {
        "artifactLocation": {"uri": "tests/test_a.py", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 40},
    }
    (other,) = one["relatedLocations"]
    assert other["physicalLocation"]["artifactLocation"]["uri"] == "tests/conftest.py"
    assert other["message"]["text"] == "db made on the loop of module tests/test_a.py"


def test_a_mistake_has_the_same_fingerprint_when_lines_above_it_come_and_go() -> None:
    def fingerprints(line: int, name: str = "test_it") -> Any:
        return [
            one["partialFingerprints"] for one in log_of(result(DB, a_case(name, line)))["results"]
        ]

    assert fingerprints(40) == fingerprints(44)
    assert fingerprints(40) != fingerprints(40, "test_other")
