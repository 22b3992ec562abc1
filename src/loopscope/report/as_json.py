"""Summaries and comparisons as JSON, whose names of fields are part of what we promise."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

VERSION = 1
"""Raised when a field is removed or means something else."""


def as_json(what: str, result: Any, **more: Any) -> str:
    """Return `result`, a dataclass, as a JSON object that says `what` it is."""
    head = {"format": f"loopscope {what}", "version": VERSION, **more}
    return json.dumps({**head, **_plain(result)}, indent=2)


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        return {
            **{one.name: _plain(getattr(value, one.name)) for one in dataclasses.fields(value)},
            **{name: getattr(value, name) for name in _properties(type(value))},
        }
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return {name: _plain(one) for name, one in value._asdict().items()}
    if isinstance(value, (tuple, list)):
        return [_plain(one) for one in value]
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    return value


def _properties(kind: type) -> list[str]:
    return [name for name, value in vars(kind).items() if isinstance(value, property)]
