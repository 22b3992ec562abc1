"""When tests are alike, and what is decided of them together."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import FunctionType
from typing import TYPE_CHECKING, Any

from loopscope.core.graph import Kind, Vertex
from loopscope.dialects.vocabulary import GIVEN, nature
from loopscope.plugin import _compat

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pytest

    from loopscope.core.origin import Origin
    from loopscope.core.scope import Anchor, Scope
    from loopscope.core.twins import Twins
    from loopscope.dialects.vocabulary import Choice, Dialect, Test
    from loopscope.plugin._compat import AnyFixtureDef


@dataclass(eq=False, slots=True)
class FixtureUse:
    """A fixture, as all tests that are alike use it.

    `common` is what all of its vertices are, `used` what it uses in its turn, and `uses` the ids of
    that from when they are known, if nothing of it is a test's own. If it `is_own` itself, each
    test has an instance for it alone; otherwise they share one, whose id is `shared` from when
    there is one. `problem` is what is wrong with its decorator.
    """

    definition: AnyFixtureDef
    backend: str
    scope: Scope
    is_own: bool
    id_suffix: str
    common: Mapping[str, Any]
    problem: str | None = None
    used: tuple[FixtureUse, ...] = ()
    uses: tuple[str, ...] | None = None
    shared: str | None = None


@dataclass(eq=False, slots=True)
class TestVertices:
    """What the vertices of tests that are alike have in common.

    `around` is the place that they are in, `roots` are the fixtures that they ask for themselves;
    `shared` are the ids of these from when there are any, if none is a test's own. `problem` is
    what is wrong with the marks; written as an async generator, they are no tests at all. `twins`
    there are from when the first of them is a vertex, if what is planned for it is for all.
    """

    __test__ = False

    around: Anchor
    in_class: bool
    backend: str
    needs_loop: bool
    declared: Scope | None
    default: Scope | None
    dialect: Dialect
    roots: tuple[FixtureUse, ...]
    problem: str | None
    is_generator: bool
    shares_all: bool = field(init=False)
    are_twins: bool = field(init=False)
    """Whether there is nothing to plan, and nothing to say, of one that is not so of all."""
    shared: tuple[str, ...] | None = None
    twins: Twins | None = None

    def __post_init__(self) -> None:
        self.shares_all = not any(use.is_own for use in self.roots)
        self.are_twins = self.shares_all and self.problem is None and not self.is_generator

    def vertex(
        self, id: str, name: str, anchor: Anchor, origin: Origin, uses: tuple[str, ...]
    ) -> Vertex:
        """Make the vertex of one of the tests: by position, which takes half the time."""
        dialect = self.dialect
        return Vertex(
            id,
            name,
            Kind.TEST,
            anchor,
            self.backend,
            origin,
            self.needs_loop,
            self.declared,
            self.default,
            uses,
            dialect.name,
            dialect.always_planned,
            dialect.allows_mismatch,
        )


@dataclass(eq=False, slots=True)
class Alike:
    """What is decided of tests that are alike, of which there are `count`.

    `test` is the first of them, `owner` the dialect that they are written in, `lacking` the fixture
    that they lack because they were marked after they were collected. They are concerned if they,
    or fixtures of theirs, run on loops that we plan; `vertices` and what is below is decided only
    then.
    """

    test: Test
    owner: Dialect | None
    needs_loop: bool
    is_concerned: bool
    lacking: str | None
    runs_own_loop: bool
    count: int = 0
    vertices: TestVertices | None = None
    choice: Choice | None = None
    fixtures: dict[tuple[AnyFixtureDef, str], FixtureUse] = field(default_factory=dict)
    loop_fixtures: dict[Dialect, AnyFixtureDef | None] = field(default_factory=dict)


class Likeness:
    """What tests of the same module or class have in common if they are alike."""

    def __init__(self, dialects: Sequence[Dialect]) -> None:
        self._marks = {dialect.mark for dialect in dialects}
        names = (name for dialect in dialects for name in dialect.parameters)
        self._parameters = tuple(dict.fromkeys(names))

    def of(self, item: pytest.Function) -> tuple[object, ...]:
        """Return what is equal for two tests of one parent if they are alike, and only then.

        It has no hash if a mark or a parameter has a value without one.
        """
        function = item.obj
        # Hardly any test has either, and to ask for what is not there takes its time.
        is_bare = type(function) is FunctionType and not function.__dict__
        handle = None if is_bare else getattr(function, "hypothesis", None)
        callspec = item.callspec if "callspec" in item.__dict__ else None
        marks: tuple[object, ...] = ()
        for mark in item.own_markers:
            if mark.name in self._marks:
                marks += (mark.name, mark.args, _typed(mark.kwargs) if mark.kwargs else None)
        return (
            type(item),
            nature(function if handle is None else handle.inner_test),
            handle is None,
            marks,
            # A run has one mode that gives marks, and it gives none to a test that a mark claims:
            # so there is no doubt which of them was given, if one was.
            GIVEN in item.stash if marks else False,
            () if callspec is None else self._values(callspec.params),
            *_compat.closure(item, is_parametrized=callspec is not None),
        )

    def _values(self, params: Mapping[str, Any]) -> tuple[object, ...]:
        return tuple([(name, params[name]) for name in self._parameters if name in params])


def _typed(arguments: Mapping[str, Any]) -> tuple[tuple[str, type, object], ...]:
    """Return the arguments of a mark, for which 1 and True are not the same."""
    return tuple([(name, type(value), value) for name, value in arguments.items()])
