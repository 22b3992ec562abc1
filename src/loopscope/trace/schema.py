"""The JSON Schema of a trace, made from the events themselves.

python -m loopscope.trace.schema > docs/trace.schema.json
"""

from __future__ import annotations

import json
import sys
import types
from typing import Any, Union, get_args, get_origin, get_type_hints

from loopscope.trace.events import KINDS, Event, Phase
from loopscope.trace.file import FORMAT, VERSION

_JSON = {str: "string", float: "number", int: "integer", bool: "boolean", types.NoneType: "null"}


def schema() -> dict[str, Any]:
    """Return the schema of a file that is complete."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"loopscope trace, version {VERSION}",
        "description": (
            "An array of objects in the Trace Event Format. The args of those that stand for an "
            "event of loopscope have the name of the event and its fields; times in args are "
            "seconds since the process began, ts and dur are microseconds. A reader skips events "
            "and fields that it does not know."
        ),
        "type": "array",
        "minItems": 1,
        "prefixItems": [{"$ref": "#/$defs/Header"}],
        "items": {"$ref": "#/$defs/Line"},
        "$defs": {
            "Header": _object(
                {"args": _object({"format": {"const": FORMAT}, "version": {"const": VERSION}})}
            ),
            "Line": {
                **_object(
                    {
                        "ph": {"enum": ["M", "B", "E", "X", "b", "e", "i"]},
                        "name": {"type": "string"},
                        "pid": {"type": "integer"},
                        "tid": {"type": "integer"},
                        "ts": {"type": "integer"},
                        "args": {"type": "object"},
                    }
                ),
                "allOf": [_if_it_is(name) for name in KINDS],
            },
            **{name: _event(name, kind) for name, kind in KINDS.items()},
            Phase.__name__: _part(Phase),
        },
    }


def _if_it_is(name: str) -> dict[str, Any]:
    return {
        "if": _object({"args": _object({"event": {"const": name}})}),
        "then": {"properties": {"args": {"$ref": f"#/$defs/{name}"}}},
    }


def _event(name: str, kind: type[Event]) -> dict[str, Any]:
    part = _part(kind)
    part["properties"] = {"event": {"const": name}, **part["properties"]}
    part["required"] = ["event", *part["required"]]
    return part


def _part(kind: type[Event | Phase]) -> dict[str, Any]:
    hints = get_type_hints(kind)
    return {
        "description": " ".join(str(kind.__doc__).split()),
        "type": "object",
        "properties": {field: _type(hints[field]) for field in kind._fields},
        "required": [field for field in kind._fields if field not in kind._field_defaults],
    }


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties)}


def _type(hint: Any) -> dict[str, Any]:
    if get_origin(hint) is tuple:
        return {"type": "array", "items": _type(get_args(hint)[0])}
    if hint is Phase:
        return {"$ref": f"#/$defs/{Phase.__name__}"}
    if get_origin(hint) in (Union, types.UnionType):
        return {"type": [_JSON[part] for part in get_args(hint)]}
    return {"type": _JSON[hint]}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(schema(), indent=2) + "\n")
