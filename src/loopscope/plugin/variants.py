"""A test on several backends: its variants, and the fixtures that must be kept apart for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from loopscope.errors import LoopscopeError
from loopscope.plugin import _compat
from loopscope.plugin.collection import BACKEND_PARAM

if TYPE_CHECKING:
    import pytest

    from loopscope.plugin.collection import Collection


def multiply(metafunc: pytest.Metafunc, collection: Collection) -> None:
    """Make one test of each backend that the test is to run on, if there are several."""
    item: Any = metafunc.definition
    if BACKEND_PARAM in metafunc.fixturenames or not collection.concerns(item):
        return
    try:
        backends = collection.backends_of(item)
    except LoopscopeError:
        return  # told once the test is planned, with its name and line
    if len(backends) > 1:
        metafunc.fixturenames.append(BACKEND_PARAM)
        # As wide as the widest fixture that has to be set up again for each backend: pytest then
        # runs the tests that share it on one backend after the other.
        scope: Any = collection.widest_scope(item).word
        metafunc.parametrize(BACKEND_PARAM, backends, ids=list(backends), scope=scope)


def keep_apart(collection: Collection) -> None:
    """Keep the results of a fixture apart where several backends use the same definition."""
    backends: dict[Any, set[str]] = {}
    for definition, _, backend in collection.instances:
        if collection.needs_loop(definition):
            backends.setdefault(definition, set()).add(backend)

    def backend_of(item: pytest.Item) -> str | None:
        vertex = collection.tests.get(item)
        return None if vertex is None else vertex.backend

    for definition, names in backends.items():
        if len(names) > 1:
            _compat.vary_cache(definition, backend_of)
