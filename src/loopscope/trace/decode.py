"""Events from the lines of a file that anybody may have written."""

from __future__ import annotations

import functools
import types
from typing import TYPE_CHECKING, Any, get_args, get_origin, get_type_hints

from loopscope.trace.events import KINDS, Phase

if TYPE_CHECKING:
    from collections.abc import Mapping

    from loopscope.trace.events import Event

_TYPES: dict[Any, set[type]] = {float: {float, int}, tuple: {list}}
"""What JSON makes of a type, where it is something else."""


def event_of(line: object) -> Event | None:
    """Return the event that `line` stands for; None if there is none, or none that is known.

    Raises:
        ValueError: it lacks a field, or has one of another type.
    """
    args = line.get("args") if isinstance(line, dict) else None
    name = args.get("event") if isinstance(args, dict) else None
    if not isinstance(line, dict) or not isinstance(args, dict) or not isinstance(name, str):
        return None
    kind = KINDS.get(name)
    if kind is None:
        return None
    if not isinstance(line.get("pid"), int):
        raise ValueError(f"{name} is of no process")
    event: Event = _built(kind, args)
    return event


def _built(kind: Any, args: Mapping[str, Any]) -> Any:
    values: dict[str, Any] = {}
    for field, valid in _fields(kind).items():
        if field in args:
            value = args[field]
            if type(value) not in valid:
                raise ValueError(f"the {field} of {kind.__name__} cannot be {value!r}")
            values[field] = tuple(map(_part, value)) if type(value) is list else value
        elif field not in kind._field_defaults:
            raise ValueError(f"{kind.__name__} has no {field}")
    return kind(**values)


def _part(value: object) -> str | Phase:
    return _built(Phase, value) if isinstance(value, dict) else str(value)


@functools.cache
def _fields(kind: Any) -> Mapping[str, set[type]]:
    return {field: _types(hint) for field, hint in get_type_hints(kind).items()}


def _types(hint: Any) -> set[type]:
    if isinstance(hint, types.UnionType):
        return set().union(*map(_types, get_args(hint)))
    plain = get_origin(hint) or hint
    return _TYPES.get(plain) or {plain}
