"""A test on several backends: its variants, and the fixtures that must be kept apart for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from loopscope.dialects.vocabulary import GIVEN, owner
from loopscope.errors import LoopscopeError
from loopscope.plugin import _compat
from loopscope.plugin.described import describe

if TYPE_CHECKING:
    import pytest

    from loopscope.plugin.collection import Collection


def multiply(metafunc: pytest.Metafunc, collection: Collection) -> None:
    """Make one test of each backend that the test is to run on, if there are several."""
    item: Any = metafunc.definition
    spoken, needs = collection.spoken, collection.decisions.needs
    if not spoken.may_vary(item):
        return
    test = describe(item)
    dialect = owner(test, spoken.dialects)
    if (
        dialect is None
        or dialect.variant in metafunc.fixturenames
        or not needs.concern(test, dialect)
    ):
        return
    try:
        variants = dialect.variants(test)
    except LoopscopeError:
        return  # told once the test is planned, with its name and line
    if variants:
        metafunc.fixturenames.append(dialect.variant)
        # As wide as the widest fixture that has to be set up again for each backend: pytest then
        # runs the tests that share it on one backend after the other.
        scope: Any = needs.widest_scope(item, dialect).word
        metafunc.parametrize(dialect.variant, variants, scope=scope)


def completed(item: pytest.Function, lacking: str) -> list[pytest.Function]:
    """Return what a test that was marked too late for pytest would have become."""
    variants = _compat.with_fixture(item, lacking)
    for variant in variants if GIVEN in item.stash else ():
        variant.stash[GIVEN] = item.stash[GIVEN]
    return variants


def keep_apart(collection: Collection) -> None:
    """Keep the results of a fixture apart where several backends use the same definition."""
    if len(collection.choices) < 2:
        return
    backends: dict[Any, set[str]] = {}
    for (definition, _, backend), vertex in collection.instances.items():
        if vertex.needs_loop:
            backends.setdefault(definition, set()).add(backend)

    def backend_of(item: pytest.Item) -> str | None:
        vertex = collection.tests.get(item)
        return None if vertex is None else vertex.backend

    for definition, names in backends.items():
        if len(names) > 1:
            _compat.vary_cache(definition, backend_of)
