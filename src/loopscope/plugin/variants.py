"""A test on several backends: its variants, and the fixtures that must be kept apart for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from loopscope.dialects.vocabulary import GIVEN
from loopscope.errors import LoopscopeError
from loopscope.plugin import _compat
from loopscope.plugin.collection import describe

if TYPE_CHECKING:
    import pytest

    from loopscope.plugin.collection import Collection


def multiply(metafunc: pytest.Metafunc, collection: Collection) -> None:
    """Make one test of each backend that the test is to run on, if there are several."""
    item: Any = metafunc.definition
    dialect = collection.spoken.owner(item)
    if dialect is None or dialect.variant in metafunc.fixturenames or not collection.concerns(item):
        return
    try:
        variants = dialect.variants(describe(item))
    except LoopscopeError:
        return  # told once the test is planned, with its name and line
    if variants:
        metafunc.fixturenames.append(dialect.variant)
        # As wide as the widest fixture that has to be set up again for each backend: pytest then
        # runs the tests that share it on one backend after the other.
        scope: Any = collection.widest_scope(item).word
        metafunc.parametrize(dialect.variant, variants, scope=scope)


def complete(items: list[pytest.Item], collection: Collection) -> None:
    """Replace each test that was marked too late for pytest by what it would have become."""
    for index, item in reversed(list(enumerate(items))):
        if _compat.is_test_function(item):
            dialect = collection.spoken.owner(item)
            lacking = dialect.lacks(describe(item)) if dialect is not None else None
            if lacking is not None:
                variants = _compat.with_fixture(item, lacking)
                for variant in variants if GIVEN in item.stash else ():
                    variant.stash[GIVEN] = item.stash[GIVEN]
                items[index : index + 1] = variants


def keep_apart(collection: Collection) -> None:
    """Keep the results of a fixture apart where several backends use the same definition."""
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
