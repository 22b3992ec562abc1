"""Events as JSON text.

A line is written for every event while tests run, so its time is the tests' time. Encoding a
dictionary costs several times as much as filling in a form that was prepared for its kind.
"""

from __future__ import annotations

import json
from json.encoder import encode_basestring_ascii as quoted
from typing import TYPE_CHECKING

from loopscope.trace.events import KINDS

if TYPE_CHECKING:
    from loopscope.trace.events import Event

__all__ = ["args_of", "quoted"]

_dump = json.JSONEncoder(separators=(",", ":")).encode
_FORMS = {
    kind: ",".join([f'{{"event":"{name}"', *(f'"{field}":%s' for field in kind._fields)]) + "}"
    for name, kind in KINDS.items()
}


def args_of(event: Event) -> str:
    """Return the JSON object that has the name of the kind of `event`, and all its fields."""
    values = [
        quoted(value)
        if type(value) is str
        else repr(value)
        if type(value) is float
        else "null"
        if value is None
        else _dump(value)
        for value in event
    ]
    return _FORMS[type(event)] % tuple(values)
