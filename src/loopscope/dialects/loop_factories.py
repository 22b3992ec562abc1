"""The loop factories of pytest-asyncio: named by a hook, chosen by a mark."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from loopscope.errors import DeclarationError

if TYPE_CHECKING:
    from loopscope.dialects.vocabulary import Test


class Factory(NamedTuple):
    """One of the loop factories that a suite's hook names."""

    name: str
    make_loop: Callable[[], Any]


def parse_names(kwargs: Mapping[str, object]) -> Sequence[str] | None:
    """Return the names that `@pytest.mark.asyncio(**kwargs)` chooses, None if it chooses none.

    Raises:
        DeclarationError: something that is not a list of names.
    """
    names = kwargs.get("loop_factories")
    if names is None:
        return None
    if not isinstance(names, Sequence) or isinstance(names, str) or not names:
        raise DeclarationError(_NOT_NAMES)
    if not all(isinstance(name, str) and name for name in names):
        raise DeclarationError(_NOT_NAMES)
    return names


_NOT_NAMES = "mark.asyncio 'loop_factories' must be a non-empty sequence of strings."


def names_factories(node: pytest.Item | pytest.Collector) -> bool:
    """Say whether the suite has the hook, at the place of `node`."""
    hook = getattr(node.ihook, "pytest_asyncio_loop_factories", None)
    return hook is not None and bool(hook.get_hookimpls())


def variants_of(test: Test, chosen: Sequence[str] | None) -> Sequence[Any]:
    """Return a `pytest.param` for each loop factory that `test` is to run with.

    Raises:
        DeclarationError: some are chosen, and no hook names any.
        pytest.UsageError: the hook returns something else than factories by name.
    """
    if not names_factories(test.item):
        if chosen is not None:
            raise DeclarationError(
                "mark.asyncio 'loop_factories' requires at least one "
                "pytest_asyncio_loop_factories hook implementation."
            )
        return ()
    hook = test.item.ihook.pytest_asyncio_loop_factories
    factories = _checked(hook(config=test.item.config, item=test.item))
    names = list(factories) if chosen is None else chosen
    hidden = getattr(pytest, "HIDDEN_PARAM", None)  # from pytest 8.4 on
    only = hidden if hidden is not None and len(names) == 1 else None
    return [_variant(name, factories, only or name) for name in names]


def _variant(name: str, factories: Mapping[str, Any], id: Any) -> Any:
    if name in factories:
        return pytest.param(Factory(name, factories[name]), id=id)
    reason = f"Loop factory {name!r} is not available. Available factories: {', '.join(factories)}."
    return pytest.param(None, id=id, marks=pytest.mark.skip(reason=reason))


def _checked(factories: object) -> dict[str, Any]:
    if isinstance(factories, Mapping):
        found = dict(factories)
        if found and all(
            isinstance(name, str) and name and callable(make) for name, make in found.items()
        ):
            return found
    raise pytest.UsageError(
        "pytest_asyncio_loop_factories must return a non-empty mapping of factory names to "
        f"callables, not {factories!r}."
    )
