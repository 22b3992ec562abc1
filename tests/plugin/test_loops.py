"""Which loop a test or fixture runs on, as the suite itself sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.plugin.conftest import rerun

if TYPE_CHECKING:
    from tests.plugin.conftest import RunSuite

# `here()` is a different object on every loop, of whatever library.
HERE = """
import pytest, sniffio

def here():
    if sniffio.current_async_library() == "trio":
        import trio
        return trio.lowlevel.current_trio_token()
    import asyncio
    return asyncio.get_running_loop()
"""

SCOPES = ("function", "class", "module", "package", "session")


@pytest.mark.parametrize("scope", SCOPES)
def test_a_test_runs_on_the_loop_of_the_fixture_it_uses(
    run: RunSuite, scope: str, backend: str
) -> None:
    source = f"""{HERE}
@pytest.fixture(scope="{scope}")
async def made():
    before = here()
    yield before
    assert here() is before

async def test_first(made):
    assert here() is made

async def test_second(made):
    assert here() is made
"""
    run(source, backend=backend).assert_outcomes(passed=2)


def test_a_test_that_uses_nothing_wider_gets_a_loop_of_its_own(run: RunSuite, backend: str) -> None:
    source = f"""{HERE}
seen = []

@pytest.fixture(scope="session", autouse=False)
async def shared():
    yield here()

@pytest.fixture
async def own():
    yield here()

async def test_with_nothing():
    seen.append(here())

async def test_with_a_function_fixture(own):
    assert here() is own
    seen.append(own)

async def test_with_a_session_fixture(shared):
    seen.append(shared)

def test_all_loops_were_different():
    assert len({{id(loop) for loop in seen}}) == len(seen) == 3
"""
    run(source, backend=backend).assert_outcomes(passed=4)


def test_loops_of_several_scopes_live_side_by_side_in_one_suite(
    run: RunSuite, backend: str
) -> None:
    source = f"""{HERE}
@pytest.fixture(scope="session")
async def session():
    yield here()

@pytest.fixture(scope="module")
async def module():
    yield here()

@pytest.fixture(scope="class")
async def cls():
    yield here()

class Test:
    async def test_class(self, cls):
        assert here() is cls

    async def test_session(self, session):
        assert here() is session

    async def test_class_again(self, cls):
        assert here() is cls

async def test_module(module):
    assert here() is module

async def test_own():
    here()

async def test_session(session):
    assert here() is session
"""
    run(source, backend=backend).assert_outcomes(passed=6)


def test_users_of_one_another_share_a_loop_however_long_the_chain(
    run: RunSuite, backend: str
) -> None:
    source = f"""{HERE}
@pytest.fixture(scope="session")
async def bottom():
    return here()

@pytest.fixture(scope="module")
def sync_between(bottom):
    return bottom

@pytest.fixture
async def top(sync_between):
    assert here() is sync_between
    return sync_between

@pytest.fixture
def sync_top(top):
    return top

async def test_chain(sync_top):
    assert here() is sync_top

async def test_the_other_end(bottom):
    assert here() is bottom
"""
    run(source, backend=backend).assert_outcomes(passed=2)


def test_a_sync_fixture_that_reaches_no_loop_widens_none(run: RunSuite, backend: str) -> None:
    source = f"""{HERE}
seen = []

@pytest.fixture(scope="session")
def settings():
    return object()

async def test_one(settings):
    seen.append(here())

async def test_two(settings):
    seen.append(here())
    assert seen[0] is not seen[1]
"""
    run(source, backend=backend).assert_outcomes(passed=2)


def test_a_module_loop_is_another_one_in_the_next_module(
    pytester: pytest.Pytester, backend: str
) -> None:
    conftest = f"""{HERE}
loops = []

@pytest.fixture(scope="module")
async def made():
    loops.append(here())
    yield loops

@pytest.fixture
async def current():
    return here()
"""
    test = """
async def test_here(made, current):
    assert made[-1] is current
"""
    last = """
async def test_every_module_had_one(made):
    assert len({id(loop) for loop in made}) == len(made) == 3
"""
    pytester.makeconftest(conftest)
    pytester.makepyfile(test_a=test, test_b=test, test_c=last)
    rerun(pytester, backend=backend).assert_outcomes(passed=3)


def test_a_package_loop_belongs_to_the_package_that_defines_the_fixture(
    pytester: pytest.Pytester, backend: str
) -> None:
    conftest = f"""{HERE}
@pytest.fixture(scope="package")
async def made():
    yield here()

@pytest.fixture
async def current():
    return here()
"""
    test = """
loops = {}

async def test_here(made, current, request):
    assert made is current
    request.config.stash.setdefault("loops", []).append(made)
"""
    last = """
async def test_each_package_had_one(made, request):
    top, sub, other = request.config.stash["loops"]
    assert top is sub is not other
"""
    for package in ("one", "two"):
        pytester.mkpydir(package)
        (pytester.path / package / "conftest.py").write_text(conftest)
    (pytester.path / "one" / "test_a.py").write_text(test)
    sub = pytester.mkpydir("one/sub")
    (sub / "test_b.py").write_text(test)
    (pytester.path / "two" / "test_c.py").write_text(test)
    (pytester.path / "two" / "test_d.py").write_text(last)
    rerun(pytester, "one", "two", backend=backend).assert_outcomes(passed=4)


def test_a_loop_is_closed_when_its_place_is_left_and_not_before(run: RunSuite) -> None:
    source = """
import asyncio, pytest
loops = {}

@pytest.fixture(scope="class")
async def cls():
    loops["class"] = asyncio.get_running_loop()
    yield
    assert not loops["class"].is_closed()

class TestOne:
    async def test_one(self, cls):
        loops["own"] = asyncio.get_running_loop()

    async def test_two(self, cls):
        assert not loops["class"].is_closed()

async def test_after():
    assert loops["class"].is_closed()
    loops["own"] = asyncio.get_running_loop()

def test_the_loop_of_a_test_is_closed_after_it():
    assert loops["own"].is_closed()
"""
    run(source).assert_outcomes(passed=4)


def test_a_late_mark_and_a_late_fixture_are_planned(pytester: pytest.Pytester) -> None:
    pytester.makeconftest("""
import pytest

def pytest_collection_modifyitems(items):
    for item in items:
        if item.name == "test_late_mark":
            item.add_marker(pytest.mark.loopscope(scope="module"))
        if item.name == "test_late_fixture":
            item.fixturenames.append("made")
""")
    pytester.makepyfile(f"""{HERE}
seen = {{}}

@pytest.fixture(scope="session")
async def made():
    seen["session"] = here()

async def test_late_fixture():
    assert here() is seen["session"]

async def test_late_mark():
    seen["module"] = here()

@pytest.mark.loopscope(scope="module")
async def test_marked():
    assert here() is seen["module"]
""")
    rerun(pytester).assert_outcomes(passed=3)


def test_what_is_asked_for_during_setup_moves_the_test_to_its_loop(
    run: RunSuite, backend: str
) -> None:
    source = f"""{HERE}
@pytest.fixture(scope="session")
async def made():
    yield here()

@pytest.fixture(autouse=True)
def chosen(request):
    return request.getfixturevalue("made")

async def test_it(chosen):
    assert here() is chosen
"""
    run(source, backend=backend).assert_outcomes(passed=1)


def test_what_comes_too_late_for_the_plan_names_both_ends(run: RunSuite) -> None:
    source = """
import pytest

@pytest.fixture(scope="session")
async def pool():
    yield

@pytest.fixture
async def own():
    yield

@pytest.fixture
def late(own, request):
    return request.getfixturevalue("pool")

async def test_it(late):
    pass
"""
    result = run(source)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        [
            "*LS103 test_it asks for pool at run time*",
            "*test_it.py:3 *pool *lives on the session loop",
            "*test_it.py:15 *test_it *runs on a loop of its own",
        ]
    )


@pytest.mark.parametrize(
    "others", ["", "async def test_async(made): pass"], ids=["alone", "beside"]
)
def test_a_sync_test_may_ask_for_an_async_fixture_dynamically(
    run: RunSuite, others: str, backend: str
) -> None:
    source = f"""{HERE}
@pytest.fixture(scope="module")
async def made():
    yield 1

@pytest.fixture
def handed_on(request):
    return request.getfixturevalue("made")

def test_by_itself(request):
    assert request.getfixturevalue("made") == 1

def test_through_a_fixture(handed_on):
    assert handed_on == 1

{others}
"""
    run(source, backend=backend).assert_outcomes(passed=3 if others else 2)
