"""How a fault gets into the table: by a decorator, under the name of its function."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, TypeVar

from tests.faults.cell import Fault, Phase

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.faults.cell import Act

FAULTS: dict[str, Fault] = {}

TOLD = ("--loopscope-leaks=warn",)
"""What is left on a loop that nobody shares is told as well, or scopes would differ."""

T = TypeVar("T")


def fault(**facts: Any) -> Callable[[Act], Act]:
    """Put what the function does into the table: it is called where the fault is to happen."""
    return lambda act: _put(act, act=act, **facts)


def faulty_fixture(**facts: Any) -> Callable[[T], T]:
    """Put a fixture function that is wrong as a whole into the table."""
    return lambda function: _put(function, fixture=function, **facts)


def faulty_test(**facts: Any) -> Callable[[T], T]:
    """Put a test function that is wrong as a whole into the table."""
    return lambda function: _put(function, test=function, phases=(Phase.BODY,), **facts)


def add(fault: Fault) -> None:
    """Put `fault` into the table."""
    assert fault.name not in FAULTS, fault.name
    FAULTS[fault.name] = fault


def _put(function: T, **facts: Any) -> T:
    name: str = function.__name__.replace("_", " ")  # type: ignore[attr-defined]
    facts.setdefault("outcome", "failed" if facts.get("says") else "passed")
    assert inspect.getdoc(function) is None, "the name says it"
    add(Fault(name, **facts))
    return function
