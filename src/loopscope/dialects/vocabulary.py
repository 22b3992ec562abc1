"""What a dialect is, and which dialect a test is written in.

A dialect is a module in this package: a subclass of `Dialect`, and the hooks and fixtures that its
users know, at the level of the module. Where we execute tests, that module is registered in place
of the plugin that the vocabulary comes from, under the same name. `DIALECTS` in the package's
front door lists them; nothing else knows one from another.

Every test has one owner, which is found the same way for all of them: the nearest mark; a fixture
that claims whoever uses it; a mode that claims whatever is asynchronous.
"""

from __future__ import annotations

import enum
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FunctionType, MethodType
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, TypeAlias

import pytest

from loopscope.core.declared import Declared
from loopscope.dialects.surroundings import Surroundings
from loopscope.errors import LoopscopeError

if TYPE_CHECKING:
    from types import ModuleType

    from loopscope.core.policy import Policy
    from loopscope.core.scope import Scope
    from loopscope.dialects.spelling import Spelling

RUNNER_FIXTURE = "loopscope"
"""The fixture of ours that is a way to the loop of the test that asks for it."""

Get = Callable[[str], Any]
"""How a value is had that only a fixture knows: by the fixture's name."""


Definition: TypeAlias = "pytest.FixtureDef[Any]"


class Option(NamedTuple):
    """An option that exists in the ini file, and on the command line if `flag` is given."""

    name: str
    help: str
    default: Any = None
    type: Any = None
    flag: str | None = None
    is_switch: bool = False


class Choice(NamedTuple):
    """What a test runs on.

    Two that have the same `key` can share a loop. `resolve` returns the name of a backend and the
    options that it is opened with, once there is a test for which fixtures can be asked; `backend`
    is that name if it is known before. `own_options` are those that only a loop of the test's own
    can be opened with.
    """

    key: str
    resolve: Callable[[Get], tuple[str, Mapping[str, Any]]]
    backend: str | None = None
    own_options: Callable[[Get], Mapping[str, Any]] | None = None

    @classmethod
    def of(cls, backend: str, key: str | None = None, **options: Any) -> Choice:
        """Make the choice of a backend that is known already."""
        return cls(key or backend, lambda get: (backend, options), backend)


class Nature(enum.Enum):
    """What a call of a function gives."""

    SYNC = "a value"
    COROUTINE = "a coroutine"
    ASYNC_GENERATOR = "an async generator"

    __hash__ = object.__hash__  # that of Enum is a function in Python


@dataclass(eq=False, slots=True)  # not frozen, which would take twice the time to make one
class Test:
    """What a dialect may know of a collected test.

    `body` is the function that its author wrote, of that `nature`, and `arguments` are the names of
    what that is called with; `fixtures` names what it asks for, directly or not; `nearest` finds a
    definition by name.
    """

    item: pytest.Function
    body: object
    fixtures: Sequence[str]
    nearest: Callable[[str], Definition | None]
    parameters: Mapping[str, Any] = field(default_factory=dict)
    arguments: Sequence[str] = ()
    nature: Nature = field(init=False)
    is_async: bool = field(init=False)
    """Whether it has to run on a loop itself."""

    def __post_init__(self) -> None:
        self.nature = nature(self.body)
        self.is_async = self.nature is not Nature.SYNC

    def place_of(self, definition: Definition) -> str | None:
        """Return file and line of a fixture, relative to the root directory if it is in there."""
        code = getattr(inspect.unwrap(definition.func), "__code__", None)
        if code is None:
            return None
        path, root = Path(code.co_filename), self.item.config.rootpath
        inside = path.relative_to(root) if path.is_relative_to(root) else path
        return f"{inside.as_posix()}:{code.co_firstlineno}"


class Dialect:
    """One vocabulary, as it is configured in one run.

    What it says of a test is said of all tests that are alike: those in the same module and class
    that ask for the same fixtures, whose bodies are of the same nature, with the same marks called
    `mark` and the same values of its `parameters`. Nothing else about a test may matter.

    Raises:
        pytest.UsageError: an option with a value that is not valid; the message lists those.
    """

    name: ClassVar[str]
    """What its users call it."""
    spelling: ClassVar[Spelling]
    """How what it declares is written."""
    mark: ClassVar[str]
    plugin: ClassVar[str]
    """The name that its plugin is registered under, and that `hasplugin` is asked for."""
    module: ClassVar[str | None] = None
    """The module that is its plugin."""
    options: ClassVar[tuple[Option, ...]] = ()
    variant: ClassVar[str] = "loopscope_backend"
    """The parameter by which a test is run once on each of several backends."""
    parameters: ClassVar[tuple[str, ...]] = ("loopscope_backend",)
    """The parameters whose values it asks for."""
    always_planned: bool = False
    """Whether it has no words for loop scopes, so that no plan can follow them to the letter."""
    allows_mismatch: ClassVar[bool] = True
    """Whether a test that is declared onto another loop than a fixture it uses is run anyway."""
    only_with_peer: ClassVar[tuple[str, ...]] = ()
    """The fixtures of the module that are left out unless the plugin has them, too."""
    opened_loop: ClassVar[str | None] = None
    """The fixture as which a loop that opens is shown to plugins that look for loops."""
    lent: ClassVar[tuple[str, ...]] = ()
    """The fixtures that are the plugin's own where it is installed, and ours where it is not."""
    overridable: ClassVar[str | None] = None
    """The fixture of which it matters whether the suite has one of its own."""
    takes_bare_fixtures_of_its_tests: ClassVar[bool] = False
    """Whether an asynchronous fixture that bears no decorator is claimed by a test that is."""
    is_auto: bool = False
    """Whether it claims every asynchronous test that nobody else does."""
    takes_bare_fixtures: bool = False
    """Whether it claims asynchronous fixtures that bear no decorator, whoever uses them."""

    def __init__(self, config: pytest.Config, policy: Policy) -> None:
        self.config = config
        self.policy = policy

    @classmethod
    def is_told_by(cls, mark: pytest.Mark) -> bool:
        """Say whether `mark` says that the test is written in this dialect."""
        return mark.name == cls.mark

    def marks(self, test: Test) -> bool:
        """Say whether its mark on `test` means anything: on a synchronous test none does."""
        return test.is_async

    def claims(self, test: Test) -> bool:
        """Say whether `test` is claimed by a fixture that it uses."""
        return False

    def lacks(self, test: Test) -> str | None:
        """Name the fixture that `test` lacks because it was marked after it was collected."""
        return None

    def declared_by(self, test: Test) -> Declared:
        """Return what the marks of `test` declare.

        Raises:
            LoopscopeError: a mark that cannot be understood.
        """
        return Declared()

    def declared_on(self, function: Callable[..., Any]) -> Declared | None:
        """Return what its decorator declared on a fixture function, None if it is not there.

        Raises:
            LoopscopeError: a decorator that cannot be understood.
        """
        return None

    def decorates(self, function: Callable[..., Any]) -> bool:
        """Say whether its decorator is on a fixture function, whatever it declares there."""
        try:
            return self.declared_on(function) is not None
        except LoopscopeError:
            return True

    def default_for(self, definition: Definition) -> Scope | None:
        """Return the loop scope that the suite asks for where a fixture declares none."""
        return None

    def loop_fixture(self, test: Test) -> Definition | None:
        """Return the fixture whose value is to be the loop of `test`, if there is one."""
        return None

    def varies(self, collector: pytest.Collector) -> bool:
        """Say whether a test in there whose marks say nothing may be run on several backends."""
        return False

    def variants(self, test: Test) -> Sequence[Any]:
        """Return a `pytest.param` for each backend that `test` is to run on, if it is for us."""
        return ()

    def choice(self, test: Test) -> Choice:
        """Return what `test` runs on.

        Raises:
            LoopscopeError: something that is not available or cannot be understood.
        """
        return Choice.of("asyncio")

    may_execute_side_by_side: ClassVar[bool] = False
    """Whether it may ever say so of a test that bears its mark."""

    def executes_side_by_side(self, test: Test) -> bool:
        """Say whether `test` and its fixtures are run together, in a run that is made for them."""
        return False

    def takes_side_by_side(self, definition: Definition, item: pytest.Item) -> bool:
        """Say whether a fixture of such a test is run together with it."""
        return False

    def takes_unclaimed(self, definition: Definition, item: pytest.Item) -> bool:
        """Say whether a fixture can only be used by such a test, which `item` is not."""
        return False

    def run_for(self, item: pytest.Item) -> Callable[..., Any]:
        """Return what runs such a test: a function like `trio.run`."""
        raise NotImplementedError

    def runs_on_loop(self, definition: Definition, test: Test) -> bool:
        """Say whether a fixture that is not asynchronous has to run on a loop in `test`."""
        return False

    has_objections: ClassVar[bool] = False
    """Whether it may ever object to what a test is called with."""

    def objects_to(self, arguments: Mapping[str, Any], *, shares_loop: bool) -> str | None:
        """Say why a test cannot be called with `arguments`, if it cannot."""
        return None

    def adapt(self, function: Callable[..., Any], arguments: Mapping[str, Any]) -> Any:
        """Return the coroutine or async generator that a fixture function is on its loop."""
        return function(**arguments)

    def adapt_test(self, function: Callable[..., Any], arguments: Mapping[str, Any]) -> Any:
        """Return the coroutine that a test function is on its loop."""
        return function(**arguments)

    def on_overridden(self) -> object | None:
        """Return the hooks for a run in which the suite overrides a fixture, if there are any."""
        return None

    def on_synchronous(self) -> object | None:
        """Return the hooks for a run in which synchronous tests bear the mark, if there are any."""
        return None

    @classmethod
    def step_in(cls, peer: ModuleType) -> None:
        """Rebind what others import from `peer`, the plugin that we stand in for."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """The dialects of one run, and whether we execute the tests that are written in them."""

    dialects: tuple[Dialect, ...]
    describe: Callable[[pytest.Function], Test]
    executes: bool
    autos: frozenset[str] = field(init=False)
    """The names of those whose mode claims every asynchronous test that nobody else does."""
    surroundings: Surroundings = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        autos = frozenset(dialect.name for dialect in self.dialects if dialect.is_auto)
        object.__setattr__(self, "autos", autos)
        object.__setattr__(self, "surroundings", Surroundings(self.dialects))

    def owner(self, item: pytest.Function) -> Dialect | None:
        """Return the dialect that a test is written in, None if nobody claims it."""
        return owner(self.describe(item), self.dialects)

    def bears(self, item: pytest.Function, mark: str) -> bool:
        """Say whether `mark`, which is a dialect's, is on a test or around it."""
        for one in item.own_markers:
            if one.name == mark:
                return True
        parent: Any = item.parent
        return mark in self.surroundings.of(parent).marks

    def may_vary(self, item: pytest.Function) -> bool:
        """Say whether `item` may be run on several backends: the suite or a mark may say so."""
        for mark in item.own_markers:
            if (mark.args or mark.kwargs) and mark.name in self.surroundings.marks:
                return True
        parent: Any = item.parent
        return self.surroundings.of(parent).may_vary

    def named(self, name: str) -> Dialect | None:
        """Return the dialect that users call `name`, if it is spoken."""
        return next((dialect for dialect in self.dialects if dialect.name == name), None)


# As an annotation: `typing` keeps what `StashKey[Spoken]` names until the process ends, and so its
# module, whose loader is pytest's, and so all tests.
SPOKEN: pytest.StashKey[Spoken] = pytest.StashKey()
GIVEN = pytest.StashKey[pytest.Mark]()
"""The mark that a test bears because a mode claims it: a mark of its author's is nearer."""


def give_mark(item: pytest.Item, name: str) -> None:
    """Put the mark of a dialect on a test that its mode claims."""
    mark: pytest.MarkDecorator = getattr(pytest.mark, name)
    item.add_marker(mark)
    item.stash[GIVEN] = mark.mark


def owner(test: Test, dialects: Sequence[Dialect]) -> Dialect | None:
    """Return the dialect that `test` is written in, None if nobody claims it.

    A mark that claims nothing decides only where nobody else claims the test.

    Where two have equal claims, the one that comes first in `dialects` has it; of several modes
    the last one, so that the first dialect, which is ours, takes what is left. Our fixture claims
    after those of others, too: it is a way to the loop of a test, which they decide.
    """
    marking = [dialect for dialect in dialects if dialect.marks(test)] if test.is_async else []
    marked = _marked(test, marking)
    if marked is not None:
        return marked
    for dialect in (*dialects[1:], *dialects[:1]):
        if dialect.claims(test):
            return dialect
    if test.is_async:
        taker = next((dialect for dialect in reversed(dialects) if dialect.is_auto), None)
        return taker or _marked(test, marking, by_any=True)
    return owner_of_fixtures(test, dialects)


def _marked(test: Test, dialects: Sequence[Dialect], *, by_any: bool = False) -> Dialect | None:
    """Return the dialect of the nearest mark that says whose a test is, or else of any mark."""
    if not dialects:
        return None
    for node in test.item.iter_parents():
        if not node.own_markers:
            continue
        given = node.stash.get(GIVEN, None)
        on_node = [mark for mark in node.own_markers if mark is not given]
        for dialect in dialects:
            for mark in on_node:
                if mark.name == dialect.mark and (by_any or dialect.is_told_by(mark)):
                    return dialect
    return None


def owner_of_fixtures(test: Test, dialects: Sequence[Dialect]) -> Dialect | None:
    """Return the dialect of the first asynchronous fixture that a synchronous test uses."""
    for name in test.fixtures:
        definition = test.nearest(name)
        if definition is None:
            continue
        for dialect in dialects if may_be_decorated(definition.func) else ():
            if dialect.decorates(definition.func):
                return dialect
        if is_async(definition.func):
            takers = (one for one in reversed(dialects) if one.takes_bare_fixtures)
            marked = _marked(test, dialects) if is_xunit(definition.func) else None
            return marked or next(takers, None)
    return None


_GIVES_LOOP = "__loopscope_gives_loop__"


def gives_loop(function: Callable[..., Any]) -> Callable[..., Any]:
    """Mark a fixture function whose value is to be the loop of the test that asks for it."""
    setattr(function, _GIVES_LOOP, True)
    return function


def is_given_loop(function: Callable[..., Any]) -> bool:
    """Say whether a fixture function was marked by `gives_loop`."""
    return getattr(function, _GIVES_LOOP, False)


_XUNIT = "__loopscope_xunit__"


def as_xunit(function: Callable[..., Any]) -> Callable[..., Any]:
    """Mark a fixture function that awaits methods like `setup_method`.

    Nobody can put a decorator on it. So it is for the owner of the test, and where a mark would
    mean nothing, because the test is synchronous, it means the vocabulary of these methods.
    """
    setattr(function, _XUNIT, True)
    return function


def is_xunit(function: Callable[..., Any]) -> bool:
    """Say whether a fixture function was marked by `as_xunit`."""
    return getattr(function, _XUNIT, False)


def uses_xunit(test: Test) -> bool:
    """Say whether something of xunit is to be awaited around `test`."""
    found = map(test.nearest, test.fixtures)
    return any(one is not None and is_xunit(one.func) for one in found)


def ini(config: pytest.Config, name: str, default: Any = None) -> Any:
    """Return an ini option, `default` where the plugin is a version that does not have it."""
    try:
        return config.getini(name)
    except (KeyError, ValueError):
        return default


def may_be_decorated(function: object) -> bool:
    """Say whether something is attached to a function, by which dialects know their decorators."""
    return bool(getattr(function, "__dict__", True))


_SAYS_NOTHING = {"pytestmark"}
"""What can be attached to a function that is not asynchronous for all that."""


def nature(function: object) -> Nature:
    """Return what a call of `function` gives."""
    if type(function) is MethodType:
        function = function.__func__
    if type(function) is FunctionType:
        # What `inspect` says as well, and takes as long for as all else that is asked about a test.
        flags = function.__code__.co_flags
        if flags & inspect.CO_COROUTINE:
            return Nature.COROUTINE
        if flags & inspect.CO_ASYNC_GENERATOR:
            return Nature.ASYNC_GENERATOR
        if not function.__dict__ or function.__dict__.keys() <= _SAYS_NOTHING:
            return Nature.SYNC
    if inspect.iscoroutinefunction(function):
        return Nature.COROUTINE
    return Nature.ASYNC_GENERATOR if inspect.isasyncgenfunction(function) else Nature.SYNC


def is_async(function: object) -> bool:
    """Say whether `function` has to run on a loop."""
    return nature(function) is not Nature.SYNC
