"""What kind of loop a fixture of a suite makes: the `event_loop` and `event_loop_policy` of old.

Read is only what is plain: statements that make a loop, hand it out and put it away. A fixture that
does anything else is not understood, and left to its author.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import libcst as cst

from loopscope.migrate.syntax import callee, keyword, statements

if TYPE_CHECKING:
    from collections.abc import Sequence

    from loopscope.migrate.source import Function, Source

_MAKERS = frozenset(
    {"asyncio.new_event_loop", "asyncio.get_event_loop", "asyncio.get_running_loop"}
)
_POLICY = "asyncio.get_event_loop_policy"
_KNOWN_POLICIES = {
    "uvloop.EventLoopPolicy": "uvloop.new_event_loop",
    "asyncio.DefaultEventLoopPolicy": "asyncio.new_event_loop",
    "asyncio.WindowsSelectorEventLoopPolicy": "asyncio.SelectorEventLoop",
    "asyncio.WindowsProactorEventLoopPolicy": "asyncio.ProactorEventLoop",
}
_METHODS = frozenset({"close", "stop", "is_closed", "is_running", "set_debug"})
_AWAITED = frozenset({"shutdown_asyncgens", "shutdown_default_executor"})
_USUAL = ""


class _Unknown(Exception):
    """Something that is not plain."""


@dataclass(frozen=True, slots=True)
class Factory:
    """What makes a loop: an expression, and a name for it; both are empty if it is the usual."""

    name: str
    expression: str
    modules: tuple[str, ...] = ()


def factory_of_loop(source: Source, function: Function) -> Factory | None:
    """Return what makes the loop that an `event_loop` fixture hands out, None if it is unclear."""
    names = {one.name.value for one in function.parameters()}
    if function.is_async or not names <= {"self", "request", "event_loop_policy"}:
        return None
    if function.fixture is None or keyword(function.fixture.decorator, "params") is not None:
        return None
    reader = _Reader(source, policies=names & {"event_loop_policy"})
    try:
        reader.block(statements(function.node.body))
    except _Unknown:
        return None
    found = reader.factories - {_USUAL}
    if len(found) > 1 or not reader.hands_out:
        return None
    return factory(source, found.pop()) if found else Factory("", "")


def factories_of_policy(source: Source, function: Function) -> list[Factory] | None:
    """Return what makes loops by an `event_loop_policy` fixture, None if that is unclear."""
    names = {one.name.value for one in function.parameters()}
    if function.fixture is None or not names <= {"self", "request"}:
        return None
    body = [one for one in statements(function.node.body) if not _is_docstring(one)]
    value = _handed_out(body[0]) if len(body) == 1 else None
    if value is None:
        return None
    params = keyword(function.fixture.decorator, "params")
    policies = [value]
    if params is not None:
        is_param = source.code(value) == "request.param"
        if not is_param or not isinstance(params.value, (cst.List, cst.Tuple)):
            return None
        policies = [one.value for one in params.value.elements]
    found = [_of_policy(source, one) for one in policies]
    names_ = [factory(source, one).name for one in found if one is not None]
    if None in found or len(set(names_)) < len(names_):
        return None
    return [factory(source, one) for one in found if one is not None]


def factory(source: Source, expression: str) -> Factory:
    """Return the factory that an expression is, with a name for it."""
    *owner, last = expression.removeprefix("lambda: ").partition("(")[0].split(".")
    name = owner[0] if last == "new_event_loop" and owner else last
    module = owner[0] if owner and owner[0] in ("asyncio", "uvloop") else ""
    return Factory(name, expression, (module,) if module else ())


def _of_policy(source: Source, node: cst.BaseExpression | None) -> str | None:
    if not isinstance(node, cst.Call) or node.args:
        return None
    known = _KNOWN_POLICIES.get(source.meaning(node.func) or "")
    if known is None:
        return None
    # As the file calls the module: `import uvloop as uv`.
    written, meant = source.code(node.func), source.meaning(node.func) or ""
    module = meant.partition(".")[0]
    alias = written.partition(".")[0] if written.count(".") == meant.count(".") else module
    return known.replace(module, alias, 1)


def _handed_out(node: cst.CSTNode) -> cst.BaseExpression | None:
    """Return what a statement returns or yields."""
    match node:
        case cst.Return(value=cst.BaseExpression() as value):
            return value
        case cst.Expr(value=cst.Yield(value=cst.BaseExpression() as value)):
            return value
    return None


def _is_docstring(node: cst.CSTNode) -> bool:
    return isinstance(node, cst.Expr) and isinstance(
        node.value, (cst.SimpleString, cst.ConcatenatedString)
    )


@dataclass
class _Reader:
    source: Source
    policies: set[str]
    loops: set[str] = field(default_factory=set)
    factories: set[str] = field(default_factory=set)
    hands_out: bool = False

    def block(self, body: Sequence[cst.CSTNode]) -> None:
        for one in body:
            self.statement(one)

    def statement(self, node: cst.CSTNode) -> None:
        match node:
            case cst.Pass() | cst.Import() | cst.ImportFrom():
                pass
            case cst.Assign(targets=[cst.AssignTarget(target=cst.Name(value=name))], value=value):
                self._bind(name, value)
            case cst.AnnAssign(target=cst.Name(value=name), value=cst.BaseExpression() as value):
                self._bind(name, value)
            case cst.Return() | cst.Expr(value=cst.Yield()):
                self._hand_out(_handed_out(node))
            case cst.Expr(value=cst.Call() as call):
                self._call(call)
            case cst.Try():
                for block in (node, *node.handlers, node.orelse, node.finalbody):
                    if block is not None:
                        self.block(statements(block.body))
            case cst.If(test=test, body=body, orelse=orelse):
                self._condition(test)
                self.block(statements(body))
                if orelse is not None:
                    if not isinstance(orelse, cst.Else):
                        raise _Unknown
                    self.block(statements(orelse.body))
            case _:
                if not _is_docstring(node):
                    raise _Unknown

    def _bind(self, name: str, value: cst.BaseExpression) -> None:
        if isinstance(value, cst.Call) and self.source.meaning(value.func) == _POLICY:
            self.policies.add(name)
        else:
            self._make(value)
            self.loops.add(name)

    def _hand_out(self, value: cst.BaseExpression | None) -> None:
        if value is None:
            raise _Unknown
        if not self._is_loop(value):
            self._make(value)
        self.hands_out = True

    def _make(self, value: cst.BaseExpression) -> None:
        if not isinstance(value, cst.Call):
            raise _Unknown
        meaning = self.source.meaning(value.func)
        if meaning in _MAKERS or self._is_policys(value.func):
            self.factories.add(_USUAL)
            return
        last = self.source.code(value.func).rpartition(".")[2]
        if value.args or not last.endswith(("Loop", "new_event_loop")):
            raise _Unknown
        if self.source.meaning(value.func) is None and not self._is_global(value.func):
            raise _Unknown
        self.factories.add(self.source.code(value.func))

    def _is_policys(self, node: cst.BaseExpression) -> bool:
        """Say whether it is a policy's way to make a loop."""
        if not isinstance(node, cst.Attribute) or node.attr.value != "new_event_loop":
            return False
        of = node.value
        if isinstance(of, cst.Name):
            return of.value in self.policies
        return isinstance(of, cst.Call) and self.source.meaning(of.func) == _POLICY

    def _is_global(self, node: cst.BaseExpression) -> bool:
        module = self.source.scopes()[self.source.module]
        while isinstance(node, cst.Attribute):
            node = node.value
        return isinstance(node, cst.Name) and module is not None and node.value in module

    def _call(self, call: cst.Call) -> None:
        meaning = self.source.meaning(call.func)
        values = [one.value for one in call.args]
        if meaning == "asyncio.set_event_loop":
            if all(self._is_loop(one) or self.source.code(one) == "None" for one in values):
                return
        elif meaning == "asyncio.set_event_loop_policy":
            policy = _of_policy(self.source, values[0])
            if policy is not None:
                self.factories.add(policy)
                return
            if self.source.code(values[0]) == "None":
                return
        elif meaning == "gc.collect" or (self._method(call) in _METHODS):
            return
        elif self._method(call) == "run_until_complete" and len(values) == 1:
            inner = values[0]
            if isinstance(inner, cst.Call) and self._method(inner) in _AWAITED:
                return
        raise _Unknown

    def _condition(self, test: cst.BaseExpression) -> None:
        if isinstance(test, cst.UnaryOperation):
            test = test.expression
        if not isinstance(test, cst.Call) or self._method(test) not in _METHODS:
            raise _Unknown

    def _method(self, call: cst.Call) -> str | None:
        """Return the method of the loop that is called."""
        func = callee(call)
        if isinstance(func, cst.Attribute) and self._is_loop(func.value):
            return func.attr.value
        return None

    def _is_loop(self, node: cst.BaseExpression) -> bool:
        return isinstance(node, cst.Name) and node.value in self.loops
