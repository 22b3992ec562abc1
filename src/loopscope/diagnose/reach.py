"""What holds an object, and by which attributes: a bounded search through living objects.

An error about a loop tells nothing of who made the object that is bound to it. But somebody has
kept that object: a fixture, a global, a cache. So the search starts at those (the roots) and goes,
nearest first, along the references that the garbage collector knows, which are all there are: those
of slots, of closures and of extension types among them. It runs no code of what it meets. Only the
path that is found is put into words, since a reference has no name until it is looked for.

It stops at what is connected with everything: modules, classes, frames, event loops, and the
machinery of pytest and of ours. What lies behind those is not held by the root in any sense that
would help its author. Weak references hold nothing, and are not followed.
"""

from __future__ import annotations

import contextvars
import gc
import types
from collections import deque
from dataclasses import dataclass
from functools import _lru_cache_wrapper
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

Label = TypeVar("Label")

LIMIT = 10_000
"""How many objects are looked at, which takes some hundredths of a second."""

_ENDS = (
    types.ModuleType,
    types.FrameType,
    types.TracebackType,
    types.CodeType,
    types.BuiltinFunctionType,
    contextvars.Context,
    type,
)
_MACHINERY = ("loopscope", "_pytest", "pluggy", "xdist")
_SUSPENDED = (types.CoroutineType, types.GeneratorType, types.AsyncGeneratorType)
_AWAITED = ("cr_await", "gi_yieldfrom", "ag_await")
_FIELDS = (types.MemberDescriptorType, types.GetSetDescriptorType)


@dataclass(frozen=True, slots=True)
class Path(Generic[Label]):
    """How an object is reached: the root that it was reached from, and the way from there."""

    root: Label
    steps: str
    """What stands behind the name of the root, such as `._pool[0]._loop`; empty for the root."""
    way: tuple[object, ...]
    """The objects on it, from the root to what was found."""

    @property
    def found(self) -> object:
        """What was looked for."""
        return self.way[-1]

    def __str__(self) -> str:
        return f"{self.root}{self.steps}"


def path_to(
    roots: Iterable[tuple[Label, object]],
    is_target: Callable[[object], bool],
    limit: int = LIMIT,
) -> Path[Label] | None:
    """Return the shortest path from one of `roots` to a target.

    Of several that are equally short it is the one from the root that comes first. None means that
    there is no target among the nearest `limit` objects.

    Args:
        roots: pairs of a label, which may be anything, and an object; one that is in itself of a
            kind at which the search stops, such as a module, has no way leading on from it.
        is_target: called with every object met; it should not run code of theirs.
        limit: how many objects to look at.
    """
    met: dict[int, tuple[Label, object, int | None]] = {}
    is_end: dict[type, bool] = {}
    waiting: deque[int] = deque()

    def meet(label: Label, one: object, holder: int | None) -> bool:
        """Take note of an object, which keeps its id its own; say whether it is a target."""
        if id(one) in met or len(met) >= limit:
            return False
        met[id(one)] = (label, one, holder)
        waiting.append(id(one))
        return is_target(one)

    def told(last: object) -> Path[Label]:
        label, _, holder = met[id(last)]
        way = [last]
        while holder is not None:
            _, parent, holder = met[holder]
            way.append(parent)
        way.reverse()
        return Path(label, "".join(map(_step, way, way[1:])), tuple(way))

    for label, one in roots:
        if meet(label, one, None):
            return told(one)
    while waiting:
        label, one, _ = met[waiting.popleft()]
        kind = type(one)
        if kind not in is_end:
            is_end[kind] = _ends_at(kind)
        # What the collector does not track is atomic, or holds only what is.
        if is_end[kind] or not gc.is_tracked(one):
            continue
        for child in _held_by(one):
            if meet(label, child, id(one)):
                return told(child)
    return None


def is_loop(one: object) -> bool:
    """Say whether an object is an event loop of asyncio's kind, whoever has made it."""
    return _is_of_loops(type(one))


def _is_of_loops(kind: type) -> bool:
    return hasattr(kind, "run_until_complete") and hasattr(kind, "call_soon_threadsafe")


def _ends_at(kind: type) -> bool:
    if issubclass(kind, _ENDS) or _is_of_loops(kind):
        return True
    return str(kind.__module__).partition(".")[0] in _MACHINERY


def _held_by(one: Any) -> Iterator[object]:
    """Yield what an object holds, the values of its attributes among it."""
    kind = type(one)
    if kind is types.FunctionType:
        # Its globals are its module's, and nothing that it holds.
        yield from (value for _, value in _variables(one))
        yield from (one.__defaults__ or ())
        yield from (one.__kwdefaults__ or {}).values()
        yield from list(one.__dict__.values())
    elif issubclass(kind, _SUSPENDED):
        yield from (value for _, value in _variables(one))
        yield from (getattr(one, name, None) for name in _AWAITED)
    else:
        attributes = _attributes(one)
        yield from list(attributes.values())
        yield from (child for child in gc.get_referents(one) if child is not attributes)


def _attributes(one: object) -> dict[str, Any]:
    """Return the dictionary of an object's attributes, whatever its class says of `__dict__`."""
    try:
        found = object.__getattribute__(one, "__dict__")
    except Exception:
        return {}
    return found if type(found) is dict else {}


def _variables(one: Any) -> Iterator[tuple[str, object]]:
    """Yield the variables that a function has enclosed, or those of one that is suspended."""
    if type(one) is types.FunctionType:
        for name, cell in zip(one.__code__.co_freevars, one.__closure__ or (), strict=True):
            try:
                yield name, cell.cell_contents
            except ValueError:
                pass  # not assigned yet
    else:
        frames = (getattr(one, name, None) for name in ("cr_frame", "gi_frame", "ag_frame"))
        for frame in frames:
            if frame is not None:
                yield from list(frame.f_locals.items())


def _step(parent: Any, child: object) -> str:
    """Put the reference from one object to another into words: an expression, if there is one."""
    kind = type(parent)
    if kind is _lru_cache_wrapper:
        return "()"
    if kind is types.FunctionType or issubclass(kind, _SUSPENDED):
        for name, value in _variables(parent):
            if value is child:
                return f".<locals>.{name}"
    for name, value in list(_attributes(parent).items()):
        if value is child:
            return f".{name}"
    return _item(parent, child) or _field(parent, child) or f".<{type(child).__name__}>"


def _item(parent: Any, child: object) -> str | None:
    """Return the subscript by which a container of the standard library holds something."""
    kind = type(parent)
    if issubclass(kind, dict):
        for key, value in dict.items(parent):
            if value is child:
                plain = type(key) in (str, int, bool, bytes, type(None))
                return f"[{key!r}]" if plain else f"[<{type(key).__name__}>]"
    elif issubclass(kind, (list, tuple, deque)):
        base = next(base for base in (list, tuple, deque) if issubclass(kind, base))
        for index, value in enumerate(base.__iter__(parent)):
            if value is child:
                return _named_item(kind, index) or f"[{index}]"
    return None


def _named_item(kind: type, index: int) -> str | None:
    names = getattr(kind, "_fields", ())
    return f".{names[index]}" if issubclass(kind, tuple) and index < len(names) else None


def _field(parent: object, child: object) -> str | None:
    """Return the slot, or the field of an extension type, that holds something."""
    for base in type(parent).__mro__:
        for name, field in list(vars(base).items()):
            if isinstance(field, _FIELDS) and name != "__dict__":
                try:
                    value = field.__get__(parent)
                except Exception:
                    continue
                if value is child:
                    return f".{name}"
    return None
