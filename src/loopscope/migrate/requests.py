"""What tests and fixtures ask for by the names of their parameters, and how they use it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from loopscope.migrate.syntax import constant

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from loopscope.migrate.draft import Draft
    from loopscope.migrate.source import Function, Source


class Uses(cst.CSTVisitor):
    """Where a name is used in a body.

    `plain` are uses in the function itself, `nested` those in a function in there, which may be
    called from anywhere. `is_bound_again` says whether something else gets that name.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.plain: list[cst.Name] = []
        self.nested: list[cst.Name] = []
        self.is_bound_again = False
        self._depth = 0

    @classmethod
    def of(cls, name: str, function: Function) -> Uses:
        """Return the uses of a name in a function."""
        uses = cls(name)
        function.node.body.visit(uses)
        return uses

    def __bool__(self) -> bool:
        return bool(self.plain or self.nested)

    def visit_Name(self, node: cst.Name) -> None:
        if node.value == self.name:
            (self.nested if self._depth else self.plain).append(node)

    def visit_Attribute(self, node: cst.Attribute) -> bool:
        node.value.visit(self)
        return False

    def visit_Arg(self, node: cst.Arg) -> bool:
        node.value.visit(self)
        return False

    def visit_AssignTarget(self, node: cst.AssignTarget) -> None:
        self._bound(node.target)

    def visit_AsName(self, node: cst.AsName) -> None:
        self._bound(node.name)

    def visit_Param(self, node: cst.Param) -> None:
        self._bound(node.name)

    def _bound(self, node: cst.BaseExpression) -> None:
        if isinstance(node, cst.Name) and node.value == self.name:
            self.is_bound_again = True

    def visit_FunctionDef(self, node: cst.FunctionDef) -> None:
        self._depth += 1

    def leave_FunctionDef(self, original_node: cst.FunctionDef) -> None:
        self._depth -= 1

    def visit_Lambda(self, node: cst.Lambda) -> None:
        self._depth += 1

    def leave_Lambda(self, original_node: cst.Lambda) -> None:
        self._depth -= 1


def asking(source: Source, name: str) -> Iterator[Function]:
    """Yield the tests and fixtures that have a parameter of that name."""
    for function in source.functions:
        if not (function.is_test or function.fixture is not None):
            continue
        if any(one.name.value == name for one in function.parameters()):
            yield function


def drop_usefixtures(draft: Draft, name: str) -> None:
    """Drop a name from the marks that ask for it."""
    for mark in draft.source.marks:
        if mark.name == "usefixtures" and mark.call is not None:
            asked = [one for one in mark.call.args if constant(one.value) == name]
            if asked and len(asked) == len(mark.call.args):
                draft.drop_mark(mark)
            elif asked:
                draft.drop_positional(mark.call, asked)


def rename_requests(draft: Draft, names: Mapping[str, str]) -> None:
    """Ask for fixtures by other names."""
    for old, new in names.items():
        for function in asking(draft.source, old):
            uses = Uses.of(old, function)
            if uses.is_bound_again:
                draft.note(function, f"{old} is called {new} now, and is bound again here")
                continue
            for parameter in function.parameters():
                if parameter.name.value == old:
                    draft.replace(parameter.name, new)
            for name in (*uses.plain, *uses.nested):
                draft.replace(name, new)
