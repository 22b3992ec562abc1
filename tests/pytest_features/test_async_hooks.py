"""An `async def` hook is refused by its name and line, before a test runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.pytest_features.inner import Inner

TEST = """
    from events import event

    def test_it():
        event("test")
"""
HOOK = """
    {kind} {name}({arguments}):
        {body}
"""
USAGE_ERROR = int(pytest.ExitCode.USAGE_ERROR)


def hook(name: str, arguments: str = "item", body: str = "pass", kind: str = "async def") -> str:
    return HOOK.format(kind=kind, name=name, arguments=arguments, body=body)


def assert_refused(inner: Inner, result: pytest.RunResult, name: str, place: str) -> None:
    told = result.stderr.str() + result.stdout.str()
    assert f"LS406 the hook {name} is async, and pytest awaits no hook" in told
    assert f"  {place}  {name}  async def" in told
    assert result.ret == USAGE_ERROR
    assert inner.events == []
    assert "INTERNALERROR" not in told
    assert "never awaited" not in told


@pytest.mark.parametrize("body", ["pass", "yield"], ids=["coroutine", "async generator"])
@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("pytest_runtest_setup", "item"),
        ("pytest_configure", "config"),
        ("pytest_sessionstart", "session"),
        ("pytest_collection_modifyitems", "items"),
        ("pytest_sessionfinish", ""),
    ],
)
def test_one_in_the_root_conftest_is_refused(
    inner: Inner, name: str, arguments: str, body: str
) -> None:
    inner.write({"conftest.py": hook(name, arguments, body), "test_it.py": TEST})
    assert_refused(inner, inner.run(), name, "conftest.py:1")


def test_one_in_a_nested_conftest_is_refused(inner: Inner) -> None:
    inner.write(
        {
            "a/test_a.py": TEST,
            "b/conftest.py": "import pytest\n\n@pytest.hookimpl(tryfirst=True)"
            "\nasync def pytest_runtest_teardown(item): pass",
            "b/test_b.py": TEST,
        }
    )
    assert_refused(inner, inner.run(), "pytest_runtest_teardown", "b/conftest.py:3")


def test_all_that_are_found_while_tests_are_collected_are_told(inner: Inner) -> None:
    for folder in "ab":
        inner.write(
            {
                f"{folder}/conftest.py": hook("pytest_runtest_setup"),
                f"{folder}/test_{folder}.py": TEST,
            }
        )
    result = inner.run()
    for folder in "ab":
        assert_refused(inner, result, "pytest_runtest_setup", f"{folder}/conftest.py:1")


@pytest.mark.parametrize(
    ("name", "arguments"),
    [("pytest_runtest_setup", "item"), ("pytest_load_initial_conftests", "parser")],
)
@pytest.mark.parametrize("first", [True, False], ids=["before loopscope", "after it"])
def test_one_in_a_plugin_is_refused(inner: Inner, name: str, arguments: str, first: bool) -> None:
    inner.write({"plugged.py": hook(name, arguments), "test_it.py": TEST})
    if first:
        inner.monkeypatch.setenv("PYTEST_PLUGINS", "plugged")
        result = inner.run()
    else:
        result = inner.run(plugins=["plugged"])
    assert_refused(inner, result, name, "plugged.py:1")


def test_one_in_an_object_that_is_registered_is_refused(inner: Inner) -> None:
    inner.write(
        {
            "conftest.py": """
            class Plugin:
                async def pytest_runtest_setup(self, item):
                    pass

            def pytest_configure(config):
                config.pluginmanager.register(Plugin())
            """,
            "test_it.py": TEST,
        }
    )
    assert_refused(inner, inner.run(), "pytest_runtest_setup", "conftest.py:2")


def test_one_in_the_root_conftest_is_refused_with_xdist(inner: Inner) -> None:
    inner.write({"conftest.py": hook("pytest_runtest_setup"), "test_it.py": TEST})
    result = inner.run_apart("-n1", plugins=["xdist.plugin", "xdist.looponfail"])
    assert_refused(inner, result, "pytest_runtest_setup", "conftest.py:1")


def test_a_worker_of_xdist_tells_of_one_in_a_nested_conftest(inner: Inner) -> None:
    inner.write({"a/conftest.py": hook("pytest_runtest_setup"), "a/test_a.py": TEST})
    result = inner.run_apart("-n1", plugins=["xdist.plugin", "xdist.looponfail"])
    told = result.stdout.str()
    assert "LS406 the hook pytest_runtest_setup is async" in told
    assert "INTERNALERROR" not in told
    assert result.ret != 0
    assert inner.events == []


@pytest.mark.parametrize("engine", ["on", "observe"])
def test_async_functions_that_are_no_hooks_are_left_alone(inner: Inner, engine: str) -> None:
    inner.write(
        {
            "conftest.py": """
            import pytest

            async def helper():
                pass

            async def _pytest_helper():
                pass

            async def agenerator():
                yield

            @pytest.fixture
            async def pool():
                yield
            """,
            "test_it.py": TEST,
        }
    )
    result = inner.run(f"--loopscope-engine={engine}")
    assert result.ret == 0, result.stdout.str()
    assert inner.events == ["test"]


def test_a_hook_that_its_caller_awaits_is_left_alone(inner: Inner) -> None:
    inner.write(
        {
            "plugged.py": """
            class Specs:
                async def pytest_plugged_run(self):
                    "Awaited by whoever calls it."

            def pytest_addhooks(pluginmanager):
                pluginmanager.add_hookspecs(Specs)
            """,
            "conftest.py": hook("pytest_plugged_run", ""),
            "test_it.py": TEST,
        }
    )
    result = inner.run(plugins=["plugged"])
    assert result.ret == 0, result.stdout.str() + result.stderr.str()


def test_with_the_engine_off_nothing_is_refused(inner: Inner) -> None:
    inner.write({"conftest.py": hook("pytest_runtest_setup"), "test_it.py": TEST})
    result = inner.run("--loopscope-engine=off", "-Wignore")
    assert result.ret == 0
    assert inner.events == ["test"]


def test_a_usage_error_of_pytest_s_own_is_told_as_before(inner: Inner) -> None:
    inner.write({"test_it.py": TEST})
    result = inner.run("missing.py")
    assert result.ret == USAGE_ERROR
    assert "file or directory not found: missing.py" in result.stderr.str()
