"""The JSON Schema of the file of a plan, made from the types of its fields.

python -m loopscope.diagnose.plan_schema > docs/plan.schema.json
"""

from __future__ import annotations

import json
import sys
import types
from typing import Any, Union, get_args, get_origin, get_type_hints, is_typeddict

from loopscope.core.graph import Kind
from loopscope.core.policy import Policy
from loopscope.core.scope import Scope
from loopscope.diagnose.plan_file import FORMAT, VERSION, PlainDocument

_JSON = {str: "string", int: "integer", bool: "boolean", types.NoneType: "null"}
_SCOPES = [scope.word for scope in Scope]
_WORDS: dict[str, list[Any]] = {
    "PlainDocument.format": [FORMAT],
    "PlainDocument.version": [VERSION],
    "PlainPlan.policy": [policy.value for policy in Policy],
    "PlainPlace.scope": _SCOPES,
    "PlainVertex.kind": [kind.value for kind in Kind],
    "PlainVertex.scope": _SCOPES,
    "PlainVertex.declared": [*_SCOPES, None],
    "PlainVertex.default": [*_SCOPES, None],
    "PlainLoop.scope": _SCOPES,
}
"""The values of fields that have no other."""


def schema() -> dict[str, Any]:
    """Return the schema of the file of a plan."""
    definitions: dict[str, Any] = {}
    root = _type(PlainDocument, definitions)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"{FORMAT}, version {VERSION}",
        **root,
        "$defs": dict(sorted(definitions.items())),
    }


def _type(hint: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    if is_typeddict(hint):
        name = _name(hint)
        if name not in definitions:
            definitions[name] = {}  # in case that it contains itself
            definitions[name] = _object(hint, definitions)
        return {"$ref": f"#/$defs/{name}"}
    if get_origin(hint) is list:
        (kind,) = get_args(hint)
        return {"type": "array", "items": _type(kind, definitions)}
    if get_origin(hint) in (Union, types.UnionType):
        return {"type": [_JSON[part] for part in get_args(hint)]}
    return {"type": _JSON[hint]}


def _object(record: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    properties = {}
    for field, hint in get_type_hints(record).items():
        words = _WORDS.get(f"{record.__name__}.{field}")
        properties[field] = _type(hint, definitions) if words is None else {"enum": words}
    return {
        "description": " ".join(str(record.__doc__).split()),
        "type": "object",
        "properties": properties,
        "required": [field for field in properties if field in record.__required_keys__],
    }


def _name(record: Any) -> str:
    return str(record.__name__).removeprefix("Plain")


if __name__ == "__main__":
    sys.stdout.write(json.dumps(schema(), indent=2) + "\n")
