"""`async def setup_method` and its like: the functions of xunit, awaited.

pytest makes autouse fixtures of them: generators of its own that call them, and drop what they
return. Where one of them is asynchronous, an async generator takes the place of that generator;
from then on it is a fixture like any other: planned, entered on its loop, and left there. Nobody
can put a decorator on it, so it is for whoever owns the test.
"""

from __future__ import annotations

import functools
import inspect
from typing import TYPE_CHECKING, Any

from loopscope.dialects.vocabulary import as_xunit, is_async, is_xunit
from loopscope.plugin import _compat

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Iterator

    import pytest

    from loopscope.plugin._compat import AnyFixtureDef

    XunitFn = Callable[..., Any]


def make_awaited(item: pytest.Function) -> None:
    """Have the asynchronous functions of xunit around `item` awaited.

    It must be done before anybody asks what `item` runs on.
    """
    for name, level in _compat.xunit_levels(item):
        for definition in _compat.definitions(item)[name]:
            if not is_xunit(definition.func):
                _replace(definition, level)
            if level == "function" and item.cls is not None and is_xunit(definition.func):
                _compat.give_own_definition(item, name, _nothing_for_a_method)


def name_of(definition: AnyFixtureDef) -> str:
    """Return what its author calls a fixture: a function of xunit by the name of that function."""
    return definition.func.__name__ if is_xunit(definition.func) else definition.argname


def _replace(definition: AnyFixtureDef, level: str) -> None:
    functions = _compat.xunit_functions(definition, level)
    # What is told of the fixture is told of the function that makes it asynchronous.
    shown = next((one for one in functions.values() if is_async(one)), None)
    if shown is None:
        return

    @functools.wraps(shown)
    async def fixture(request: pytest.FixtureRequest) -> AsyncGenerator[None, None]:
        __tracebackhide__ = True
        await _call(functions["setup"], f"setup_{level}", request)
        yield
        await _call(functions["teardown"], f"teardown_{level}", request)

    _compat.replace_function(definition, as_xunit(fixture))


async def _call(function: XunitFn | None, name: str, request: pytest.FixtureRequest) -> None:
    """Call an author's function as pytest calls the one of that `name`, and await the result."""
    __tracebackhide__ = True
    if function is None:
        return
    subject: object
    if name.endswith("module"):
        subject = request.module
    elif name.endswith("class"):
        # A function that is no class method is given the class all the same.
        function, subject = getattr(function, "__func__", function), request.cls
    else:
        subject = request.function
        if name.endswith("method"):
            function = getattr(request.instance, name)
    assert function is not None
    returned = function(subject) if _compat.takes_argument(function) else function()
    if inspect.isawaitable(returned):
        await returned


def _nothing_for_a_method(request: pytest.FixtureRequest) -> Iterator[None]:
    """Do what `setup_function` does for a method."""
    yield
