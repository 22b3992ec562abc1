"""Who waits for what at one moment: the tasks below one task, and the calls in each.

What is suspended is read off the coroutines themselves, each of which knows what it awaits; what
runs just then is read off the stack of its thread. Both are bounded: this is to be read by somebody
whose test has failed, and it is taken where no time is to be lost, maybe in a signal handler.
"""

from __future__ import annotations

import gc
import sys
from types import CodeType, FrameType, TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, TypeVar

from loopscope.backends.drive import DRIVEN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

T = TypeVar("T")

# Frames with the lines that they are at, outermost first.
Stack: TypeAlias = "Sequence[tuple[FrameType, int]]"

DEPTH = 5
BREADTH = 6
CALLS = 8
_AWAITS = 200  # links of a chain of awaits, more than anybody reads

_OURS = frozenset({"loopscope", "pluggy", "_pytest", "pytest"})
_LIBRARIES = frozenset({"anyio", "outcome", "sniffio", "trio", "uvloop"}) | sys.stdlib_module_names
# What C code awaits for a coroutine or an async generator, and does not show (bpo-32810).
_OPAQUE = frozenset(
    {"anext_awaitable", "async_generator_asend", "async_generator_athrow", "coroutine_wrapper"}
)


class Call(NamedTuple):
    """A function that was called and has not returned: its name, and the line that it is at."""

    function: str
    path: str
    line: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}"


class TaskNode(NamedTuple):
    """A task, the calls in it from the outermost inwards, and what it waits for at the end.

    The calls are those of user code; `calls_left_out` and `tasks_left_out` count what was too much.
    """

    name: str
    calls: tuple[Call, ...] = ()
    waits_for: str = ""
    children: tuple[TaskNode, ...] = ()
    calls_left_out: int = 0
    tasks_left_out: int = 0


def tree(
    root: T,
    name: Callable[[T], str],
    stack: Callable[[T], Stack],
    waits_for: Callable[[T, Stack], str],
    below: Callable[[T, Stack], Iterable[T]],
) -> TaskNode:
    """Return the tasks below `root`, as the functions for one library see them."""
    seen: set[int] = set()

    def node(task: T, depth: int) -> TaskNode:
        seen.add(id(task))
        found = stack(task)
        calls = calls_of(found)
        children = [child for child in below(task, found) if id(child) not in seen]
        shown = children[: BREADTH if depth < DEPTH else 0]
        seen.update(map(id, shown))
        half = CALLS // 2
        return TaskNode(
            name=name(task),
            calls=calls if len(calls) <= CALLS else (*calls[:half], *calls[-half:]),
            waits_for=waits_for(task, found),
            children=tuple(node(child, depth + 1) for child in shown),
            calls_left_out=max(0, len(calls) - CALLS),
            tasks_left_out=len(children) - len(shown),
        )

    return node(root, 1)


def awaited_by(coroutine: object) -> list[tuple[FrameType, int]]:
    """Return the stack of a suspended coroutine, through all that it awaits."""
    found = []
    awaited = coroutine
    for _ in range(_AWAITS):
        frame, following = _link(awaited)
        if frame is not None:
            found.append((frame, frame.f_lineno))
        if following is None:
            break
        awaited = following
    return found


def _link(awaited: Any) -> tuple[FrameType | None, object | None]:
    """Return the frame of what is awaited, if it has one, and what it awaits itself."""
    if hasattr(awaited, "cr_frame"):
        return awaited.cr_frame, awaited.cr_await
    if hasattr(awaited, "gi_frame"):
        frame = awaited.gi_frame
        if frame is not None and frame.f_code is DRIVEN:
            return None, frame.f_locals.get("driven")
        return frame, awaited.gi_yieldfrom
    if hasattr(awaited, "ag_frame"):
        return awaited.ag_frame, awaited.ag_await
    if type(awaited).__name__ in _OPAQUE:
        for referent in gc.get_referents(awaited):
            if hasattr(referent, "ag_frame") or hasattr(referent, "cr_frame"):
                return None, referent
    return None, None


def called_by_us(frame: FrameType | None) -> Stack:
    """Return the stack from the last call by pytest, or by us, to `frame`."""
    found: list[tuple[FrameType, int]] = []
    while frame is not None and _package(frame) not in _OURS:
        found.append((frame, frame.f_lineno))
        frame = frame.f_back
    return found[::-1]


def running_below(frame: FrameType | None, turn: CodeType) -> Stack | None:
    """Return the stack from the call of `turn`, exclusive, to `frame`; None if it is not in one."""
    found: list[tuple[FrameType, int]] = []
    while frame is not None:
        if frame.f_code is turn:
            return found[::-1]
        found.append((frame, frame.f_lineno))
        frame = frame.f_back
    return None


def calls_of(stack: Stack) -> tuple[Call, ...]:
    """Return those calls of a stack that are user code."""
    return tuple(_call(frame, line) for frame, line in stack if _is_users(frame))


def leaf_of(stack: Stack) -> str | None:
    """Name the function of a library that user code waits in, if it does."""
    leaf = None
    for frame, _ in reversed(stack):
        if _is_users(frame):
            break
        if _package(frame) in _LIBRARIES:
            leaf = frame
    if leaf is None:
        return None
    function = _function(leaf)
    if function.endswith("__aexit__"):
        return "the tasks of its group"
    return f"{_package(leaf)}: {function}"


def traceback_of(stack: Stack) -> TracebackType | None:
    """Return a traceback that leads through the user code of a stack, and ends in it."""
    shown = [(frame, line) for frame, line in stack if _package(frame) not in _OURS]
    while shown and not _is_users(shown[-1][0]):
        shown.pop()
    traceback = None
    for frame, line in reversed(shown):
        traceback = TracebackType(traceback, frame, frame.f_lasti, line)
    return traceback


def _call(frame: FrameType, line: int) -> Call:
    return Call(_function(frame), frame.f_code.co_filename, line)


def _function(frame: FrameType) -> str:
    # Python 3.10 has no `co_qualname`; that of others is longer than one needs.
    name = frame.f_code.co_name
    arguments = frame.f_code.co_varnames[: frame.f_code.co_argcount]
    if arguments[:1] == ("self",) and "self" in frame.f_locals:
        return f"{type(frame.f_locals['self']).__name__}.{name}"
    return name


def _is_users(frame: FrameType) -> bool:
    package = _package(frame)
    return package not in _LIBRARIES and package not in _OURS


def _package(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__")).partition(".")[0]
