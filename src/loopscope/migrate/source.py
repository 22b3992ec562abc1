"""One file of a suite, parsed: its text to the byte, its functions, and what its names mean."""

from __future__ import annotations

import codecs
import io
import tokenize
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import libcst as cst
from libcst import metadata

from loopscope.errors import LoopscopeError
from loopscope.migrate.syntax import assignments, callee, keyword

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

FIXTURES = {
    "pytest.fixture": "pytest",
    "pytest.yield_fixture": "pytest",
    "pytest_asyncio.fixture": "pytest-asyncio",
    "pytest_asyncio.plugin.fixture": "pytest-asyncio",
    "pytest_trio.trio_fixture": "pytest-trio",
    "loopscope.fixture": "loopscope",
}
"""The decorators of fixtures, and whose they are."""


class Unreadable(LoopscopeError):
    """A file that is not the Python that this interpreter's LibCST knows; the message says why."""


@dataclass(eq=False, slots=True)
class Function:
    """A function at the level of the module or of a class.

    `line` is that of its first decorator, `fixture` the decorator that makes it a fixture, of the
    vocabulary `words`, and `name` what it is called then.
    """

    node: cst.FunctionDef
    classes: tuple[cst.ClassDef, ...]
    name: str
    line: int
    fixture: cst.Decorator | None = None
    words: str | None = None

    @property
    def is_async(self) -> bool:
        """Whether it is `async def`."""
        return self.node.asynchronous is not None

    @property
    def is_test(self) -> bool:
        """Whether it may be a test, by its name."""
        return self.fixture is None and self.name.startswith("test")

    def parameters(self) -> list[cst.Param]:
        """Return its parameters, in order, but for those with a star."""
        of = self.node.params
        return [*of.posonly_params, *of.params, *of.kwonly_params]


@dataclass(eq=False, slots=True)
class Mark:
    """An expression that is a mark, as `pytest.mark.asyncio`, and the call of it if it is called.

    `place` says where it stands: "decorator", "pytestmark", or "" if that is anywhere else.
    """

    name: str
    node: cst.Attribute
    call: cst.Call | None
    place: str
    owner: cst.FunctionDef | cst.ClassDef | None

    @property
    def whole(self) -> cst.Attribute | cst.Call:
        """The mark with its arguments."""
        return self.call or self.node


@dataclass(eq=False)
class Source:
    """One file."""

    path: str
    text: bytes
    module: cst.Module
    resolved: Mapping[Any, Mapping[cst.CSTNode, Any]]
    encoding: str
    bom: bool
    functions: list[Function] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)

    def span(self, node: cst.CSTNode) -> tuple[int, int]:
        """Return where `node` begins and ends; the decorators of a definition are before it."""
        span = self.resolved[metadata.ByteSpanPositionProvider][node]
        return span.start, span.start + span.length

    def line(self, node: cst.CSTNode) -> int:
        """Return the line on which `node` begins, from 1."""
        begins: int = self.resolved[metadata.PositionProvider][node].start.line
        return begins

    def parent(self, node: cst.CSTNode) -> cst.CSTNode | None:
        """Return the node that `node` is a part of."""
        return self.resolved[metadata.ParentNodeProvider].get(node)

    def around(self, node: cst.CSTNode) -> Iterator[cst.CSTNode]:
        """Yield all nodes that `node` is a part of, innermost first."""
        above = self.parent(node)
        while above is not None:
            yield above
            above = self.parent(above)

    def meaning(self, node: cst.CSTNode) -> str | None:
        """Return the dotted name that an expression stands for, if that is clear."""
        found = self.resolved[metadata.QualifiedNameProvider].get(node, ())
        names = found() if callable(found) else found
        if len(names) != 1:
            return None
        (one,) = names
        return one.name if one.source is not metadata.QualifiedNameSource.LOCAL else None

    def scopes(self) -> Mapping[cst.CSTNode, metadata.Scope | None]:
        """Return the scope of names that each node is in."""
        return self.resolved[metadata.ScopeProvider]

    def code(self, node: cst.CSTNode) -> str:
        """Return the text of `node`."""
        start, end = self.span(node)
        return self.text[start:end].decode()

    def fixtures(self, name: str) -> list[Function]:
        """Return the fixtures of that name."""
        return [one for one in self.functions if one.fixture is not None and one.name == name]

    @property
    def quote(self) -> str:
        """The quotation mark that the file prefers."""
        return "'" if self.text.count(b"'") > 2 * self.text.count(b'"') else '"'

    @property
    def newline(self) -> str:
        """The end of a line, as the file has it."""
        return self.module.default_newline

    def encoded(self, text: bytes) -> bytes:
        """Return a text in UTF-8 as the bytes of the file."""
        data = text if self.encoding == "utf-8" else text.decode().encode(self.encoding)
        return codecs.BOM_UTF8 + data if self.bom else data


_PROVIDERS = (
    metadata.ByteSpanPositionProvider,
    metadata.PositionProvider,
    metadata.ParentNodeProvider,
    metadata.QualifiedNameProvider,
    metadata.ScopeProvider,
)


def parse(path: str, data: bytes) -> Source:
    """Parse a file.

    Raises:
        Unreadable: it cannot be.
    """
    bom = data.startswith(codecs.BOM_UTF8)
    body = data[len(codecs.BOM_UTF8) :] if bom else data
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(body).readline)
        text = body.decode(encoding)
        module = cst.parse_module(text)
    except (SyntaxError, ValueError, LookupError, RecursionError) as exc:
        raise Unreadable(_why(exc)) from None
    except cst.ParserSyntaxError as exc:
        raise Unreadable(f"line {exc.raw_line}: {exc.message}") from None
    wrapper = metadata.MetadataWrapper(module, unsafe_skip_copy=True)
    source = Source(path, text.encode(), module, wrapper.resolve_many(_PROVIDERS), encoding, bom)
    if module.code != text:
        raise Unreadable("LibCST does not keep all of its text, such as form feeds")
    module.visit(_Index(source))
    return source


def _why(exc: BaseException) -> str:
    return str(exc) or type(exc).__name__


class _Index(cst.CSTVisitor):
    """Lists the functions and the marks of a file."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.inside: list[cst.ClassDef | cst.FunctionDef] = []

    def visit_ClassDef(self, node: cst.ClassDef) -> None:
        self.inside.append(node)

    def leave_ClassDef(self, original_node: cst.ClassDef) -> None:
        self.inside.pop()

    def visit_FunctionDef(self, node: cst.FunctionDef) -> None:
        classes = tuple(one for one in self.inside if isinstance(one, cst.ClassDef))
        if len(classes) == len(self.inside):
            self.source.functions.append(_function(self.source, node, classes))
        self.inside.append(node)

    def leave_FunctionDef(self, original_node: cst.FunctionDef) -> None:
        self.inside.pop()

    def visit_Attribute(self, node: cst.Attribute) -> None:
        if not node.attr.value.islower():
            return
        meaning = self.source.meaning(node) or ""
        if meaning.startswith("pytest.mark.") and meaning.count(".") == 2:
            self.source.marks.append(_mark(self.source, node, meaning.rpartition(".")[2]))


def _function(source: Source, node: cst.FunctionDef, classes: tuple[cst.ClassDef, ...]) -> Function:
    first = node.decorators[0] if node.decorators else node
    made = Function(node, classes, node.name.value, source.line(first))
    for decorator in node.decorators:
        called = decorator.decorator
        words = FIXTURES.get(source.meaning(callee(called)) or "")
        if words is not None:
            made.fixture, made.words = decorator, words
            given = keyword(called, "name")
            if given is not None and isinstance(given.value, cst.SimpleString):
                made.name = str(given.value.evaluated_value)
    return made


def _mark(source: Source, node: cst.Attribute, name: str) -> Mark:
    above = source.parent(node)
    call = above if isinstance(above, cst.Call) and above.func is node else None
    whole: cst.CSTNode = call or node
    for one in source.around(whole):
        if isinstance(one, cst.Decorator):
            owner = source.parent(one)
            assert isinstance(owner, (cst.FunctionDef, cst.ClassDef))
            return Mark(name, node, call, "decorator" if one.decorator is whole else "", owner)
        if isinstance(one, (cst.Assign, cst.AnnAssign)):
            is_marks = one in assignments(one, "pytestmark") and _is_listed(source, whole, one)
            owners = (up for up in source.around(one) if isinstance(up, _DEFINITIONS))
            return Mark(name, node, call, "pytestmark" if is_marks else "", next(owners, None))
        if isinstance(one, cst.BaseStatement):
            break
    return Mark(name, node, call, "", None)


_DEFINITIONS = (cst.FunctionDef, cst.ClassDef)


def _is_listed(source: Source, node: cst.CSTNode, statement: cst.CSTNode) -> bool:
    """Say whether `node` is what is assigned, or an item of a list or tuple that is."""
    above = source.parent(node)
    if isinstance(above, cst.Element):
        above = source.parent(above)
        above = source.parent(above) if isinstance(above, (cst.List, cst.Tuple)) else None
    return above is statement
