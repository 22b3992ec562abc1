"""What is said around tests is read once for all of them, and again when more is said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from loopscope.dialects.surroundings import Surroundings
from loopscope.dialects.vocabulary import Spoken
from tests.dialects.stubs import Mark, Node, four, mark

if TYPE_CHECKING:
    from collections.abc import Sequence

    from loopscope.dialects.surroundings import Around

ASYNCIO, ANYIO, TRIO = mark("asyncio"), mark("anyio"), mark("trio")
TIMEOUT = mark("loopscope", timeout=1)


def read(*levels: Sequence[Mark]) -> Around:
    """Return what is said around the tests in a class with these marks, in a module with those."""
    return Surroundings(four()).of(collector(*levels))


def collector(*levels: Sequence[Mark]) -> Any:
    node: Node | None = None
    for marks in reversed(levels):
        node = Node(list(marks), node)
    return node


@pytest.mark.parametrize(
    ("levels", "marks", "nearest"),
    [
        pytest.param([(), ()], set(), set(), id="nothing"),
        pytest.param([(), (ASYNCIO,)], {"asyncio"}, {"pytest-asyncio"}, id="module"),
        pytest.param([(TRIO,), (ASYNCIO,)], {"asyncio", "trio"}, {"pytest-trio"}, id="class"),
        pytest.param([(TRIO, ANYIO)], {"anyio", "trio"}, {"anyio", "pytest-trio"}, id="equals"),
        pytest.param([(mark("slow"),), (ANYIO,)], {"anyio"}, {"anyio"}, id="of-no-dialect"),
        # A mark that says nothing of the loop does not say whose a test is, either.
        pytest.param(
            [(TIMEOUT,), (ANYIO,)], {"loopscope", "anyio"}, {"anyio"}, id="claims-nothing"
        ),
    ],
)
def test_the_nearest_mark_that_tells_counts(
    levels: list[Sequence[Mark]], marks: set[str], nearest: set[str]
) -> None:
    around = read(*levels)
    assert around.marks == marks
    assert around.nearest == nearest


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        pytest.param([(), (ASYNCIO,)], False, id="bare"),
        pytest.param([(), (mark("asyncio", loop_factories=["fast"]),)], True, id="arguments"),
        pytest.param([(), (mark("slow", 3),)], False, id="of-no-dialect"),
    ],
)
def test_only_a_mark_with_arguments_may_name_several_backends(
    levels: list[Sequence[Mark]], expected: bool
) -> None:
    assert read(*levels).may_vary is expected


def test_a_dialect_is_asked_once_for_the_tests_of_a_module(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = []

    def varies(collector: object) -> bool:
        asked.append(collector)
        return True

    dialects = four()
    monkeypatch.setattr(dialects[0], "varies", varies)
    spoken, module = Spoken(dialects, lambda item: pytest.fail("described"), executes=True), Node()
    items: list[Any] = [Node(parent=module), Node(parent=module)]
    assert all(map(spoken.may_vary, items))
    assert asked == [module]


def test_a_mark_that_a_hook_puts_on_the_module_in_between_is_seen() -> None:
    spoken = Spoken(four(), lambda item: pytest.fail("described"), executes=True)
    module = collector([])
    item: Any = Node(parent=module)
    assert not spoken.bears(item, "asyncio")
    module.own_markers.append(ASYNCIO)
    assert spoken.bears(item, "asyncio")


def test_a_mark_of_its_own_is_borne_by_that_test_alone() -> None:
    spoken = Spoken(four(), lambda item: pytest.fail("described"), executes=True)
    module = collector([])
    marked: Any = Node([mark("slow"), mark("asyncio", loop_factories=["fast"])], module)
    sibling: Any = Node(parent=module)
    assert (spoken.bears(marked, "asyncio"), spoken.may_vary(marked)) == (True, True)
    assert (spoken.bears(sibling, "asyncio"), spoken.may_vary(sibling)) == (False, False)
