"""What an author can change in a suite, and how that is said to the author.

An edit is made to a definition, as in the source: to all instances and parameters of it alike. It
is spelled in the words of the vertex that it is about. What these have no words for is no fix, and
None here.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from loopscope.core.declared import Declared
from loopscope.core.graph import Kind, Vertex
from loopscope.dialects import spelling

if TYPE_CHECKING:
    from loopscope.core.origin import Origin
    from loopscope.core.policy import Policy
    from loopscope.core.scope import Scope


class Edit(NamedTuple):
    """Another value for one field of every vertex of one definition that has the value `before`."""

    kind: Kind
    origin: Origin
    field: str
    before: object
    after: object

    @classmethod
    def of(cls, vertex: Vertex, field: str, after: object) -> Edit:
        """Make the edit that gives the definition of `vertex` another value."""
        return cls(vertex.kind, vertex.origin, field, getattr(vertex, field), after)

    def apply(self, vertex: Vertex) -> Vertex:
        """Return `vertex` as it is after the edit."""
        key = (vertex.kind, vertex.origin, getattr(vertex, self.field))
        if key != (self.kind, self.origin, self.before):
            return vertex
        changes: dict[str, Any] = {self.field: self.after}
        return replace(vertex, **changes)


class DefaultEdit(NamedTuple):
    """Another default for all tests, or all fixtures, of one vocabulary."""

    vocabulary: str
    kind: Kind
    after: Scope | None

    def apply(self, vertex: Vertex) -> Vertex:
        """Return `vertex` as it is after the edit."""
        key = (vertex.vocabulary, vertex.kind)
        if key != (self.vocabulary, self.kind) or vertex.default is None:
            return vertex
        return replace(vertex, default=self.after)


class Fix(NamedTuple):
    """Words for the author of a suite, and what they amount to.

    With `moves`, the id of a vertex, the words are followed by the loop that it is moved to.
    """

    words: str
    edits: tuple[Edit | DefaultEdit, ...] = ()
    moves: str | None = None
    policy: Policy | None = None

    def apply(self, vertex: Vertex) -> Vertex:
        """Return `vertex` as it is after all edits."""
        for edit in self.edits:
            vertex = edit.apply(vertex)
        return vertex


def drop(*vertices: Vertex) -> Fix | None:
    """Drop the declaration of each of `vertices` that has one."""
    edits: dict[Edit, str] = {}
    moves = None
    for vertex in vertices:
        if vertex.declared is not None:
            argument = spelling(vertex.vocabulary).argument(vertex.kind, vertex.declared)
            if argument is None:
                return None
            mark = "the mark of " if vertex.kind is Kind.TEST else ""
            edits.setdefault(
                Edit.of(vertex, "declared", None), f"{argument} from {mark}{vertex.name}"
            )
            moves = vertex.id
    if not edits:
        return None
    words = f"drop {' and '.join(edits.values())}"
    return Fix(words, tuple(edits), moves if len(edits) == 1 else None)


def declare(*declared: tuple[Vertex, Scope]) -> Fix | None:
    """Declare a loop scope for each of some vertices."""
    words = []
    for vertex, scope in declared:
        of = spelling(vertex.vocabulary)
        is_test = vertex.kind is Kind.TEST
        said = of.mark(Declared(scope)) if is_test else of.argument(vertex.kind, scope)
        if said is None:
            return None
        words.append(f"{said} on {vertex.name}")
    return Fix(
        " and ".join(words),
        tuple(Edit.of(vertex, "declared", scope) for vertex, scope in declared),
    )


def set_default(*defaults: tuple[Vertex, Scope | None]) -> Fix | None:
    """Set what each of some vertices, and all like it, get from the ini file."""
    edits: dict[DefaultEdit, str] = {}
    for vertex, scope in defaults:
        line = spelling(vertex.vocabulary).default(vertex.kind, scope)
        if line is None or not has_default(vertex):
            return None
        edits[DefaultEdit(vertex.vocabulary, vertex.kind, scope)] = line
    return Fix(f"set {' and '.join(edits.values())}", tuple(edits))


def has_default(vertex: Vertex) -> bool:
    """Say whether the loop scope of `vertex` is the one that the ini file sets."""
    return vertex.declared is None and vertex.default is not None


def run_on(test: Vertex, backend: str) -> Fix | None:
    """Run a test on another backend."""
    if test.kind is not Kind.TEST:
        return None
    said = spelling(test.vocabulary).mark(Declared(backends=(backend,)))
    if said is None:
        return None
    return Fix(f"{said} on {test.name}", (Edit.of(test, "backend", backend),))


def adopt(fixture: Vertex, other: Vertex) -> Fix | None:
    """Make a fixture one of the vocabulary of `other`, and so of the same backend."""
    if fixture.kind is not Kind.FIXTURE or fixture.vocabulary == other.vocabulary:
        return None
    words = spelling(other.vocabulary)
    said = words.decorator(Declared(), fixture.anchor.scope)
    if said is None or Kind.FIXTURE in words.options:
        return None  # no such fixtures, or a default that is not known here
    changes = {
        "declared": None,
        "default": None,
        "backend": other.backend,
        "vocabulary": other.vocabulary,
        "always_planned": other.always_planned,
        "allows_mismatch": other.allows_mismatch,
    }
    return Fix(
        f"{said} in place of the decorator of {fixture.name}",
        tuple(Edit.of(fixture, field, value) for field, value in changes.items()),
    )


def make_async(fixture: Vertex, scope: Scope | None = None) -> Fix | None:
    """Make a synchronous fixture an asynchronous one, which has a loop: declared, or planned."""
    words = spelling(fixture.vocabulary)
    if fixture.needs_loop or (scope is None and Kind.FIXTURE in words.options):
        return None  # it has one, or there may be a default that is not known here
    said = words.decorator(Declared(scope), fixture.anchor.scope)
    if said is None:
        return None
    return Fix(
        f"make {fixture.name} an async fixture, with {said}",
        (Edit.of(fixture, "needs_loop", True), Edit.of(fixture, "declared", scope)),
        fixture.id,
    )


def together(first: Fix | None, second: Fix) -> Fix | None:
    """Return the fix that is both."""
    return first and Fix(f"{first.words}, and {second.words}", (*first.edits, *second.edits))
