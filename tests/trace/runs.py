"""Events to test with: any at all, made from their types, and runs that could have happened."""

from __future__ import annotations

import types
from typing import TYPE_CHECKING, Any, get_args, get_origin, get_type_hints

from hypothesis import strategies as st

from loopscope.trace.events import (
    KINDS,
    Blocked,
    Cancelled,
    Crashed,
    Event,
    FixtureSetUp,
    FixtureTornDown,
    Found,
    LeftBehind,
    LoopClosed,
    LoopOpened,
    LoopPlanned,
    Phase,
    RunBegan,
    RunEnded,
    TaskBegan,
    TaskEnded,
    TestBegan,
    TestEnded,
)

if TYPE_CHECKING:
    from typing import TypeVar

    from hypothesis.strategies import DrawFn, SearchStrategy

    Kind = TypeVar("Kind", Event, Phase)

# A surrogate stands for a byte of a file name that cannot be decoded.
_texts = st.text(st.characters(exclude_categories=()), max_size=12)
_VALUES: dict[Any, SearchStrategy[Any]] = {
    str: _texts,
    # Whole microseconds, as a file has them.
    float: st.integers(0, 10**15).map(lambda number: number / 1e6),
    int: st.integers(),
    bool: st.booleans(),
    types.NoneType: st.none(),
}


def _values(hint: Any) -> SearchStrategy[Any]:
    if isinstance(hint, types.UnionType):
        return st.one_of(*map(_values, get_args(hint)))
    if get_origin(hint) is tuple:
        return st.lists(_values(get_args(hint)[0]), max_size=3).map(tuple)
    if hint is Phase:
        return any_of(Phase)
    return _VALUES[hint]


def any_of(kind: type[Kind]) -> SearchStrategy[Kind]:
    """Return a strategy for objects of `kind`, with any values that their fields may have."""
    hints = get_type_hints(kind)
    return st.builds(kind, **{field: _values(hints[field]) for field in kind._fields})


any_event: SearchStrategy[Event] = st.one_of(*map(any_of, KINDS.values()))
any_processes = st.lists(st.lists(any_event, min_size=1, max_size=6), max_size=3)

MODULE = "tests/test_a.py"
TEST = f"{MODULE}::test_it[é]"
EVERY_KIND: tuple[Event, ...] = (
    RunBegan(0.0, 1.7e9, "0.1.0", "9.0", "3.13", "on", "planned"),
    LoopPlanned(0.1, "module a", "asyncio", "module", MODULE, "db", "tests/conftest.py:3", 2),
    Found(0.2, "LS101", "LS101 loop scope mismatch: test_it\n  why  ...", TEST),
    TestBegan(0.3, TEST, "test_it[é]", f"{MODULE}:4", MODULE, "asyncio", "module a", "loopscope"),
    LoopOpened(0.4, "module a", "asyncio", "module", MODULE),
    TaskBegan(0.5, "module a", "module a"),
    FixtureSetUp(
        0.7,
        0.6,
        "db 1",
        "db",
        "module",
        MODULE,
        "tests/conftest.py:3",
        "module a",
        "module a",
        TEST,
    ),
    Blocked(0.9, TEST, 0.25, ("f at a.py:1", "g at a.py:2")),
    LeftBehind(
        1.0,
        "LS311",
        "task",
        "LS311 test_it left a task behind: poll()",
        TEST,
        "a.py:3",
        TEST,
        False,
    ),
    Crashed(1.1, "db 1", "ValueError: no", TEST),
    Cancelled(1.2, TEST, "its time was up"),
    TestEnded(
        1.4,
        0.3,
        TEST,
        "module a",
        (
            Phase("setup", 0.8, "passed"),
            Phase("call", 1.3, "failed", "ValueError: no"),
            Phase("teardown", 1.4, "passed"),
        ),
    ),
    FixtureTornDown(1.6, 1.5, "db 1", "module a"),
    TaskEnded(1.7, "module a", "module a"),
    LoopClosed(1.8, "module a"),
    RunEnded(1.9, 1),
)
"""A small run in which every kind of event occurs."""


@st.composite
def runs(draw: DrawFn) -> list[Event]:
    """Draw a run in order of time, in which anything may overlap anything that it can."""
    events: list[Event] = []
    loops: list[str] = []
    fixtures: list[tuple[str, str | None]] = []
    time = 0.0
    for number in range(draw(st.integers(0, 25))):
        # Steps of less than a microsecond, and none at all, are where rounding would show.
        time += draw(st.sampled_from((0.0, 3e-7, 1e-6, 1.7e-5, 0.25)))
        began = draw(st.sampled_from((0.0, time / 2, time - time / 8, time)))
        loop = draw(st.sampled_from([None, "never opened", *loops]))
        what = draw(st.integers(0, 5))
        if what == 0:
            scope = draw(st.sampled_from(("package", "function", None)))
            loops.append(f"loop {number}")
            events.append(LoopOpened(time, f"loop {number}", "asyncio", scope))
        elif what == 1 and loops:
            events.append(LoopClosed(time, loops.pop(draw(st.integers(0, len(loops) - 1)))))
        elif what == 2:
            fixtures.append((f"fixture {number}", loop))
            events.append(_set_up(began, time, f"fixture {number}", loop))
        elif what == 3 and fixtures:
            fixture, on = fixtures.pop(draw(st.integers(0, len(fixtures) - 1)))
            events.append(FixtureTornDown(time, began, fixture, on))
        elif what == 4:
            events.append(Found(time, "LS101", "a text"))
        else:
            ended = draw(st.sampled_from((began, (began + time) / 2, time)))
            phases = (Phase("setup", ended, "passed"), Phase("call", time, "passed"))
            events.append(TestEnded(time, began, f"test {number}", loop, phases))
    return events


def _set_up(began: float, time: float, fixture: str, loop: str | None) -> Event:
    return FixtureSetUp(
        time, began, fixture, "db", "module", MODULE, "a.py:1", loop, loop, "a test"
    )
