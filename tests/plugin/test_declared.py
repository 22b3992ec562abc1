"""What an author declares is kept, and checked before the first test runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.plugin.conftest import RunSuite

ARGUMENTS = "scope, backend, timeout, leaks, fresh_fixtures"
HERE = """
import asyncio, loopscope, pytest
from asyncio import get_running_loop as here
"""


def test_a_declared_test_scope_is_kept(run: RunSuite) -> None:
    source = f"""{HERE}
@pytest.mark.loopscope(scope="module")
async def test_one():
    global loop
    loop = here()

@pytest.mark.loopscope(scope="module")
async def test_two():
    assert here() is loop

async def test_own():
    assert here() is not loop
"""
    run(source).assert_outcomes(passed=3)


def test_a_declared_fixture_scope_widens_the_loop_of_its_users(run: RunSuite) -> None:
    source = f"""{HERE}
@loopscope.fixture(loop_scope="session")
async def made():
    yield here()

async def test_one(made):
    global loop
    loop = here()
    assert made is loop

class Test:
    @pytest.mark.loopscope(scope="session")
    async def test_two(self, made):
        assert made is loop
"""
    run(source).assert_outcomes(passed=2)


def test_the_decorator_works_with_and_without_arguments_as_pytests_own(run: RunSuite) -> None:
    source = f"""{HERE}
@loopscope.fixture
async def plain():
    yield 1

@loopscope.fixture(scope="module", params=[1, 2], name="renamed")
async def made(request):
    yield request.param

async def test_it(plain, renamed):
    assert renamed in (1, 2)
"""
    run(source).assert_outcomes(passed=2)


def test_two_ends_declared_onto_different_loops_are_found_before_the_first_test(
    run: RunSuite,
) -> None:
    source = f"""{HERE}
@loopscope.fixture(scope="module")
async def db():
    yield

@pytest.mark.loopscope(scope="function")
async def test_login(db):
    pass

async def test_fine(db):
    pass
"""
    result = run(source)
    result.assert_outcomes(errors=1, passed=1)
    result.stdout.fnmatch_lines(
        [
            "collected 2 items",
            "LS101 loop scope mismatch: test_login (function loop) uses db (module loop)",
            "  test_it.py:4 *db *made on the loop of module test_it.py",
            "  test_it.py:8 *test_login *runs on a loop of its own",
            "*test_it.py E.*",
            "*ERROR at setup of test_login*",
            "LS101 loop scope mismatch: test_login (function loop) uses db (module loop)",
        ]
    )


def test_a_fixture_that_would_outlive_its_declared_loop_is_found(run: RunSuite) -> None:
    source = f"""{HERE}
@loopscope.fixture(scope="session", loop_scope="function")
async def db():
    yield

@pytest.fixture
async def session(db):
    yield

async def test_it(session):
    pass

async def test_fine():
    pass
"""
    result = run(source)
    result.assert_outcomes(errors=1, passed=1)
    result.stdout.fnmatch_lines(
        [
            "LS102 db is session-scoped and would outlive its function loop",
            '  test_it.py:4  db  declares the loop scope "function"',
        ]
    )


def test_the_declared_policy_plans_nothing_and_finds_what_does_not_fit(run: RunSuite) -> None:
    source = f"""{HERE}
@pytest.fixture(scope="session")
async def db():
    yield

async def test_it(db):
    pass

@pytest.mark.loopscope(scope="session")
async def test_declared(db):
    pass
"""
    result = run(source, "--loopscope-loops=declared")
    result.assert_outcomes(errors=1, passed=1)
    result.stdout.fnmatch_lines(["LS101 loop scope mismatch: test_it (function loop) uses db*"])


@pytest.mark.parametrize(
    ("mark", "problem"),
    [
        (
            '"module"',
            f"mark.loopscope takes keyword arguments only ({ARGUMENTS}), not 'module'",
        ),
        (
            "scop=1",
            f"mark.loopscope has no argument 'scop'. Valid: {ARGUMENTS}.",
        ),
        (
            'scope="global"',
            "'global' is not a valid scope. Valid: function, class, module, package, session.",
        ),
        ('backend="curio"', "'curio' is not a valid backend. Valid: asyncio, uvloop, trio."),
    ],
)
def test_a_malformed_mark_fails_its_test_and_names_it(
    run: RunSuite, mark: str, problem: str
) -> None:
    source = f"""{HERE}
@pytest.mark.loopscope({mark})
async def test_it():
    pass

async def test_fine():
    pass
"""
    result = run(source)
    result.assert_outcomes(errors=1, passed=1)
    result.stdout.fnmatch_lines(
        ["LS401 test_it is declared in a way*", f"  test_it.py:4  test_it  {problem}"]
    )


def test_an_unknown_loop_scope_on_a_fixture_is_an_error_where_it_stands(run: RunSuite) -> None:
    source = f"""{HERE}
@loopscope.fixture(loop_scope="global")
async def made():
    yield
"""
    result = run(source)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        [
            "test_it.py:4: in <module>",
            "E * 'global' is not a valid loop_scope. Valid: function, class, module, package, "
            "session.",
        ]
    )


def test_strict_mode_takes_only_what_is_declared(run: RunSuite) -> None:
    source = f"""{HERE}
@loopscope.fixture
async def ours():
    yield 1

@pytest.mark.loopscope
async def test_marked(ours):
    assert ours == 1

def test_sync_with_ours(ours):
    assert ours == 1

ran = []

async def test_unmarked(ours):
    ran.append(1)

def test_nobody_ran_it():
    assert not ran
"""
    result = run(source, "--loopscope-mode=strict", "-Wignore")
    assert result.parseoutcomes()["passed"] == 3


@pytest.mark.skipif(pytest.version_tuple < (8, 4), reason="older ones hand on what nobody awaited")
def test_strict_mode_leaves_a_plain_async_fixture_to_pytest(run: RunSuite) -> None:
    source = f"""{HERE}
@pytest.fixture
async def plain():
    yield 1

@pytest.mark.loopscope
async def test_it(plain):
    pass
"""
    result = run(source, "--loopscope-mode=strict")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*requested an async fixture 'plain'*"])


@pytest.mark.parametrize("option", ["mode", "engine", "loops"])
def test_an_unknown_option_value_is_a_usage_error_that_lists_the_valid_ones(
    run: RunSuite, option: str
) -> None:
    result = run("def test_it(): pass", f"--loopscope-{option}=nope")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"*'nope' is not a valid loopscope_{option}. Valid: *"])


def test_a_sync_test_fits_any_loop_under_the_declared_policy(run: RunSuite) -> None:
    source = f"""{HERE}
@pytest.fixture(scope="session")
async def db():
    yield here()

@pytest.fixture
async def own():
    yield here()

def test_it(db, own, loopscope):
    async def inside():
        return here()
    assert loopscope.run(inside) is db is not own
"""
    run(source, "--loopscope-loops=declared").assert_outcomes(passed=1)


def test_a_package_scope_outside_of_any_package_is_no_mistake(run: RunSuite) -> None:
    source = f"""{HERE}
@loopscope.fixture(scope="package", loop_scope="package")
async def made():
    yield here()

async def test_it(made):
    assert here() is made
"""
    run(source).assert_outcomes(passed=1)
