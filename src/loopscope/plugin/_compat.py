"""The one seam to what pytest keeps private. Each shim says what it stands on.

Checked with pytest 8.2 to 9.2.
"""

from __future__ import annotations

import copy
import dataclasses
import functools
import inspect
import itertools
import re
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TextIO, TypeAlias, TypeGuard

import pytest
from _pytest import fixtures, python
from _pytest._io.saferepr import saferepr
from _pytest.fixtures import (
    FixtureDef,
    FuncFixtureInfo,
    SubRequest,
    call_fixture_func,
    get_scope_package,
    resolve_fixture_function,
)
from _pytest.mark.structures import ParameterSet
from _pytest.nodes import Node
from _pytest.outcomes import Failed, OutcomeException
from _pytest.outcomes import skip as skip_outcome
from _pytest.python import pytest_pyfunc_call as call_test_function
from _pytest.scope import Scope
from _pytest.unittest import TestCaseFunction

if TYPE_CHECKING:
    from collections.abc import (
        Awaitable,
        Callable,
        Generator,
        Iterable,
        Iterator,
        Mapping,
        Sequence,
    )
    from types import CodeType

__all__ = [
    "Failed",
    "Node",
    "SubRequest",
    "call_test_function",
    "saferepr",
]  # what others may import from here

AnyFixtureDef: TypeAlias = "FixtureDef[Any]"

if sys.version_info < (3, 11):
    from exceptiongroup import BaseExceptionGroup

_CallSpec: Any = getattr(python, "CallSpec", None) or python.CallSpec2
_XUNIT_NAME = re.compile(r"_xunit_setup_(module|function|class|method)_fixture_")
_FIXTURE: Any = getattr(fixtures, "FixtureFunctionDefinition", ())

# What pytest itself caches as the result of a fixture that failed (`fixtures.TEST_OUTCOME`).
_CACHED = (OutcomeException, Exception)


def is_test_function(item: pytest.Item) -> TypeGuard[pytest.Function]:
    """Say whether `item` is a test function of pytest's own (and no unittest.TestCase method)."""
    return isinstance(item, pytest.Function) and not isinstance(item, TestCaseFunction)


def is_unittest(item: pytest.Item) -> bool:
    """Say whether `item` is a method of a unittest.TestCase, which unittest calls by itself."""
    return isinstance(item, TestCaseFunction)


def runs_own_loop(item: pytest.Item) -> bool:
    """Say whether `item` is a method of an IsolatedAsyncioTestCase.

    By its name: to import the class would be to import asyncio.
    """
    bases = inspect.getmro(getattr(item, "cls", None) or object)
    return any(
        base.__module__ == "unittest.async_case" and base.__name__ == "IsolatedAsyncioTestCase"
        for base in bases
    )


def definitions(item: pytest.Function) -> Mapping[str, Sequence[AnyFixtureDef]]:
    """Return the fixture definitions that `item` can reach by name, nearest last.

    `_fixtureinfo` is the only place where pytest keeps them; it has no public counterpart.
    """
    return item._fixtureinfo.name2fixturedefs


def closure(item: pytest.Function, *, is_parametrized: bool) -> tuple[object, ...]:
    """Return what is equal for two tests that can reach the same definitions in the same way.

    What stands for an argument of `@pytest.mark.parametrize` is made for each test function, and
    of no interest.
    """
    info = item._fixtureinfo
    if not info.name2fixturedefs:
        return info.initialnames, tuple(item.fixturenames), ()
    known: Iterable[Sequence[AnyFixtureDef]] = info.name2fixturedefs.values()
    if is_parametrized:
        known = [() if is_parameter(one[-1]) else one for one in known]
    return info.initialnames, tuple(item.fixturenames), tuple(map(tuple, known))


def closure_names(item: pytest.Function) -> Sequence[str]:
    """Return the names of the fixtures that `item` asks for, directly or not."""
    return item.fixturenames


def initial_names(item: pytest.Function) -> Sequence[str]:
    """Return the names that `item` asks for directly: arguments, usefixtures, autouse."""
    return item._fixtureinfo.initialnames


def argument_names(item: pytest.Function) -> Sequence[str]:
    """Return the names of what the test function is called with."""
    return item._fixtureinfo.argnames


def test_arguments(item: pytest.Function) -> dict[str, Any]:
    """Return the arguments that the test function is called with."""
    return {name: item.funcargs[name] for name in item._fixtureinfo.argnames}


def fixtures_of(item: pytest.Function) -> list[AnyFixtureDef]:
    """Return the fixture definitions that are in use by `item`, and those that may be.

    What it has asked for by name stands only in its request, in `_fixture_defs`.
    """
    known = itertools.chain.from_iterable(item._fixtureinfo.name2fixturedefs.values())
    asked = getattr(item._request, "_fixture_defs", {}).values()
    return list(dict.fromkeys((*known, *asked)))


def fixture_definitions(item: pytest.Function, name: str) -> Sequence[AnyFixtureDef]:
    """Look `name` up as `getfixturevalue` would."""
    known = item._fixtureinfo.name2fixturedefs.get(name)
    if known is not None:
        return known
    return item.session._fixturemanager.getfixturedefs(name, item) or ()


def is_parameter(definition: AnyFixtureDef) -> bool:
    """Say whether `definition` stands for an argument of `@pytest.mark.parametrize`."""
    return definition.func is python.get_direct_param_fixture_func


def is_fixture(value: object) -> bool:
    """Say whether `value` is what `pytest.fixture` makes: until pytest 8.4 a marked function."""
    return isinstance(value, _FIXTURE) or hasattr(value, "_pytestfixturefunction")


def getfixturevalue(item: pytest.Function, name: str) -> Any:
    """Return the value of a fixture for `item` itself, whoever is being set up for it."""
    return item._request.getfixturevalue(name)


def xunit_levels(item: pytest.Function) -> list[tuple[str, str]]:
    """Return the names of pytest's own fixtures that call an author's functions of xunit for
    `item`, each with what it is for: one for "module" calls `setup_module`, and so on.

    They are known by their names only (`Module.collect`, `Class.collect`); those that call the
    methods of a unittest.TestCase are named otherwise.
    """
    names = [name for name in item._fixtureinfo.name2fixturedefs if name.startswith("_xunit")]
    return [(name, found[1]) for name in names if (found := _XUNIT_NAME.match(name))]


def xunit_functions(definition: AnyFixtureDef, level: str) -> dict[str, Callable[..., Any] | None]:
    """Return the author's functions for "setup" and "teardown": pytest's one closes over them."""
    known = inspect.getclosurevars(definition.func).nonlocals
    return {phase: known.get(f"{phase}_{level}") for phase in ("setup", "teardown")}


def takes_argument(function: Callable[..., Any]) -> bool:
    """Say whether pytest calls an author's function of xunit with an argument.

    As `python._call_with_optional_argument` does, which drops what the function returns.
    """
    code: CodeType = function.__code__
    return code.co_argcount > inspect.ismethod(function)


def replace_function(definition: AnyFixtureDef, function: Callable[..., Any]) -> None:
    """Let `definition`, which nobody has set up yet, call another function."""
    vars(definition)["func"] = function


def give_own_definition(item: pytest.Function, name: str, function: Callable[..., Any]) -> None:
    """Let `item` alone have another function for its fixture `name`."""
    known = item._fixtureinfo.name2fixturedefs
    own = copy.copy(known[name][-1])
    vars(own).update(func=function, _finalizers=[])
    known[name] = [own]
    item._initrequest()  # until pytest 8.3 a request has a copy of what is known


def finish_fixtures(item: pytest.Function, names: Sequence[str]) -> None:
    """Tear the function-scoped fixtures `names`, and what depends on them, down for `item`.

    Whoever asks for them again has them set up again: `FixtureRequest._fixture_defs` remembers for
    each test what is set up.

    Raises:
        BaseException: what a teardown raised; a group if there is more than one.
    """
    __tracebackhide__ = True
    request: Any = item._request
    errors: list[BaseException] = []
    for name in reversed(names):
        for definition in reversed(fixture_definitions(item, name)):
            if definition.scope == "function":
                try:
                    definition.finish(request)
                except BaseException as exc:
                    errors.append(exc)
    active = request._fixture_defs
    for name in [name for name, one in active.items() if one.cached_result is None]:
        del active[name]
    if len(errors) == 1:
        raise errors[0]
    if errors:
        raise BaseExceptionGroup("errors in the teardown of fixtures", errors)


def others_see_fixtures(config: pytest.Config) -> bool:
    """Say whether a plugin that is neither pytest's nor ours looks at what fixtures result in."""
    return any(
        not impl.function.__module__.startswith(("_pytest.", "loopscope."))
        for impl in config.hook.pytest_fixture_setup.get_hookimpls()
    )


def terminal_file(config: pytest.Config) -> TextIO:
    """Return the file that pytest's terminal writes to; it has no public name."""
    file: TextIO = config.get_terminal_writer()._file
    return file


def open_line(config: pytest.Config) -> str:
    """Return what stands in the terminal's last line, which goes on; it has no public name."""
    return str(config.get_terminal_writer()._current_line)


def show_fixture(
    item: pytest.Function, like: AnyFixtureDef, name: str, scope: str, value: object
) -> None:
    """Have all plugins see a fixture being set up that is `like` another one and gives `value`."""

    def give() -> object:
        return value

    give.__module__ = like.func.__module__
    shown = copy.copy(like)
    vars(shown).update(argname=name, func=give, argnames=(), _scope=Scope(scope))
    item.ihook.pytest_fixture_setup(fixturedef=shown, request=item._request)


def with_fixture(item: pytest.Function, name: str) -> list[pytest.Function]:
    """Return what `item` would have been collected as, had it asked for fixture `name`.

    pytest makes one item for each parameter of a fixture, from a `CallSpec` (until 9.2
    `CallSpec2`), while it collects; there is no way to have it do so later.
    """
    definition = fixture_definitions(item, name)[-1]
    known = item._fixtureinfo
    info = FuncFixtureInfo(
        argnames=known.argnames,
        initialnames=(*known.initialnames, name),
        names_closure=[*known.names_closure, name],
        name2fixturedefs={**known.name2fixturedefs, name: [definition]},
    )
    made = []
    for index, param in enumerate(definition.params or (None,)):
        spec: Any = getattr(item, "callspec", None) or _CallSpec()
        if definition.params:
            value = param.values[0] if isinstance(param, ParameterSet) else param
            spec = dataclasses.replace(
                spec,
                params={**spec.params, name: value},
                indices={**spec.indices, name: index},
                _arg2scope={**spec._arg2scope, name: definition._scope},
                _idlist=[*spec._idlist, value if isinstance(value, str) else f"{name}{index}"],
            )
        other = pytest.Function.from_parent(
            item.parent,
            name=f"{item.originalname}[{'-'.join(spec._idlist)}]" if spec._idlist else item.name,
            callspec=spec if spec.params else None,
            callobj=item.obj,
            fixtureinfo=info,
            keywords=item.keywords,
            originalname=item.originalname,
        )
        other.own_markers = item.own_markers
        made.append(other)
    return made


def all_fixture_definitions(session: pytest.Session) -> Iterable[AnyFixtureDef]:
    """Return every fixture definition that pytest has found.

    pytest 9 keeps them by node and has a method for it; before, they stood in one dictionary.
    """
    manager: Any = session._fixturemanager
    if hasattr(manager, "_get_all_fixture_defs"):
        found: Iterable[AnyFixtureDef] = manager._get_all_fixture_defs()
        return found
    return itertools.chain.from_iterable(manager._arg2fixturedefs.values())


def package_of(item: pytest.Item, definition: AnyFixtureDef) -> Node | None:
    """Return the node at which a package-scoped fixture is torn down."""
    return get_scope_package(item, definition)


@contextmanager
def calling_instead(definition: AnyFixtureDef, function: Callable[..., Any]) -> Iterator[None]:
    """Have `function` called in this block for what `definition` defines.

    `FixtureDef.func` is documented as final, and exchanged by anyio and pytest-asyncio alike.
    """
    original = definition.func
    definition.func = function  # type: ignore[misc]
    try:
        yield
    finally:
        definition.func = original  # type: ignore[misc]


def item_of(request: pytest.FixtureRequest) -> pytest.Item:
    """Return the test that `request` is made for, whatever the scope."""
    item: pytest.Item = request._pyfuncitem
    return item


def request_of(item: pytest.Function) -> pytest.FixtureRequest:
    """Return what a test that asks for `request` is given."""
    request: pytest.FixtureRequest = item._request
    return request


def replace_addfinalizer(
    request: pytest.FixtureRequest, addfinalizer: Callable[[Callable[[], object]], None]
) -> None:
    """Let `request`, of which there is one for each fixture set up, take finalizers otherwise."""
    request.addfinalizer = addfinalizer  # type: ignore[method-assign, assignment]


def is_set_up(node: Node) -> bool:
    """Say whether `node` is set up, and takes finalizers."""
    return node in node.session._setupstate.stack


def fixture_function(definition: AnyFixtureDef, request: SubRequest) -> Callable[..., Any]:
    """Return the fixture function, bound to the instance of the test if it is a method."""
    function: Callable[..., Any] = resolve_fixture_function(definition, request)
    return function


def returned_not_none(item: pytest.Item, result: object) -> Warning:
    """Return the warning that pytest gives for a test that returns something."""
    return pytest.PytestReturnNotNoneWarning(
        f"Test functions should return None, but {item.nodeid} returned {type(result)!r}.\n"
        "Did you mean to use `assert` instead of `return`?"
    )


def traced(wrapper: Any) -> Callable[..., Awaitable[Any]]:
    """Return the asynchronous test function in a wrapper of `--trace`, traced from its first line.

    The wrapper calls the function under its debugger and drops what it returns, which of a
    coroutine function is a coroutine that never runs; it leaves no other way to the debugger
    (`_pytest.debugging.wrap_pytest_function_for_tracing`).
    """
    debugger = inspect.getclosurevars(wrapper).nonlocals["_pdb"]

    async def trace(**arguments: Any) -> Any:
        __tracebackhide__ = True
        coroutine = wrapper.__wrapped__(**arguments)
        # What `bdb.Bdb.runcall` does around a call.
        debugger.reset()
        sys.settrace(debugger.trace_dispatch)
        try:
            return await coroutine
        finally:
            sys.settrace(None)

    return trace


def _failed(key: object, error: BaseException) -> Any:
    """Return what pytest caches for a fixture that failed: until 8.3 the bare error (#12204)."""
    bare = pytest.version_tuple < (8, 3)
    return (None, key, error if bare else (error, error.__traceback__))


def set_up(definition: AnyFixtureDef, request: SubRequest, call: Callable[[], Any]) -> Any:
    """Make `call()` the cached result of `definition`, an error as well as a value."""
    __tracebackhide__ = True
    key = definition.cache_key(request)
    try:
        value = call()
    except BaseException as exc:
        if isinstance(exc, skip_outcome.Exception):
            exc._use_item_location = True
        if isinstance(exc, _CACHED) or not isinstance(exc, (KeyboardInterrupt, SystemExit)):
            definition.cached_result = _failed(key, exc)
        raise
    definition.cached_result = (value, key, None)
    return value


def set_up_in(
    run: Callable[..., Any], definition: AnyFixtureDef, request: SubRequest, kwargs: dict[str, Any]
) -> Any:
    """Set a synchronous fixture up as pytest does, with every step of it made through `run`."""
    __tracebackhide__ = True
    function = fixture_function(definition, request)
    if not inspect.isgeneratorfunction(function):
        return set_up(definition, request, functools.partial(run, function, **kwargs))

    def generator(**kwargs: Any) -> Generator[Any, None, None]:
        __tracebackhide__ = True
        steps: Iterator[Any] = function(**kwargs)
        nothing = object()
        while (value := run(next, steps, nothing)) is not nothing:
            yield value

    generator.__wrapped__ = function  # type: ignore[attr-defined] # where pytest says it is
    call = functools.partial(call_fixture_func, generator, request, kwargs)
    return set_up(definition, request, call)


def forget(
    definition: AnyFixtureDef, request: SubRequest, error: BaseException | None = None
) -> None:
    """Finish `definition` and everything that depends on it, ahead of its time.

    With `error`, whoever asks for it again within its scope gets that error; where pytest has
    finished it already, its scope has ended.
    """
    cached = definition.cached_result
    if cached is None:
        return
    try:
        definition.finish(request)
    finally:
        if error is not None:
            definition.cached_result = _failed(cached[1], error)


def has_value(definition: object) -> bool:
    """Say whether something is a fixture definition that has a value just now."""
    result = definition.cached_result if isinstance(definition, FixtureDef) else None
    return result is not None and result[2] is None


def value_of(definition: AnyFixtureDef) -> object:
    """Return the value of a fixture that is set up."""
    assert definition.cached_result is not None
    return definition.cached_result[0]


def finalizers_of(definition: AnyFixtureDef) -> list[Callable[[], object]]:
    """Return what is called when a fixture is finished, which pytest keeps to itself."""
    return list(definition._finalizers)


def vary_cache(definition: AnyFixtureDef, variant: Callable[[pytest.Item], object]) -> None:
    """Make `definition` keep a result for one variant of its users at a time, as for a parameter.

    pytest compares `FixtureDef.cache_key(request)` with the cached one, until 8.3 by identity, and
    sets the fixture, and what depends on it, up again when they differ.
    """
    original = type(definition).cache_key
    keys: dict[object, tuple[object, object]] = {}

    def cache_key(request: SubRequest) -> object:
        parameter, which = original(definition, request), variant(item_of(request))
        if which not in keys or keys[which][0] is not parameter:
            keys[which] = (parameter, which)
        return keys[which]

    definition.cache_key = cache_key  # type: ignore[method-assign]
