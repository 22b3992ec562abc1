"""As much of pytest as a dialect asks of it, made of plain values."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from loopscope.core.policy import Policy
from loopscope.dialects import PEERS
from loopscope.dialects.anyio import Anyio
from loopscope.dialects.native import Native
from loopscope.dialects.pytest_asyncio import PytestAsyncio
from loopscope.dialects.pytest_trio import PytestTrio
from loopscope.dialects.vocabulary import Dialect, Test

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

BACKENDS = ("asyncio", "uvloop", "trio")
DEFAULTS = {option.name: option.default for dialect in PEERS for option in dialect.options}


@dataclass
class Config:
    """The values of options: on the command line, and in the ini file."""

    given: Mapping[str, Any] = field(default_factory=dict)
    ini: Mapping[str, Any] = field(default_factory=dict)
    pluginmanager: Any = field(default_factory=lambda: SimpleNamespace(get_plugins=lambda: ()))
    rootpath: Path = Path(__file__).parent

    def getoption(self, name: str, default: Any = None) -> Any:
        return self.given.get(name, default)

    def getini(self, name: str) -> Any:
        return {**DEFAULTS, **self.ini}[name]


@dataclass(frozen=True)
class Mark:
    """A mark: pytest knows only those that are registered, and makes no other."""

    name: str
    args: tuple[object, ...] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)


def mark(name: str, *args: object, **kwargs: object) -> Mark:
    """Return the mark that the decorator of that name makes."""
    return Mark(name, args, kwargs)


@dataclass(eq=False)
class Node:
    """A place in the collection tree that bears marks."""

    own_markers: Sequence[Mark] = ()
    parent: Node | None = None
    obj: object = None
    ihook: object = None
    nodeid: str = "test_it.py::test_it"
    config: object = field(default_factory=Config)
    stash: pytest.Stash = field(default_factory=pytest.Stash)

    def iter_parents(self) -> Iterator[Node]:
        node: Node | None = self
        while node is not None:
            yield node
            node = node.parent

    def iter_markers(self, name: str) -> Iterator[Mark]:
        for node in self.iter_parents():
            yield from (mark for mark in node.own_markers if mark.name == name)

    def get_closest_marker(self, name: str) -> Mark | None:
        return next(self.iter_markers(name), None)

    def getparent(self, kind: type) -> None:
        return None


def definition(
    function: Callable[..., Any],
    *,
    name: str | None = None,
    uses: Sequence[str] = (),
    scope: str = "function",
    params: Sequence[object] | None = None,
) -> Any:
    """Return the definition of a fixture."""
    return SimpleNamespace(
        argname=name or function.__name__,
        func=function,
        argnames=tuple(uses),
        scope=scope,
        params=params,
    )


def collected(
    body: object,
    *levels: Sequence[Mark],
    fixtures: Sequence[Any] = (),
    names: Sequence[str] = (),
    parameters: Mapping[str, Any] | None = None,
    ihook: object = None,
) -> Test:
    """Return a collected test with the marks of its function, its class, its module.

    It asks for `fixtures`, which are definitions, and for `names`, of which none is known.
    """
    node: Node | None = None
    for marks in reversed(levels or ((),)):
        node = Node(marks, node, obj=body, ihook=ihook)
    known = {one.argname: one for one in fixtures}
    item: Any = node
    return Test(
        item=item,
        body=body,
        fixtures=(*known, *names),
        nearest=known.get,
        parameters=parameters or {},
        arguments=(*known, *names),
    )


def native(*, auto: bool = True, policy: Policy = Policy.PLANNED) -> Native:
    """Return our own dialect."""
    config: Any = Config()
    return Native(config, policy, is_auto=auto, backends=("asyncio",), known_backends=BACKENDS)


def asyncio(policy: Policy = Policy.PLANNED, /, **options: Any) -> PytestAsyncio:
    """Return pytest-asyncio's dialect in a suite whose ini file says this."""
    config: Any = Config(ini=options)
    return PytestAsyncio(config, policy)


def anyio(policy: Policy = Policy.PLANNED, /, **options: Any) -> Anyio:
    """Return anyio's dialect in a suite whose ini file says this."""
    config: Any = Config(ini=options)
    return Anyio(config, policy)


def trio(policy: Policy = Policy.PLANNED, /, **options: Any) -> PytestTrio:
    """Return pytest-trio's dialect in a suite whose ini file says this."""
    config: Any = Config(ini=options)
    return PytestTrio(config, policy)


def four(*, auto: Sequence[str] = ()) -> tuple[Dialect, ...]:
    """Return all dialects in their order, some of them in their auto mode."""
    return (
        native(auto="loopscope" in auto),
        trio(trio_mode="pytest-trio" in auto),
        anyio(anyio_mode="auto" if "anyio" in auto else "strict"),
        asyncio(asyncio_mode="auto" if "pytest-asyncio" in auto else "strict"),
    )


def called(words: str) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
    """Return what a decorator calls, and with what; a name among that stands for itself."""
    [expression] = ast.parse(words.removeprefix("@")).body
    assert isinstance(expression, ast.Expr)
    call = expression.value
    if not isinstance(call, ast.Call):
        return ast.unparse(call), (), {}
    kwargs = {str(keyword.arg): _value(keyword.value) for keyword in call.keywords}
    return ast.unparse(call.func), tuple(map(_value, call.args)), kwargs


def _value(expression: ast.expr) -> Any:
    if isinstance(expression, ast.Attribute):
        return ast.unparse(expression)
    return ast.literal_eval(expression)
