"""What is recommended, and why: what runs well is kept, and what cannot work is never advised."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given

from loopscope.advise.advice import advise
from loopscope.advise.blocks import blocks
from loopscope.advise.evidence import part_of
from loopscope.advise.page import as_markdown, as_text
from loopscope.advise.project import Classifier, Project
from loopscope.core.origin import Origin
from loopscope.core.scope import Scope
from loopscope.diagnose.catalog import Finding
from tests.advise.suites import OPTIONS, PLUGINS, evidence, in_the_words_of
from tests.core.literals import MODULE, SESSION, a_fixture, a_test
from tests.core.suites import declaring_suites, examples

if TYPE_CHECKING:
    from loopscope.advise.evidence import Evidence
    from loopscope.core.graph import Suite, Vertex

POOL = a_fixture("pool", SESSION)
TEST = a_test("test_pool", POOL)
ALONE = a_test("test_alone")
ON_BOTH = [a_test("test_it"), replace(a_test("test_it", backend="trio"), id="on trio")]
TRIO_PROMISED = Project(classifiers=(Classifier("Trio", "pyproject.toml:7"),))
GROUP = """
import anyio, pytest_asyncio
@pytest_asyncio.fixture
async def pool():
    async with anyio.create_task_group() as group:
        yield group
"""


def words(vocabulary: str, *vertices: Vertex) -> list[Vertex]:
    return in_the_words_of(vocabulary, *vertices)


def many(vocabulary: str, number: int) -> list[Vertex]:
    """Return a suite with a fixture and so many tests that are on another loop than it."""
    tests = [a_test(f"test_{index}", POOL) for index in range(number)]
    others = [a_test(f"test_else_{index}") for index in range(number)]
    return words(vocabulary, POOL, *tests, *others)


@pytest.mark.parametrize(
    ("given", "engines", "keeps"),
    [
        pytest.param(
            evidence(*words("pytest-asyncio", ALONE)), ["pytest-asyncio"], True, id="well"
        ),
        pytest.param(evidence(*words("anyio", *ON_BOTH)), ["anyio"], True, id="well-on-both"),
        pytest.param(
            evidence(beside={"pytest-trio": 3}), ["pytest-trio"], True, id="well-on-trio-by-itself"
        ),
        pytest.param(
            evidence(
                *words("pytest-asyncio", ALONE), beside={"pytest-trio": 3}, code="import trio"
            ),
            ["pytest-trio", "pytest-asyncio"],
            True,
            id="well-by-two-plugins",
        ),
        pytest.param(
            evidence(*words("pytest-asyncio", POOL, TEST)), ["pytest-asyncio"], True, id="one-mark"
        ),
        pytest.param(
            evidence(*words("pytest-asyncio", POOL, TEST), *words("anyio", *ON_BOTH)),
            ["pytest-asyncio", "anyio"],
            True,
            id="one-mark-in-a-mixed-suite",
        ),
        pytest.param(
            evidence(*many("pytest-asyncio", 20)), ["loopscope"], False, id="too-many-marks"
        ),
        pytest.param(
            evidence(*words("pytest-asyncio", ALONE), project=TRIO_PROMISED),
            ["anyio"],
            False,
            id="trio-is-promised",
        ),
        pytest.param(
            evidence(
                *words("pytest-asyncio", POOL, TEST),
                suite={"elsewhere.py": GROUP},
            ),
            ["pytest-asyncio"],
            True,
            id="somewhere-else-a-group-is-held-open",
        ),
        pytest.param(evidence(*words("loopscope", POOL, TEST)), ["loopscope"], True, id="ours"),
        pytest.param(evidence(), [], True, id="nothing-async"),
    ],
)
def test_the_engine_is(given: Evidence, engines: list[str], keeps: bool) -> None:
    advice = advise(given)
    chosen = advice.recommendation
    assert (list(chosen.engines), chosen.keeps) == (engines, keeps)
    assert chosen.reasons
    if engines:
        assert chosen.against


def test_a_task_group_of_anyio_s_that_is_held_open_is_not_for_pytest_asyncio() -> None:
    pool = replace(POOL, origin=Origin("pool.py", 3))
    given = evidence(
        *words("pytest-asyncio", pool, a_test("test_it", pool)), suite={"pool.py": GROUP}
    )
    advice = advise(given)
    assert advice.recommendation.engines == ("loopscope",)
    (obstacle,) = advice.asyncio.obstacles
    assert obstacle.startswith("pool (pool.py:3) holds anyio.create_task_group open")
    assert advice.fixtures[0].holds == ("anyio.create_task_group",)


def test_what_no_engine_mends_is_no_reason_to_change_it() -> None:
    known = evidence(*words("pytest-asyncio", ALONE))
    found = Finding("LS201", "backend mismatch: ...", ())
    advice = advise(replace(known, document=replace(known.document, findings=(found,))))
    assert (advice.recommendation.engines, advice.recommendation.keeps) == (
        ("pytest-asyncio",),
        True,
    )
    assert advice.recommendation.against[0].startswith("1 finding that no engine mends: LS201")


def test_an_async_fixture_that_is_wider_than_anyio_backend_is_refused_today() -> None:
    advice = advise(evidence(*words("anyio", POOL, TEST), libraries={}))
    assert advice.recommendation.engines == ("anyio",)
    (paste,) = advice.configuration
    assert (paste.path, paste.language) == ("conftest.py", "python")
    assert '@pytest.fixture(scope="session")\ndef anyio_backend():' in paste.text
    assert advice.recommendation.reasons[0].startswith("pool (pool.py:1) is session-scoped, and")


@pytest.mark.parametrize(
    ("code", "project", "needed"),
    [
        pytest.param("", Project(), ("asyncio",), id="nothing-known"),
        pytest.param("import anyio", Project(), ("asyncio",), id="portable"),
        pytest.param("import trio", Project(), ("asyncio", "trio"), id="code"),
        pytest.param("import anyio", TRIO_PROMISED, ("asyncio", "trio"), id="promise"),
    ],
)
def test_a_backend_is_needed_where_tests_code_or_a_promise_say_so(
    code: str, project: Project, needed: tuple[str, ...]
) -> None:
    given = evidence(*words("pytest-asyncio", ALONE), code=code, project=project)
    found = advise(given).backends
    assert found.needed == needed
    assert found.untested == needed[1:]
    assert found.is_portable == (code == "import anyio")


def test_what_the_project_consists_of_is_no_library_that_it_needs() -> None:
    from loopscope.advise.scanning import scan

    known = evidence(*words("pytest-asyncio", ALONE))
    given = replace(
        known,
        scans=[
            scan("src/janus/__init__.py", "", "code"),
            scan("tests/test_a.py", "import janus, asyncpg", "suite"),
        ],
    )
    assert [fact.what for fact in advise(given).backends.facts] == ["import asyncpg"]


@pytest.mark.parametrize(
    ("version", "options", "settings", "obstacles"),
    [
        pytest.param("0.23.8", {"asyncio_mode": "strict"}, {}, 1, id="no-loop-scopes-of-fixtures"),
        pytest.param(
            "0.24.0",
            {"asyncio_mode": "strict", "asyncio_default_fixture_loop_scope": None},
            {},
            0,
            id="no-fixture-scope",
        ),
        pytest.param(
            "1.5.0",
            {**OPTIONS, "asyncio_default_fixture_loop_scope": None},
            {"asyncio_default_fixture_loop_scope": "fixture-scope"},
            0,
            id="fixture-scope",
        ),
    ],
)
def test_an_option_that_the_installed_version_has_not_is_not_advised(
    version: str, options: dict[str, str | None], settings: dict[str, str], obstacles: int
) -> None:
    plugins = {**PLUGINS, "pytest-asyncio": version}
    given = evidence(*words("pytest-asyncio", POOL, TEST), plugins=plugins, options=options)
    found = advise(given).asyncio
    assert (found.version, found.settings, len(found.obstacles)) == (version, settings, obstacles)


def test_anyio_without_a_mode_needs_marks() -> None:
    given = evidence(*words("pytest-asyncio", ALONE), options={"asyncio_mode": "strict"})
    found = advise(given).anyio
    assert (found.settings, found.mark) == ({}, ("test_alone.py",))


@pytest.mark.parametrize(
    ("given", "fixture"),
    [
        pytest.param(evidence(*words("anyio", *ON_BOTH)), None, id="as-it-is"),
        pytest.param(
            evidence(*words("pytest-asyncio", ALONE)),
            '@pytest.fixture(scope="module")\ndef anyio_backend():\n    return "asyncio"\n',
            id="asyncio-only",
        ),
        pytest.param(
            evidence(*words("anyio", POOL, replace(POOL, id="p", backend="trio"), *ON_BOTH)),
            '@pytest.fixture(scope="session", params=["asyncio", "trio"])\n'
            "def anyio_backend(request):\n    return request.param\n",
            id="as-wide-as-the-widest",
        ),
        pytest.param(
            evidence(
                *words(
                    "anyio",
                    a_fixture("anyio_backend", MODULE, needs_loop=False),
                    a_fixture("db", MODULE),
                    ALONE,
                )
            ),
            None,
            id="there-is-one-that-will-do",
        ),
    ],
)
def test_anyio_backend_is_as_wide_as_the_widest_async_fixture(
    given: Evidence, fixture: str | None
) -> None:
    assert advise(given).anyio.fixture == fixture


def test_a_synchronous_test_of_an_async_fixture_has_to_ask_for_the_backend() -> None:
    sync = a_test("test_sync", POOL, needs_loop=False)
    assert advise(evidence(*words("pytest-asyncio", POOL, sync))).anyio.ask == ("test_sync.py:1",)


def test_what_a_fixture_of_another_package_is_written_for_is_an_obstacle() -> None:
    client = a_fixture("client", MODULE, origin=Origin("pytest_client.plugin", 4))
    found = advise(evidence(*words("pytest-asyncio", client, a_test("test_it", client))))
    assert any("client (pytest_client.plugin:4)" in one for one in found.anyio.obstacles)


@pytest.mark.parametrize(
    ("source", "asked"),
    [
        pytest.param("async def test_it(nursery): ...", 1, id="by-a-test"),
        pytest.param("async def helper(nursery): ...", 0, id="by-nobody"),
        pytest.param(
            "import pytest\n@pytest.fixture\ndef nursery(): ...\ndef test_it(nursery): ...",
            0,
            id="of-their-own",
        ),
    ],
)
def test_a_fixture_that_only_one_plugin_has_is_an_obstacle_to_others(
    source: str, asked: int
) -> None:
    given = evidence(*words("loopscope", ALONE), suite={"test_a.py": source})
    assert sum("nursery" in one for one in advise(given).asyncio.obstacles) == asked


@pytest.mark.parametrize(
    ("path", "part"),
    [
        ("src/app/db.py", "code"),
        ("app.py", "code"),
        ("src/app/testing/client.py", "code"),
        ("tests/helpers.py", "suite"),
        ("src/app/tests/helpers.py", "suite"),
        ("conftest.py", "suite"),
        ("src/app/test_db.py", "suite"),
        ("docs/conf.py", None),
        ("setup.py", None),
        ("docs/test_example.py", "suite"),
    ],
)
def test_a_file_is_of_the_code_or_of_the_suite(path: str, part: str | None) -> None:
    assert part_of(path) == part


def test_a_file_with_tests_is_of_the_suite_whatever_it_is_called() -> None:
    assert part_of("checks/login.py", {"checks/login.py"}) == "suite"


@examples
@given(suite=declaring_suites())
def test_whatever_the_suite_there_is_advice_that_can_be_shown(suite: Suite) -> None:
    advice = advise(evidence(*words("pytest-asyncio", *suite.vertices.values())))
    text = as_text(blocks(advice))
    assert "\nRecommended: " in text
    assert as_markdown(blocks(advice)).count("\n## ") == text.count("\n\n")
    assert json.loads(json.dumps(advice.as_plain()))["format"] == "loopscope advice"


def test_a_row_of_the_matrix_tells_what_the_suite_would_be_with_it() -> None:
    rows = {row.engine: row for row in advise(evidence(*many("pytest-asyncio", 2))).matrix}
    assert list(rows) == ["pytest-asyncio", "anyio", "loopscope"]
    assert rows["pytest-asyncio"].loop_control.endswith("2 marks and 0 fixtures to declare")
    assert rows["pytest-asyncio"].runs_today == 4
    assert rows["anyio"].loop_control.startswith("none: while pool (pool.py:1) lives")
    assert rows["loopscope"].loop_control == "planned: 1 shared loop, nothing to declare"


def test_what_planning_does_not_mend_is_said_of_loopscope() -> None:
    declared = a_test("test_it", POOL, declared=Scope.FUNCTION)
    (*_, ours) = advise(evidence(*words("pytest-asyncio", POOL, declared))).matrix
    assert ours.obstacles == ("1 use would still be on two loops: loopscope check --as planned",)


@pytest.mark.parametrize(
    ("engine", "settings"),
    [
        ("asyncio", {"anyio_mode": "strict", "trio_mode": "false", "asyncio_mode": "auto"}),
        ("anyio", {"trio_mode": "false", "asyncio_mode": "strict"}),
    ],
)
def test_the_modes_of_others_are_switched_off(engine: str, settings: dict[str, str]) -> None:
    modes = {"asyncio_mode": "auto", "anyio_mode": "auto", "trio_mode": "true"}
    if engine == "asyncio":
        modes["asyncio_mode"] = "strict"
    advice = advise(evidence(*words("loopscope", ALONE), options={**OPTIONS, **modes}))
    assert getattr(advice, engine).settings == settings


@pytest.mark.parametrize(
    ("arguments", "python", "commands"),
    [
        pytest.param(
            ("tests/a b.py",),
            None,
            (
                "loopscope verify --against installed 'tests/a b.py'",
                "pytest -p no:loopscope 'tests/a b.py'",
            ),
            id="paths",
        ),
        pytest.param(
            ("tests", "-k", "login"),
            "venv/bin/python",
            (
                "loopscope verify --against installed --python venv/bin/python -- tests -k login",
                "venv/bin/python -m pytest -p no:loopscope tests -k login",
            ),
            id="arguments",
        ),
    ],
)
def test_the_proof_is_of_the_same_tests(
    arguments: tuple[str, ...], python: str | None, commands: tuple[str, ...]
) -> None:
    known = evidence(*words("pytest-asyncio", ALONE))
    advice = advise(replace(known, arguments=arguments, python=python))
    assert tuple(proof.command for proof in advice.verify) == commands


def test_a_fixture_that_is_to_be_the_loop_is_not_run_by_pytest_asyncio_1_0() -> None:
    loop = a_fixture("event_loop", SESSION)
    pool = a_fixture("pool", SESSION, loop)
    vertices = words("pytest-asyncio", loop, pool, a_test("test_it", pool))
    advice = advise(evidence(*vertices))
    (fails,) = advice.asyncio.fails
    assert fails.startswith("event_loop (event_loop.py:1) is to be the loop")
    assert [one.name for one in advice.fixtures] == ["pool"]
    assert advice.recommendation.engines == ("loopscope",)
    old = evidence(*vertices, plugins={**PLUGINS, "pytest-asyncio": "0.26.0"})
    assert advise(old).asyncio.fails == ()


def test_what_would_break_on_a_backend_that_is_promised_speaks_against_it() -> None:
    code = "import asyncio, trio\nasyncio.create_task(f())\n"
    advice = advise(evidence(*words("pytest-asyncio", ALONE), code=code))
    assert advice.recommendation.engines == ("anyio",)
    assert any(
        line.startswith("1 use of what is for asyncio alone")
        for line in advice.recommendation.against
    )
