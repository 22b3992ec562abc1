"""Imports that a file needs after its edits, and those that it does not need any more."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import libcst as cst
from libcst import metadata

from loopscope.migrate.edits import Edit, without

if TYPE_CHECKING:
    from collections.abc import Sequence

    from loopscope.migrate.source import Source

OURS = frozenset(
    {"anyio", "asyncio", "loopscope", "pytest", "pytest_asyncio", "pytest_trio", "trio"}
)
"""The modules whose imports go with their last use."""


class Imports:
    """The imports at the level of one module."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.needed: dict[str, None] = {}
        self.lines = [
            one
            for one in source.module.body
            if isinstance(one, cst.SimpleStatementLine)
            and isinstance(one.body[0], (cst.Import, cst.ImportFrom))
        ]

    def name_of(self, module: str) -> str:
        """Return what the file calls a module, which it imports from now on if it did not."""
        for line in self.lines:
            for small in line.body:
                for alias in small.names if isinstance(small, cst.Import) else ():
                    if alias.evaluated_name == module:
                        self.needed.pop(module, None)
                        return alias.evaluated_alias or module
        self.needed[module] = None
        return module

    @property
    def end(self) -> int:
        """Where the imports end."""
        if self.lines:
            return self._line_end(self.source.span(self.lines[-1])[1])
        body = self.source.module.body
        if body and self.source.module.get_docstring() is not None:
            return self._line_end(self.source.span(body[0])[1])
        return self._line_begin(self.source.span(body[0])[0]) if body else len(self.source.text)

    def edits(self, others: Sequence[Edit]) -> list[Edit]:
        """Return the edits that import what is needed, and drop what `others` left without use."""
        made = [self._added(module) for module in self.needed]
        written = " ".join(one.text for one in others)
        globals_ = self.source.scopes()[self.source.module]
        for line in self.lines:
            if globals_ is not None:
                made += self._unused(line, globals_, others, written)
        return made

    def _added(self, module: str) -> Edit:
        line = self._neighbour(module)
        newline = self.source.newline
        if line is None:
            at = self.end
            blank = newline if self.source.text[at:].strip() and not self.lines else ""
            return Edit(at, at, f"import {module}{newline}{blank}")
        start, end = self.source.span(line)
        at = self._line_end(end) if _module(line) < module else self._line_begin(start)
        return Edit(at, at, f"import {module}{newline}")

    def _neighbour(self, module: str) -> cst.SimpleStatementLine | None:
        """Return the import beside which that of `module` is to stand."""
        plain = [one for one in self.lines if isinstance(one.body[0], cst.Import)]
        if module == "asyncio":
            after_future = [one for one in self.lines if _module(one) != "__future__"]
            earlier = [one for one in plain if _module(one) < module and one in after_future[:1]]
            return earlier[0] if earlier else next(iter(after_future), None)
        for name in ("pytest", "pytest_asyncio", "pytest_trio"):
            for one in plain:
                if _module(one) == name:
                    return one
        return self.lines[-1] if self.lines and _module(self.lines[-1]) != "__future__" else None

    def _unused(
        self,
        line: cst.SimpleStatementLine,
        scope: metadata.Scope,
        others: Sequence[Edit],
        written: str,
    ) -> list[Edit]:
        small = line.body[0]
        assert isinstance(small, (cst.Import, cst.ImportFrom))
        names = small.names
        if isinstance(names, cst.ImportStar) or len(line.body) > 1:
            return []
        if isinstance(small, cst.ImportFrom) and _module(line).partition(".")[0] not in OURS:
            return []
        gone = {
            index
            for index, alias in enumerate(names)
            if self._is_gone(alias, isinstance(small, cst.Import), scope, others, written)
        }
        if len(gone) == len(names):
            start, end = self.source.span(line)
            return [Edit(*self._apart(self._line_begin(start), self._line_end(end)))]
        spans = [self.source.span(one) for one in names]
        return without(self.source.text, spans, gone, spans[-1][1])

    def _is_gone(
        self,
        alias: cst.ImportAlias,
        is_module: bool,
        scope: metadata.Scope,
        others: Sequence[Edit],
        written: str,
    ) -> bool:
        if is_module and alias.evaluated_name not in {*OURS, "uvloop"}:
            return False
        name = alias.evaluated_alias or alias.evaluated_name
        if name in self.needed or re.search(rf"(?<![\w.]){re.escape(name)}\.", written):
            return False
        uses = [
            self.source.span(access.node)
            for assignment in scope[name]
            for access in assignment.references
        ]
        return bool(uses) and all(any(edit.covers(*use) for edit in others) for use in uses)

    def _apart(self, begin: int, end: int) -> tuple[int, int]:
        """Return lines with the blank one above them, if there is one below them, too."""
        text = self.source.text
        if not text.startswith((b"\n", b"\r\n"), end):
            return begin, end
        for blank in (b"\r\n", b"\n"):
            if text[:begin].endswith(blank * 2):
                return begin - len(blank), end
        return begin, end

    def _line_begin(self, offset: int) -> int:
        return self.source.text.rfind(b"\n", 0, offset) + 1

    def _line_end(self, offset: int) -> int:
        found = self.source.text.find(b"\n", offset)
        return len(self.source.text) if found < 0 else found + 1


def _module(line: cst.SimpleStatementLine) -> str:
    """Return the first module that a line imports, or imports from."""
    small = line.body[0]
    if isinstance(small, cst.Import):
        return small.names[0].evaluated_name
    if isinstance(small, cst.ImportFrom) and small.module is not None:
        return cst.helpers.get_full_name_for_node(small.module) or ""
    return ""
