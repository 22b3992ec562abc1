"""What a dialect may know of a test that pytest collected."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from loopscope.dialects.vocabulary import Test
from loopscope.plugin import _compat

if TYPE_CHECKING:
    import pytest


def hypothesis_handle(function: object) -> Any:
    """Return Hypothesis's handle on a test made by `@given`, or None."""
    return getattr(function, "hypothesis", None)


def test_body(item: pytest.Function) -> object:
    """Return the function that the author of the test wrote."""
    function = item.obj
    handle = hypothesis_handle(function)
    return function if handle is None else handle.inner_test


def describe(item: pytest.Function) -> Test:
    """Return what a dialect may know of `item`."""
    callspec = getattr(item, "callspec", None)
    known: dict[str, Any] = {}

    def nearest(name: str) -> Any:
        if name not in known:
            definitions = _compat.fixture_definitions(item, name)
            known[name] = definitions[-1] if definitions else None
        return known[name]

    return Test(
        item=item,
        body=test_body(item),
        fixtures=_compat.closure_names(item),
        nearest=nearest,
        parameters={} if callspec is None else callspec.params,
        arguments=_compat.argument_names(item),
    )
