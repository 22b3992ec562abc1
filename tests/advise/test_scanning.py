"""What a module says of the backends that it needs, read from its source."""

from __future__ import annotations

from textwrap import dedent

import pytest

from loopscope.advise.apis import ASYNCIO, EITHER, HELD_OPEN, IN_ANYIO, LIBRARIES, TRIO
from loopscope.advise.scanning import Scan, scan


def scanned(source: str) -> Scan:
    return scan("a.py", dedent(source))


def seen(source: str) -> list[tuple[int, str, str]]:
    return [(one.line, one.what, one.needs) for one in scanned(source).sightings]


@pytest.mark.parametrize(
    ("source", "found"),
    [
        pytest.param("import trio", [(1, "import trio", TRIO)], id="import"),
        pytest.param("import trio.testing as t", [(1, "import trio", TRIO)], id="submodule"),
        pytest.param("from anyio import Event", [(1, "import anyio", EITHER)], id="from"),
        pytest.param(
            "from redis import asyncio", [(1, "import redis.asyncio", ASYNCIO)], id="part"
        ),
        pytest.param("import redis", [], id="the-other-part"),
        pytest.param("import triode", [], id="begins-alike"),
        pytest.param("from . import trio", [], id="relative"),
        pytest.param(
            "import asyncio\nasyncio.Queue()", [(2, "asyncio.Queue", ASYNCIO)], id="attribute"
        ),
        pytest.param(
            "from asyncio import sleep as s\nawait_ = s(1)",
            [(2, "asyncio.sleep", ASYNCIO)],
            id="alias",
        ),
        pytest.param(
            "import asyncio as a\nt: a.Queue[int]",
            [(2, "asyncio.Queue", ASYNCIO)],
            id="module-alias",
        ),
        pytest.param("import asyncio\nasyncio.run(f())", [], id="a-loop-of-its-own"),
        pytest.param("import queue as asyncio\nasyncio.Queue()", [], id="another-module"),
        pytest.param(
            "import typing\nif typing.TYPE_CHECKING:\n    import trio\nelse:\n    import anyio",
            [(5, "import anyio", EITHER)],
            id="for-the-type-checker",
        ),
        pytest.param(
            "def f():\n    try:\n        import trio\n    except ImportError: ...",
            [(3, "import trio", TRIO)],
            id="inside",
        ),
    ],
)
def test_what_needs_a_backend_is_seen_where_it_is(
    source: str, found: list[tuple[int, str, str]]
) -> None:
    assert seen(source) == found


@pytest.mark.parametrize(
    ("body", "held"),
    [
        pytest.param(
            "async with anyio.create_task_group() as group:\n        yield group",
            ("anyio.create_task_group",),
            id="held",
        ),
        pytest.param("with anyio.fail_after(3):\n        pass\n    yield", (), id="left-before"),
        pytest.param(
            "with anyio.CancelScope():\n        def inner():\n            yield\n    yield",
            (),
            id="yield-of-another",
        ),
        pytest.param("async with open_it():\n        yield", (), id="something-else"),
    ],
)
def test_what_is_held_open_over_a_yield_is_seen(body: str, held: tuple[str, ...]) -> None:
    (definition, *_) = scanned(f"import anyio\n\nasync def group():\n    {body}\n").definitions
    assert definition.holds == held


def test_a_definition_begins_at_its_first_decorator() -> None:
    (definition,) = scanned(
        """
        import pytest_asyncio as pa

        @other
        @pa.fixture(scope="session", params=[1,
                                             2])
        async def pool(request): ...
        """
    ).definitions
    assert (definition.line, definition.arguments) == (4, ("request",))
    _, decorator = definition.decorators
    assert (decorator.line, decorator.name, decorator.callee) == (
        5,
        "pytest_asyncio.fixture",
        "pa.fixture",
    )
    assert [name for name, _ in decorator.arguments] == ["scope", "params"]


def test_marks_are_seen_wherever_they_stand() -> None:
    marks = scanned(
        """
        import pytest
        pytestmark = [pytest.mark.anyio]

        @pytest.mark.asyncio(loop_scope="class")
        class TestIt:
            @pytest.mark.parametrize("a", [pytest.param(1, marks=pytest.mark.trio)])
            async def test_it(self, a): ...
        """
    ).marks
    assert [(mark.line, mark.name) for mark in marks] == [(3, "anyio"), (5, "asyncio"), (7, "trio")]


def test_what_is_no_python_is_an_error() -> None:
    with pytest.raises(SyntaxError):
        scan("a.py", "print 'hello'")


def test_the_tables_name_things_once_and_say_where_they_are_from() -> None:
    modules = [library.module for library in LIBRARIES]
    assert len(modules) == len(set(modules))
    assert all(library.source.startswith("https://") for library in LIBRARIES)


def test_what_the_tables_name_exists() -> None:
    import asyncio
    import sys

    anyio = pytest.importorskip("anyio")
    trio = pytest.importorskip("trio")
    since_3_11 = {"Barrier", "TaskGroup", "timeout", "timeout_at"}
    for name, instead in IN_ANYIO.items():
        assert hasattr(asyncio, name) or (name in since_3_11 and sys.version_info < (3, 11))
        found = anyio
        for part in (instead or "anyio").split(".")[1:]:
            found = getattr(found, part)
    homes = {"asyncio": asyncio, "anyio": anyio, "trio": trio}
    for name in HELD_OPEN:
        module, _, attribute = name.partition(".")
        if module in homes and not (attribute in since_3_11 and sys.version_info < (3, 11)):
            assert hasattr(homes[module], attribute), name
