"""The edits of one file as they come together, in the terms of its syntax."""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from loopscope.migrate.edits import Edit, Note, apply, without
from loopscope.migrate.imports import Imports
from loopscope.migrate.source import Function
from loopscope.migrate.syntax import keyword

if TYPE_CHECKING:
    from collections.abc import Sequence

    from loopscope.migrate.source import Mark, Source


class Draft:
    """What is to become of one file."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.edits: list[Edit] = []
        self.notes: list[Note] = []
        self.imports = Imports(source)
        self._dropped: list[cst.FunctionDef | cst.SimpleStatementLine] = []
        self._decorated: dict[cst.FunctionDef, list[str]] = {}

    def note(self, at: cst.CSTNode | Function, text: str) -> None:
        """Leave something to the author."""
        line = at.line if isinstance(at, Function) else self.source.line(at)
        self.notes.append(Note(self.source.path, line, text))

    def replace(self, node: cst.CSTNode, text: str) -> None:
        """Put a text in the place of `node`."""
        start, end = self.source.span(node)
        if self.source.text[start:end] != text.encode():
            self.edits.append(Edit(start, end, text))

    def string(self, text: str) -> str:
        """Return a literal, in the quotation marks of the file."""
        return f"{self.source.quote}{text}{self.source.quote}"

    def drop_arguments(self, call: cst.Call, *names: str) -> None:
        """Drop keyword arguments; without any left, a call of a mark or decorator is none."""
        dropped = {index for index, one in enumerate(call.args) if _named(one) in names}
        if not dropped:
            return
        _, end = self.source.span(call)
        if len(dropped) == len(call.args):
            self.edits.append(Edit(self.source.span(call.func)[1], end))
            return
        spans = [self.source.span(one) for one in call.args]
        self.edits += without(self.source.text, spans, dropped, end - 1)

    def drop_call(self, call: cst.Call) -> None:
        """Write a mark or decorator that is called without arguments as one that is not called."""
        self.edits.append(Edit(self.source.span(call.func)[1], self.source.span(call)[1]))

    def declare(self, called: cst.BaseExpression, name: str, value: str) -> None:
        """Give a mark or a decorator a keyword argument, or that another value."""
        end = self.source.span(called)[1]
        argument = keyword(called, name)
        if argument is not None:
            self.replace(argument.value, value)
        elif not isinstance(called, cst.Call):
            self.edits.append(Edit(end, end, f"({name}={value})"))
        elif not called.args:
            self.edits.append(Edit(end - 1, end - 1, f"{name}={value}"))
        else:
            after = self.source.span(called.args[-1])[1]
            self.edits.append(Edit(after, after, f", {name}={value}"))

    def drop_positional(self, call: cst.Call, arguments: Sequence[cst.Arg]) -> None:
        """Drop some of the arguments of a call, but not all."""
        spans = [self.source.span(one) for one in call.args]
        dropped = {index for index, one in enumerate(call.args) if one in arguments}
        self.edits += without(self.source.text, spans, dropped, spans[-1][1])

    def drop_parameter(self, function: Function, name: str) -> None:
        """Drop a parameter of a function."""
        of = function.node.params
        if not any(one.name.value == name for one in of.params):  # behind a star, say
            self.note(function, f"drop the argument {name}")
            return
        spans = [self.source.span(one) for one in of.params]
        dropped = {index for index, one in enumerate(of.params) if one.name.value == name}
        _, end = spans[-1]
        if len(spans) == 1 and isinstance(of.params[0].comma, cst.Comma):
            after = self.source.text[self.source.text.index(b",", end) + 1 :]
            end = len(self.source.text) - len(after.lstrip(b" "))
        self.edits += without(self.source.text, spans, dropped, end)

    def begin_with(self, function: Function, text: str) -> None:
        """Put a line at the beginning of a function, below its docstring."""
        body = function.node.body
        if not isinstance(body, cst.IndentedBlock):
            self.note(function, f"begin it with {text}")
            return
        first = body.body[0]
        if function.node.get_docstring() is not None:
            at = self._end(self.source.span(first)[1])
            indent = self._indent(first)
            self.edits.append(Edit(at, at, f"{indent}{text}{self.source.newline}"))
        else:
            start = self.source.span(
                first.decorators[0]
                if isinstance(first, cst.FunctionDef) and first.decorators
                else first
            )[0]
            indent = self._indent(first)
            self.edits.append(Edit(start, start, f"{text}{self.source.newline}{indent}"))

    def _indent(self, node: cst.CSTNode) -> str:
        at = self.source.span(node)[0]
        return self.source.text[self._begin(at) : at].decode()

    def add_parameter(self, function: Function, name: str) -> None:
        """Give a function one more parameter, after those without a default."""
        if any(one.name.value == name for one in function.parameters()):
            return
        plain = [one for one in function.node.params.params if one.default is None]
        if plain:
            after = self.source.span(plain[-1])[1]
            self.edits.append(Edit(after, after, f", {name}"))
        elif not function.parameters():
            bracket = self.source.text.index(b"(", self.source.span(function.node.name)[1]) + 1
            self.edits.append(Edit(bracket, bracket, name))
        else:
            self.note(function, f"give it the argument {name}")

    def drop(self, statement: cst.FunctionDef | cst.SimpleStatementLine) -> None:
        """Drop a definition with its decorators, or a line; comments above it stay."""
        self._dropped.append(statement)
        self.edits.append(Edit(*self._lines(statement)))

    def drop_mark(self, mark: Mark) -> None:
        """Drop a mark from a decorator or from `pytestmark`."""
        above = self.source.parent(mark.whole)
        if isinstance(above, cst.Decorator):
            start, end = self.source.span(above)
            comment = self.source.text.find(b"#", end, self._end(end))
            line = Edit(self._begin(start), self._end(end))
            self.edits.append(line if comment < 0 else Edit(start, comment))
        elif isinstance(above, cst.Element):
            collection = self.source.parent(above)
            assert isinstance(collection, (cst.List, cst.Tuple))
            self._drop_element(collection, above)
        elif mark.place == "pytestmark":
            self._drop_assignment(mark.whole)
        else:
            self.note(mark.node, f"drop the mark {mark.name}")

    def _drop_element(self, collection: cst.List | cst.Tuple, element: cst.Element) -> None:
        spans = [self.source.span(one) for one in collection.elements]
        index = list(collection.elements).index(element)
        if len(spans) == 1:
            self._drop_assignment(collection)
        elif isinstance(collection, cst.Tuple) and len(spans) == 2:
            rest = self.source.code(collection.elements[1 - index])
            self.replace(collection, rest)
        else:
            self.edits += without(self.source.text, spans, {index}, spans[-1][1])

    def _drop_assignment(self, value: cst.CSTNode) -> None:
        line = next(
            one for one in self.source.around(value) if isinstance(one, cst.SimpleStatementLine)
        )
        if len(line.body) == 1:
            self.drop(line)
        else:
            self.note(line, "drop the mark")

    def decorate(self, node: cst.FunctionDef, text: str) -> None:
        """Put a decorator above those of a function."""
        if text in self._decorated.setdefault(node, []):
            return
        self._decorated[node].append(text)
        start = self.source.span(node.decorators[0] if node.decorators else node)[0]
        begin = self._begin(start)
        indent = self.source.text[begin:start].decode()
        self.edits.append(Edit(begin, begin, f"{indent}{text}{self.source.newline}"))

    def define(self, *lines: str) -> None:
        """Put a definition below the imports of the file."""
        at = self.imports.end
        newline = self.source.newline
        self.edits.append(Edit(at, at, newline * 2 + "".join(f"{one}{newline}" for one in lines)))

    def insert_after_imports(self, text: str) -> None:
        """Put a line below the imports of the file, with a blank line above it."""
        at = self.imports.end
        newline = self.source.newline
        self.edits.append(Edit(at, at, f"{newline}{text}{newline}"))

    def finished(self) -> bytes:
        """Return the text of the file after all edits.

        Raises:
            SyntaxError: what came of it is no Python; then nothing of it is to be used.
        """
        if not self.edits and not self.imports.needed:
            return self.source.text
        edits = [*self.edits, *self._placeholders()]
        text = apply(self.source.text, [*self.imports.edits(edits), *edits])
        if not self.source.text.startswith((b"\r", b"\n")):
            text = text.lstrip(b"\r\n")  # below imports that are gone
        try:
            cst.parse_module(text.decode())
        except cst.ParserSyntaxError as exc:
            raise SyntaxError(exc.message) from None
        return text

    def _placeholders(self) -> list[Edit]:
        """Return the edits that keep a block from being empty."""
        bodies = {self.source.parent(one) for one in self._dropped}
        made = []
        for body in bodies:
            if isinstance(body, cst.IndentedBlock) and set(body.body) <= set(self._dropped):
                first = body.body[0]
                start, end = self._lines(first)
                node = first.decorators[0] if isinstance(first, cst.FunctionDef) else first
                at = self.source.span(node)[0]
                indent = self.source.text[self._begin(at) : at].decode()
                # It covers the edit that drops the first, and so takes its place.
                made.append(Edit(start - 1, end, f"\n{indent}pass{self.source.newline}"))
        return made

    def _lines(self, node: cst.BaseStatement) -> tuple[int, int]:
        """Return the lines of a statement, and the blank ones above a definition."""
        first: cst.CSTNode = node
        if isinstance(node, cst.FunctionDef) and node.decorators:
            first = node.decorators[0]
        start = self._begin(self.source.span(first)[0])
        end = self._end(self.source.span(node)[1])
        text = self.source.text
        if not isinstance(node, cst.FunctionDef) and not _stands_apart(text, start, end):
            return start, end
        above = text[:start].rstrip(b" \t\r\n")
        if above.endswith(b":"):
            rest = text[end:]
            return start, end + len(rest) - len(rest.lstrip(b"\r\n"))
        kept = text.find(b"\n", len(above)) + 1 if above else 0
        return min(kept, start), end

    def _begin(self, offset: int) -> int:
        return self.source.text.rfind(b"\n", 0, offset) + 1

    def _end(self, offset: int) -> int:
        found = self.source.text.find(b"\n", offset)
        return len(self.source.text) if found < 0 else found + 1


def _stands_apart(text: bytes, start: int, end: int) -> bool:
    """Say whether there are blank lines above and below."""
    above, below = text[:start], text[end:]
    return above.endswith((b"\n\n", b"\n\r\n")) and below.startswith((b"\n", b"\r\n"))


def _named(argument: cst.Arg) -> str | None:
    return None if argument.keyword is None else argument.keyword.value
