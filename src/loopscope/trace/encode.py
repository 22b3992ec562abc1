"""Events as JSON text.

A line is written for every event while tests run, so its time is the tests' time. Encoding a
dictionary costs several times as much as a function that is made for the fields of one kind, as
`dataclasses` makes functions for the fields of a class.
"""

from __future__ import annotations

import functools
import json
from json.encoder import encode_basestring_ascii
from typing import TYPE_CHECKING, get_type_hints

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from loopscope.trace.events import Event

__all__ = ["args_of", "quoted"]

# The id of a test and the name of its loop come in a dozen places, one after the other.
quoted = functools.lru_cache(maxsize=128)(encode_basestring_ascii)
_dump = json.JSONEncoder(separators=(",", ":")).encode
# How a value of a type is written into an f-string; all that is rare is left to `json`.
_FORMS: dict[Any, str] = {
    str: "{{quoted({0})}}",
    float: "{{_seconds({0})}}",
    str | None: '{{"null" if {0} is None else quoted({0})}}',
}


def _seconds(number: float) -> str:
    """Return a time with its microseconds.

    To find the shortest text that stands for just this number, as `repr` does, takes several times
    as long as all the rest, and says more than any clock knows.
    """
    microseconds = round(number * 1e6)
    return f"{microseconds // 1_000_000}.{microseconds % 1_000_000:06d}"


def args_of(event: Event) -> str:
    """Return the JSON object that has the name of the kind of `event`, and all its fields.

    Times are rounded to microseconds.
    """
    kind: Any = type(event)
    return _encoder(kind)(event)


@functools.cache
def _encoder(kind: type[Event]) -> Callable[[Event], str]:
    hints = get_type_hints(kind)
    fields = "".join(
        f',"{field}":' + _FORMS.get(hints[field], "{{_dump({0})}}").format(field)
        for field in kind._fields
    )
    source = (
        f"def encode(event):\n"
        f"    {', '.join(kind._fields)}, = event\n"
        f"    return f'''{{{{\"event\":\"{kind.__name__}\"{fields}}}}}'''\n"
    )
    names: dict[str, Any] = {"quoted": quoted, "_dump": _dump, "_seconds": _seconds}
    exec(source, names)
    encode: Callable[[Event], str] = names["encode"]
    return encode
