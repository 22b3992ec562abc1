"""The decorator `loopscope.fixture` and the fixture `loopscope`."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from contextvars import copy_context
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

from loopscope.core.declared import Declared
from loopscope.core.scope import Scope
from loopscope.diagnose import catalog
from loopscope.dialects import native
from loopscope.plugin.outcomes import Refused

if TYPE_CHECKING:
    from typing import overload

    from loopscope.core.graph import Vertex
    from loopscope.plugin.runtime import Runtime
else:

    def overload(function: object) -> None:
        """Forget an overload: `typing` keeps it, and so this module, until the process ends."""


T = TypeVar("T")
Fn = TypeVar("Fn", bound=Callable[..., Any])


@overload
def fixture(function: Fn, /) -> Fn: ...
@overload
def fixture(  # noqa: F811
    *, loop_scope: str | None = None, **options: Any
) -> Callable[[Fn], Fn]: ...
def fixture(  # noqa: F811
    function: Callable[..., Any] | None = None,
    /,
    *,
    loop_scope: str | None = None,
    **options: Any,
) -> Any:
    """Declare an asynchronous fixture, and if need be the scope of the loop it runs on.

    Args:
        function: the fixture function, if the decorator is used without arguments.
        loop_scope: one of pytest's five scopes; None lets loopscope plan the loop.
        options: whatever `pytest.fixture` takes.

    Raises:
        UnknownName: `loop_scope` is none of pytest's scopes.
    """
    scope = None if loop_scope is None else Scope.parse(loop_scope, "loop_scope")

    def declare(function: Callable[..., Any]) -> Any:
        native.declare(function, Declared(loop_scope=scope))
        return pytest.fixture(**options)(function)

    return declare if function is None else declare(function)


class Loopscope:
    """What the fixture `loopscope` is: a way to the loop of the test that asks for it."""

    def __init__(self, runtime: Runtime, test: Vertex, request: pytest.FixtureRequest) -> None:
        self._runtime = runtime
        self._test = test
        self._request = request

    @property
    def backend(self) -> str:
        """The name of the backend that the test runs on, such as "asyncio" or "trio"."""
        return self._test.backend

    def run(self, async_fn: Callable[..., Awaitable[T]], *args: Any) -> T:
        """Run `async_fn(*args)` on the test's loop, from synchronous code, and return its result.

        It sees the context variables of the caller; what it sets stays its own, as with
        `asyncio.run`.

        Raises:
            LoopscopeError: the loop is running: await the function instead; or `async_fn` is a
                coroutine, which calling it has made.
        """
        __tracebackhide__ = True
        if inspect.iscoroutine(async_fn):
            async_fn.close()  # or else it would be told of as never awaited
            raise Refused(catalog.coroutine_given(self._test.name, async_fn.__name__))
        action = partial(async_fn, *args)
        result: T = self._runtime.run(self._test, action, copy_context())
        return result

    async def getfixture(self, name: str) -> Any:
        """Return the value of fixture `name`, set up now unless it is already.

        It is torn down at the end of its scope, as if it had been named in the signature.

        Raises:
            LoopscopeError: the fixture cannot share the loop of the test, or the caller is not
                the test's own task.
        """
        __tracebackhide__ = True
        return await self._runtime.get_fixture(self._test, name, self._request)
