"""Events as JSON text.

A line is written for every event while tests run, so its time is the tests' time. Encoding a
dictionary costs several times as much as a function that is made for the fields of one kind, as
`dataclasses` makes functions for the fields of a class.
"""

from __future__ import annotations

import functools
import json
from json.encoder import encode_basestring_ascii as quoted
from typing import TYPE_CHECKING, get_type_hints

from loopscope.trace.events import Phase

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from loopscope.trace.events import Event

__all__ = ["args_of", "microseconds", "quoted"]

_dump = json.JSONEncoder(separators=(",", ":")).encode
# How a value of a type is written into an f-string; all that is rare is left to `json`.
_FORMS: dict[Any, str] = {
    str: "{{quoted({0})}}",
    # Whole microseconds: to find the shortest text for just this number takes several times as
    # long, and says more than any clock knows; to write six digits of a fraction takes twice as
    # long.
    float: "{{int({0} * 1e6 + 0.5)}}e-6",
    str | None: '{{"null" if {0} is None else quoted({0})}}',
    tuple[Phase, ...]: "[{{_phases({0})}}]",
}


def microseconds(time: float) -> int:
    """Return the nearest whole number of them."""
    return int(time * 1e6 + 0.5)


def args_of(event: Event) -> str:
    """Return the JSON object that has the name of the kind of `event`, and all its fields.

    Times are rounded to microseconds.
    """
    kind: Any = type(event)
    return _encoder(kind)(event)


def _phases(phases: Iterable[Phase]) -> str:
    return ",".join(map(_encoder(Phase), phases))


@functools.cache
def _encoder(kind: type[Event | Phase]) -> Callable[[Event | Phase], str]:
    hints = get_type_hints(kind)
    fields = [
        f'"{field}":' + _FORMS.get(hints[field], "{{_dump({0})}}").format(field)
        for field in kind._fields
    ]
    if kind is not Phase:
        fields.insert(0, f'"event":"{kind.__name__}"')
    source = (
        f"def encode(event):\n"
        f"    {', '.join(kind._fields)}, = event\n"
        f"    return f'''{{{{{','.join(fields)}}}}}'''\n"
    )
    names: dict[str, Any] = {"quoted": quoted, "_dump": _dump, "_phases": _phases}
    exec(source, names)
    encode: Callable[[Event | Phase], str] = names["encode"]
    return encode
