"""`async def setup_method` and its like are awaited, on the loop that their tests run on."""

from __future__ import annotations

from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("hypothesis")
pytest.importorskip("pytest_asyncio")
pytest.importorskip("pytest_trio")

from tests.vocabularies.suites import ALL, FROM_ANYIO, OWN, Vocabulary

if TYPE_CHECKING:
    from tests.vocabularies.suites import Suite

each_vocabulary = pytest.mark.parametrize("vocabulary", ALL, ids=str)
own = OWN[0]
STRICT = Vocabulary("own-strict", "asyncio", "async_test = pytest.mark.loopscope")

EVERY_LEVEL = """
    LOOPS = set()

    def note(what):
        event(what)
        LOOPS.add(here())

    async def setup_module(module):
        note(f"setup_module {module.__name__}")

    async def teardown_module():
        note("teardown_module")
        assert len(LOOPS) == 1

    async def setup_function(function):
        note(f"setup_function {function.__name__}")

    async def teardown_function():
        note("teardown_function")

    @async_test
    async def test_function():
        note("function")

    @async_test
    class TestClass:
        @classmethod
        async def setup_class(cls):
            note(f"setup_class {cls.__name__}")

        async def teardown_class(cls):
            note(f"teardown_class {cls.__name__}")

        async def setup_method(self, method):
            note(f"setup_method {method.__name__}")
            self.own = method.__name__

        async def teardown_method(self):
            note(f"teardown_method {self.own}")

        async def test_one(self):
            note(f"one {self.own}")

        async def test_two(self):
            note(f"two {self.own}")
"""


@pytest.mark.parametrize("vocabulary", [*ALL, STRICT], ids=str)
def test_functions_of_every_level_are_awaited_in_order_on_one_loop(
    suite: Suite, vocabulary: Vocabulary
) -> None:
    suite.module(vocabulary, EVERY_LEVEL)
    arguments = ("--loopscope-mode=strict",) if vocabulary is STRICT else vocabulary.arguments
    suite.ran(*arguments).all_passed("test_function", "TestClass::test_one", "TestClass::test_two")
    assert suite.events == [
        "setup_module test_it",
        "setup_function test_function",
        "function",
        "teardown_function",
        "setup_class TestClass",
        "setup_method test_one",
        "one test_one",
        "teardown_method test_one",
        "setup_method test_two",
        "two test_two",
        "teardown_method test_two",
        "teardown_class TestClass",
        "teardown_module",
    ]


@each_vocabulary
def test_a_method_around_one_test_needs_no_wider_loop(suite: Suite, vocabulary: Vocabulary) -> None:
    suite.module(
        vocabulary,
        """
        LOOPS = []

        @async_test
        class TestIt:
            async def setup_method(self):
                self.loop = here()
                LOOPS.append(self.loop)

            async def test_one(self):
                assert self.loop is here()

            async def test_two(self):
                assert self.loop is here()
                assert LOOPS[0] is not LOOPS[1]
        """,
    )
    suite.ran(*vocabulary.arguments).all_passed("TestIt::test_one", "TestIt::test_two")


KINDS = {"def": "event({!r})", "async def": "here(); event({!r})"}


@pytest.mark.parametrize("argument", ["", "subject"], ids=["without argument", "with argument"])
@pytest.mark.parametrize(
    ("setup", "teardown"),
    [("def", "async def"), ("async def", "def"), (None, "async def"), ("async def", None)],
)
@pytest.mark.parametrize("level", ["module", "function", "class", "method"])
def test_either_of_the_two_may_be_async(
    suite: Suite, level: str, setup: str | None, teardown: str | None, argument: str
) -> None:
    in_class = level in ("class", "method")
    first = {"class": "cls", "method": "self"}.get(level)
    parameters = ", ".join(filter(None, [first, argument]))
    if level == "class" and argument:
        parameters = "cls"  # it takes no other argument
    functions = [
        f"{kind} {phase}_{level}({parameters}): {KINDS[kind].format(phase)}"
        for phase, kind in (("setup", setup), ("teardown", teardown))
        if kind is not None
    ]
    test = f"async def test_it({'self' if in_class else ''}): event('test')"
    lines = [*functions, test]
    if in_class:
        lines = ["class TestIt:", *(f"    {line}" for line in lines)]
    suite.module(own, "\n".join(lines))
    suite.ran().all_passed("TestIt::test_it" if in_class else "test_it")
    told = [name for name, kind in (("setup", setup), ("teardown", teardown)) if kind]
    expected = ["setup", "test", "teardown"]
    assert suite.events == [one for one in expected if one in (*told, "test")]


@pytest.mark.parametrize(
    ("setup", "teardown"), [("setUpModule", "tearDownModule"), ("setUpModule", "teardown_module")]
)
def test_the_names_of_unittest_work_for_a_module(suite: Suite, setup: str, teardown: str) -> None:
    suite.module(
        own,
        f"""
        async def {setup}():
            here(); event("setup")

        async def {teardown}():
            here(); event("teardown")

        async def test_it():
            event("test")
        """,
    )
    suite.ran().all_passed("test_it")
    assert suite.events == ["setup", "test", "teardown"]


@pytest.mark.parametrize("vocabulary", [v for v in [*ALL, STRICT] if v.has_sync_tests], ids=str)
def test_a_sync_test_has_them_awaited_as_well(suite: Suite, vocabulary: Vocabulary) -> None:
    suite.module(
        vocabulary,
        """
        @async_test
        class TestIt:
            async def setup_class(cls):
                cls.library = library()

            async def setup_method(self):
                self.own = library()

            async def teardown_method(self):
                event(library())

            def test_sync(self):
                assert self.own == self.library == BACKEND
        """,
    )
    arguments = ("--loopscope-mode=strict",) if vocabulary is STRICT else vocabulary.arguments
    ran = suite.ran(*arguments)
    assert list(ran.outcomes.values()) == ["passed"], ran.out
    assert suite.events == [vocabulary.backend]


@pytest.mark.parametrize("policy", ["planned", "declared"])
def test_a_test_of_pytest_trio_has_its_clock_all_the_same(suite: Suite, policy: str) -> None:
    suite.module(
        own,
        """
        import trio

        @pytest.mark.trio
        class TestIt:
            async def setup_method(self):
                self.start = trio.current_time()

            async def test_it(self, autojump_clock):
                await trio.sleep(1000)
                assert trio.current_time() - self.start == pytest.approx(1000)
        """,
    )
    suite.ran(f"--loopscope-loops={policy}").all_passed("TestIt::test_it")


def test_on_several_backends_a_class_is_set_up_on_each(suite: Suite) -> None:
    suite.module(
        own,
        """
        @pytest.mark.anyio
        class TestIt:
            async def setup_class(cls):
                event(f"setup_class {library()}")
                cls.loop = here()

            async def teardown_class(cls):
                event(f"teardown_class {library()}")

            async def setup_method(self):
                assert here() is self.loop

            async def test_async(self):
                assert here() is self.loop

            def test_sync(self):
                event("sync")
        """,
    )
    names = ("test_async", "test_sync")
    suite.ran("-pno:randomly").all_passed(
        *(f"TestIt::{name}[{backend}]" for name in names for backend in ("asyncio", "trio"))
    )
    for backend in ("asyncio", "trio"):
        assert suite.events.count(f"setup_class {backend}") >= 1
        told = [one for one in suite.events if one.endswith(backend)]
        assert told == ["setup_class " + backend, "teardown_class " + backend] * (len(told) // 2)


def test_where_nobody_owns_the_test_it_fails_and_says_why(suite: Suite) -> None:
    suite.module(
        own,
        """
        async def setup_module():
            here(); event("setup")

        def test_of_nobody():
            event("not run")

        @pytest.mark.loopscope
        async def test_of_ours():
            event("test")
        """,
    )
    ran = suite.ran("--loopscope-mode=strict")
    assert ran.outcomes == {"test_of_nobody": "error", "test_of_ours": "passed"}, ran.out
    line = (suite.root / "test_it.py").read_text().splitlines().index("async def setup_module():")
    text = ran.texts["test_of_nobody"]
    assert "LS408 setup_module is async, and nobody awaits it for test_of_nobody" in text
    assert f"test_it.py:{line + 1} " in text
    assert suite.events == ["setup", "test"]


def test_a_method_has_no_part_in_setup_function(suite: Suite) -> None:
    suite.module(
        own,
        """
        async def setup_function(function):
            event(function.__name__)

        class TestIt:
            def test_sync(self):
                with pytest.raises(RuntimeError):
                    here()

        @pytest.mark.loopscope
        async def test_of_ours():
            pass
        """,
    )
    suite.ran("--loopscope-mode=strict").all_passed("TestIt::test_sync", "test_of_ours")
    assert suite.events == ["test_of_ours"]


def test_sync_functions_are_left_to_pytest(suite: Suite) -> None:
    suite.module(
        own,
        """
        def setup_module():
            with pytest.raises(RuntimeError):
                here()

        class TestIt:
            def setup_method(self):
                with pytest.raises(RuntimeError):
                    here()

            async def test_it(self):
                here()
        """,
    )
    suite.ran().all_passed("TestIt::test_it")


@each_vocabulary
@pytest.mark.parametrize("phase", ["setup", "teardown"])
def test_an_error_is_shown_where_it_was_raised(
    suite: Suite, vocabulary: Vocabulary, phase: str
) -> None:
    suite.module(
        vocabulary,
        f"""
        @async_test
        class TestIt:
            async def {phase}_method(self):
                raise ValueError("mine")

            async def test_it(self):
                event("test")
        """,
    )
    ran = suite.ran(*vocabulary.arguments)
    outcome = {"setup": "error", "teardown": "passed+error"}[phase]
    assert ran.outcomes == {"TestIt::test_it": outcome}, ran.out
    text = ran.texts["TestIt::test_it"]
    assert "ValueError: mine" in text
    assert "xunit.py" not in text
    assert suite.events == (["test"] if phase == "teardown" else [])


@pytest.mark.parametrize("vocabulary", [*OWN, *FROM_ANYIO], ids=str)
def test_a_context_variable_is_seen_by_the_test_and_reset_in_teardown(
    suite: Suite, vocabulary: Vocabulary
) -> None:
    suite.module(
        vocabulary,
        """
        from contextvars import ContextVar

        var = ContextVar("var", default="none")

        @async_test
        class TestIt:
            async def setup_method(self):
                self.token = var.set("set")

            async def teardown_method(self):
                var.reset(self.token)
                event(var.get())

            async def test_it(self):
                assert var.get() == "set"
        """,
    )
    suite.ran(*vocabulary.arguments).all_passed("TestIt::test_it")
    assert suite.events == ["none"]


def test_they_are_told_of_by_their_own_names_and_lines(suite: Suite) -> None:
    suite.module(own, dedent(EVERY_LEVEL))
    ran = suite.ran("--loopscope-ladder")
    lines = (suite.root / "test_it.py").read_text().splitlines()
    line = next(n for n, text in enumerate(lines, 1) if text.startswith("async def setup_module"))
    assert f"because `setup_module` at test_it.py:{line}" in ran.out


def test_a_class_that_inherits_them_runs_them_on_its_own_instances(suite: Suite) -> None:
    suite.module(
        own,
        """
        class Base:
            async def setup_method(self):
                here(); self.name = type(self).__name__

        class TestOne(Base):
            async def test_it(self):
                assert self.name == "TestOne"

        class TestTwo(Base):
            async def setup_method(self):
                await super().setup_method()
                self.name += "!"

            async def test_it(self):
                assert self.name == "TestTwo!"
        """,
    )
    suite.ran().all_passed("TestOne::test_it", "TestTwo::test_it")
