"""What to ask of a piece of syntax, whatever file it is in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

if TYPE_CHECKING:
    from collections.abc import Sequence


def assignments(node: cst.Assign | cst.AnnAssign, name: str) -> list[cst.CSTNode]:
    """Return `node` in a list if it assigns to `name`, and to nothing else."""
    targets = (
        [one.target for one in node.targets] if isinstance(node, cst.Assign) else [node.target]
    )
    is_it = all(isinstance(one, cst.Name) and one.value == name for one in targets)
    return [node] if is_it else []


def callee(node: cst.BaseExpression) -> cst.BaseExpression:
    """Return what is called, or what is there if nothing is."""
    return node.func if isinstance(node, cst.Call) else node


def keyword(node: cst.BaseExpression, name: str) -> cst.Arg | None:
    """Return the argument of that name in a call."""
    for one in node.args if isinstance(node, cst.Call) else ():
        if one.keyword is not None and one.keyword.value == name:
            return one
    return None


def constant(node: cst.BaseExpression | None) -> str | None:
    """Return the string that an expression is, if it is one."""
    if isinstance(node, cst.SimpleString):
        value = node.evaluated_value
        return value if isinstance(value, str) else None
    return None


def statements(body: cst.BaseSuite) -> Sequence[cst.BaseStatement | cst.BaseSmallStatement]:
    """Return what a body consists of; several on one line apart."""
    return [
        small
        for one in body.body
        for small in (one.body if isinstance(one, cst.SimpleStatementLine) else (one,))
    ]
