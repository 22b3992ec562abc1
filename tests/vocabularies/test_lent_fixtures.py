"""The fixtures that we lend are there for every suite; who has no use for them pays nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.vocabularies.suites import Suite

# Of a suite without async tests: what there is for it at the end.
CONFTEST = """
import pytest
from events import event

@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session):
    for name, plugin in session.config.pluginmanager.list_name_plugin():
        if name.startswith("loopscope-"):
            event(name)
"""
SYNC = """
import asyncio
import unittest
import pytest

@pytest.fixture(scope="session")
def wide():
    yield

@pytest.fixture
def narrow(wide, request):
    request.addfinalizer(list)
    yield

def test_plain(): ...
def test_uses(narrow, wide, tmp_path): ...

@pytest.mark.parametrize("number", [1, 2])
class TestInAClass:
    def setup_method(self): ...
    def test_method(self, number): ...

class Case(unittest.TestCase):
    def test_case(self): ...
"""
ENGINE = "loopscope-execution"
ASKING = """
import pytest

@pytest.fixture
def asked(request):
    return request.getfixturevalue({name!r})

def test_in_the_test(request):
    request.getfixturevalue({name!r})

def test_in_a_fixture(asked): ...
"""
GIVES = """
import asyncio
import pytest

async def answer():
    return 42

@pytest.fixture
def asked(request):
    return request.getfixturevalue("_opened_loop")

def test_in_the_test(request):
    loop = request.getfixturevalue("_opened_loop")
    assert loop.run_until_complete(answer()) == 42

def test_in_a_fixture(asked):
    assert asked.run_until_complete(answer()) == 42
"""
NAMED = """
async def answer():
    return 42

def test_it(_opened_loop):
    assert _opened_loop.run_until_complete(answer()) == 42
"""

MISUSED = {
    "synchronous-asyncio": (
        "@pytest.mark.asyncio\ndef test_it(): ...",
        "it is not an async function",
    ),
    "synchronous-trio": (
        "@pytest.mark.trio\ndef test_it(): ...",
        "is marked trio but is not async",
    ),
    "overridden-asyncio": (
        "@pytest.fixture\ndef event_loop_policy(): ...\ndef test_it(event_loop_policy): ...",
        "Overriding the fixture event_loop_policy is deprecated",
    ),
}


@pytest.fixture(autouse=True)
def conftest(suite: Suite) -> None:
    """Have the suite tell what is registered at its end."""
    suite.write({"conftest.py": CONFTEST})


@pytest.mark.parametrize("policy", ["planned", "declared"])
def test_a_suite_that_asks_for_none_goes_without_an_engine(suite: Suite, policy: str) -> None:
    suite.write({"test_it.py": SYNC})
    ran = suite.ran(f"--loopscope-loops={policy}")
    assert ran.code == 0, ran.out
    assert suite.events == ["loopscope-async-hooks", "loopscope-late-start"]


def test_a_loop_can_be_asked_for_in_a_suite_without_async_tests(suite: Suite) -> None:
    suite.write({"test_it.py": GIVES})
    suite.ran().all_passed("test_in_the_test", "test_in_a_fixture")
    assert ENGINE in suite.events


def test_what_a_test_names_is_known_before_it_runs(suite: Suite) -> None:
    suite.write({"test_it.py": NAMED})
    suite.ran().all_passed("test_it")
    assert ENGINE in suite.events
    assert "loopscope-late-start" not in suite.events


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("nursery", "RuntimeError: Trio fixtures can only be used by Trio tests"),
        ("loopscope", "no loop is planned for this test: name the fixture loopscope in its sig"),
        ("anyio_backend", "The requested fixture has no parameter defined for test"),
    ],
)
@pytest.mark.parametrize("beside", ["", "async def test_async(): ..."], ids=["alone", "beside"])
def test_what_a_sync_test_cannot_have_is_told_with_and_without_an_engine(
    suite: Suite, beside: str, name: str, error: str
) -> None:
    suite.write({"test_it.py": ASKING.format(name=name) + beside})
    ran = suite.ran()
    expected = {"test_in_the_test": "failed", "test_in_a_fixture": "error"}
    assert ran.outcomes == {**expected, **({"test_async": "passed"} if beside else {})}
    for text in (ran.texts["test_in_the_test"], ran.texts["test_in_a_fixture"]):
        assert error in text


@pytest.mark.parametrize(
    "name",
    [
        "mock_clock",
        "autojump_clock",
        "unused_tcp_port",
        "unused_udp_port_factory",
        "free_tcp_port",
        "free_udp_port_factory",
    ],
)
def test_what_needs_no_loop_is_had_without_an_engine(suite: Suite, name: str) -> None:
    suite.write({"test_it.py": ASKING.format(name=name)})
    suite.ran().all_passed("test_in_the_test", "test_in_a_fixture")
    assert ENGINE not in suite.events


@pytest.mark.parametrize(("name", "source", "told"), [(k, *v) for k, v in MISUSED.items()])
def test_what_is_told_of_a_misused_word_takes_hooks_only_where_it_is_misused(
    suite: Suite, name: str, source: str, told: str
) -> None:
    suite.write({"test_it.py": f"import pytest\n{source}\n"})
    ran = suite.ran()
    assert f"loopscope-{name}" in suite.events
    assert told in ran.out


def test_trio_mode_marks_what_nobody_else_claims(suite: Suite) -> None:
    suite.write({"test_it.py": "async def test_it(nursery): ..."})
    suite.ran("-otrio_mode=true").all_passed("test_it")
    assert "loopscope-trio-mode" in suite.events
