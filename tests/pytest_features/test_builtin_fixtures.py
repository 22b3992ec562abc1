"""pytest's own fixtures and helpers do in async code what they do in sync code."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.pytest_features.inner import written

if TYPE_CHECKING:
    from tests.pytest_features.inner import Inner

# A suite that passes, by what it is about. Each is run with all warnings as errors.
SUITES = {
    "caplog": """
        import logging
        import pytest
        from anyio.lowlevel import checkpoint

        @pytest.fixture
        async def logging_fixture():
            await checkpoint()
            logging.warning("in a fixture")

        async def test_it(caplog, logging_fixture):
            logging.warning("before")
            await checkpoint()
            with caplog.at_level(logging.INFO):
                logging.info("inside")
                await checkpoint()
            logging.info("outside")
            assert caplog.messages == ["before", "inside"]
            assert [r.message for r in caplog.get_records("setup")] == ["in a fixture"]

        async def test_next(caplog):
            assert caplog.messages == []
    """,
    "capsys": """
        import pytest
        from anyio.lowlevel import checkpoint

        async def test_it(capsys):
            print("before")
            await checkpoint()
            print("after")
            assert capsys.readouterr().out == "before\\nafter\\n"
            with capsys.disabled():
                await checkpoint()
    """,
    "capfd": """
        import os
        from anyio.lowlevel import checkpoint

        async def test_it(capfd):
            os.write(1, b"before ")
            await checkpoint()
            os.write(1, b"after")
            assert capfd.readouterr().out == "before after"
    """,
    "tmp_path": """
        import pytest
        from anyio.lowlevel import checkpoint

        @pytest.fixture
        async def file(tmp_path):
            await checkpoint()
            (tmp_path / "file").write_text("text")
            yield tmp_path / "file"
            await checkpoint()
            assert (tmp_path / "file").read_text() == "changed"

        @pytest.fixture(scope="session")
        async def shared(tmp_path_factory):
            return tmp_path_factory.mktemp("shared")

        async def test_it(file, tmp_path, shared):
            assert file.parent == tmp_path
            assert shared.is_dir()
            file.write_text("changed")
    """,
    "monkeypatch": """
        import os
        import pytest
        from anyio.lowlevel import checkpoint

        @pytest.fixture
        async def patched(monkeypatch):
            monkeypatch.setenv("LOOPSCOPE_TEST", "set")
            yield
            await checkpoint()
            assert os.environ["LOOPSCOPE_TEST"] == "set again"

        async def test_it(patched, monkeypatch):
            assert os.environ["LOOPSCOPE_TEST"] == "set"
            await checkpoint()
            monkeypatch.setenv("LOOPSCOPE_TEST", "set again")

        async def test_next():
            assert "LOOPSCOPE_TEST" not in os.environ
    """,
    "recwarn": """
        import warnings
        from anyio.lowlevel import checkpoint

        async def test_it(recwarn):
            warnings.warn("before")
            await checkpoint()
            warnings.warn("after")
            assert [str(w.message) for w in recwarn] == ["before", "after"]
    """,
    "request": """
        import pytest
        from anyio.lowlevel import checkpoint

        @pytest.fixture
        async def plain():
            return "plain"

        @pytest.fixture(params=["one", "two"])
        async def parametrized(request):
            await checkpoint()
            assert request.fixturename == "parametrized"
            assert request.node.name.startswith("test_it[")
            return request.param

        async def test_it(request, parametrized):
            await checkpoint()
            assert parametrized in ("one", "two")
            assert request.node.callspec.params["parametrized"] == parametrized
            assert request.config.rootpath.is_dir()
    """,
    "record_property and cache": """
        from anyio.lowlevel import checkpoint

        async def test_it(record_property, cache, pytestconfig):
            record_property("key", "value")
            await checkpoint()
            cache.set("loopscope/test", [1])
            assert cache.get("loopscope/test", None) == [1]
    """,
    "raises": """
        import pytest
        from anyio.lowlevel import checkpoint

        async def failing():
            await checkpoint()
            raise ValueError("why")

        async def test_it():
            with pytest.raises(ValueError, match="why") as caught:
                await failing()
            assert str(caught.value) == "why"
            await checkpoint()

        async def test_did_not_raise():
            with pytest.raises(pytest.fail.Exception, match="DID NOT RAISE"):
                with pytest.raises(ValueError):
                    await checkpoint()
    """,
    "warns": """
        import warnings
        import pytest
        from anyio.lowlevel import checkpoint

        async def warning():
            await checkpoint()
            warnings.warn("why", DeprecationWarning)

        async def test_it():
            with pytest.warns(DeprecationWarning, match="why"):
                await warning()
            with pytest.deprecated_call():
                await warning()

        @pytest.mark.filterwarnings("ignore:why")
        async def test_ignored():
            await warning()
    """,
    "approx and subtests of parameters": """
        import pytest
        from anyio.lowlevel import checkpoint

        @pytest.mark.parametrize(("a", "b"), [(0.1, 0.2), pytest.param(1.0, 2.0, id="whole")])
        async def test_it(a, b):
            await checkpoint()
            assert a + b == pytest.approx(b + a)
    """,
}


@pytest.mark.parametrize("source", SUITES.values(), ids=SUITES.keys())
def test_it_works_in_async_tests_and_fixtures(inner: Inner, way: str, source: str) -> None:
    inner.write({"test_it.py": written(source, way)})
    result = inner.run("-W", "error", backend=way)
    outcomes = result.parseoutcomes()
    assert result.ret == 0, outcomes
    assert set(outcomes) == {"passed"}


def test_finalizers_of_async_fixtures_run_in_reverse_order(inner: Inner, way: str) -> None:
    source = """
        import pytest
        from anyio.lowlevel import checkpoint
        from events import event

        @pytest.fixture
        async def outer(request):
            request.addfinalizer(lambda: event("outer finalizer"))
            yield
            await checkpoint()
            event("outer down")

        @pytest.fixture
        async def plain(outer, request):
            await checkpoint()
            for number in (1, 2):
                request.addfinalizer(lambda number=number: event(f"plain finalizer {number}"))

        @pytest.fixture
        async def broken(plain, request):
            request.addfinalizer(lambda: event("broken finalizer"))
            await checkpoint()
            raise ValueError

        async def test_it(broken): ...
    """
    inner.write({"test_it.py": written(source, way)})
    inner.run(backend=way).assert_outcomes(errors=1)
    assert inner.events == [
        "broken finalizer",
        "plain finalizer 2",
        "plain finalizer 1",
        # pytest adds the finalizer of a generator once it has yielded.
        "outer down",
        "outer finalizer",
    ]


def test_finalizers_added_by_a_test_run_before_its_fixtures_are_torn_down(
    inner: Inner, way: str
) -> None:
    source = """
        import pytest
        from anyio.lowlevel import checkpoint
        from events import event

        @pytest.fixture
        async def fixture():
            yield
            event("fixture down")

        async def test_it(request, fixture):
            request.addfinalizer(lambda: event("finalizer of the test"))
            await checkpoint()
    """
    inner.write({"test_it.py": written(source, way)})
    inner.run(backend=way).assert_outcomes(passed=1)
    assert inner.events == ["finalizer of the test", "fixture down"]


def test_output_of_a_failing_test_is_shown_by_phase(inner: Inner, way: str) -> None:
    source = """
        import logging
        import pytest
        from anyio.lowlevel import checkpoint

        @pytest.fixture
        async def fixture():
            print("printed in setup")
            yield
            print("printed in teardown")

        async def test_it(fixture):
            print("printed in the test")
            await checkpoint()
            logging.error("logged in the test")
            assert False
    """
    inner.write({"test_it.py": written(source, way)})
    inner.run(backend=way).stdout.fnmatch_lines(
        [
            "*Captured stdout setup*",
            "printed in setup",
            "*Captured stdout call*",
            "printed in the test",
            "*Captured log call*",
            "*logged in the test",
            "*Captured stdout teardown*",
            "printed in teardown",
        ]
    )
