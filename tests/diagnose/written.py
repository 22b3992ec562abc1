"""Vertices written in one vocabulary or another."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from loopscope.core.graph import Kind, Suite, Vertex
from loopscope.core.scope import Scope
from loopscope.dialects import NATIVE, PEERS

if TYPE_CHECKING:
    from loopscope.dialects.vocabulary import Dialect

ALL: tuple[type[Dialect], ...] = (NATIVE, *PEERS)
DIALECTS = {dialect.name: dialect for dialect in ALL}


def written_in(vocabulary: str, vertex: Vertex, default: Scope | None = None) -> Vertex:
    """Return `vertex` as the collection makes it of a suite in that vocabulary."""
    dialect = DIALECTS[vocabulary]
    return replace(
        vertex,
        vocabulary=vocabulary,
        always_planned=dialect.always_planned,
        allows_mismatch=dialect.allows_mismatch,
        declared=None if dialect.always_planned else vertex.declared,
        default=default,
    )


@st.composite
def in_any_words(draw: st.DrawFn, suites: st.SearchStrategy[Suite]) -> Suite:
    """Draw a suite in which every definition is written in one vocabulary or another."""
    suite = draw(suites)
    defaults = {kind: draw(st.none() | st.sampled_from(Scope)) for kind in Kind}
    vocabularies: dict[object, str] = {}
    for vertex in suite.vertices.values():
        key = vertex.kind, vertex.origin
        vocabularies[key] = vocabularies.get(key) or draw(st.sampled_from(sorted(DIALECTS)))

    def written(vertex: Vertex) -> Vertex:
        vocabulary = vocabularies[vertex.kind, vertex.origin]
        has_default = vertex.kind in DIALECTS[vocabulary].spelling.options and vertex.needs_loop
        return written_in(vocabulary, vertex, defaults[vertex.kind] if has_default else None)

    return Suite.of(map(written, suite.vertices.values()))
