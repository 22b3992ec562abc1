"""What a failed test has at hand that may hold the object which its error is about.

These are the globals of its module and of the modules that the error came through, with what is
kept on classes; the values of its fixtures; and the variables of the user's own frames.
"""

from __future__ import annotations

import inspect
import sys
from functools import partial
from pathlib import Path
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from loopscope.core.scope import Scope
from loopscope.diagnose.assignments import assignment
from loopscope.diagnose.culprits import frames_of
from loopscope.diagnose.notes import errors_behind
from loopscope.plugin import _compat

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import CodeType, FrameType

    import pytest

    from loopscope.core.graph import Vertex
    from loopscope.core.origin import Origin
    from loopscope.plugin._compat import AnyFixtureDef
    from loopscope.plugin.collection import Collection

Roots: TypeAlias = "list[tuple[Root, object]]"

IMPORTS = 5
"""How far a global is followed to the module that it is imported from."""


class Root(NamedTuple):
    """Something of the suite's that has a name and a place; a fixture has a definition as well."""

    name: str
    kind: str
    origin: Callable[[], Origin]
    definition: AnyFixtureDef | None = None


class Scene:
    """A failed test, and the frames of the user's own code that its error came through.

    `error` is the one that the test failed with, `telling` the one in it that is to be explained.
    A fixture that the test does not use may fail all the same, if it is torn down after it.
    """

    def __init__(
        self,
        item: pytest.Function,
        error: BaseException,
        telling: BaseException,
        collection: Collection,
    ) -> None:
        self._item = item
        self._collection = collection
        self._origins = origins = collection.origins
        around = collection.places.of(item)
        self._instances = {
            definition: vertex
            for (definition, anchor, _), vertex in collection.instances.items()
            if anchor.encloses(around)
        }
        self._definitions = list(dict.fromkeys((*_compat.fixtures_of(item), *self._instances)))
        self._frames = [
            (frame, line)
            for one in (*errors_behind(error), telling)
            for frame, line in frames_of(one)
            if origins.is_users(frame.f_code.co_filename)
        ]

    @property
    def used_at(self) -> Origin | None:
        """The innermost line of the user's own code."""
        if not self._frames:
            return None
        frame, line = self._frames[-1]
        return self._origins.of_line(frame.f_code.co_filename, line)

    def user(self) -> tuple[str, Vertex | None]:
        """Return the name and the vertex of whose code failed: a fixture's, or else the test's."""
        test = self._collection.tests.get(self._item)
        of_code = {_code(one.func): one for one in self._definitions}
        for frame, _ in reversed(self._frames):
            if frame.f_code in of_code:
                definition = of_code[frame.f_code]
                return definition.argname, self.fixture(definition, test)
        return self._item.name, test

    def fixture(self, definition: AnyFixtureDef, test: Vertex | None) -> Vertex | None:
        """Return the vertex of a fixture, as `test` sees it if it is a fixture of that."""
        seen = test and self._collection.instance(self._item, definition, test.backend)
        return seen or self._instances.get(definition)

    def tiers(self) -> list[Roots]:
        """Return the roots: those that may live longer than the test before those that do not."""
        lasting: Roots = list(self._globals())
        own: Roots = []
        for definition, value in self._values():
            origin = partial(self._origins.of_fixture, definition)
            root = Root(definition.argname, "fixture", origin, definition)
            is_own = Scope.parse(definition.scope) is Scope.FUNCTION
            (own if is_own else lasting).append((root, value))
        return [lasting, own, list(self._variables())]

    def _values(self) -> Iterator[tuple[AnyFixtureDef, object]]:
        """Yield what the fixtures of the test have given, those of wider scopes first."""
        arguments = getattr(self._item, "funcargs", None) or {}
        for definition in sorted(self._definitions, key=lambda one: -Scope.parse(one.scope)):
            cached = definition.cached_result
            if cached is not None and cached[2] is None:
                yield definition, cached[0]
            elif cached is None and definition.argname in arguments:
                yield definition, arguments[definition.argname]

    def _globals(self) -> Iterator[tuple[Root, object]]:
        modules = [self._item.module, *(_module_of(frame) for frame, _ in self._frames)]
        for module in dict.fromkeys(one for one in modules if one is not None):
            yield from self._names_in(module)
            for name, value in list(vars(module).items()):
                if type(value) is ModuleType and self._is_users(value):
                    yield from self._names_in(value, f"{name}.")

    def _names_in(self, module: ModuleType, prefix: str = "") -> Iterator[tuple[Root, object]]:
        for name, value in list(vars(module).items()):
            if name.startswith("__") or type(value) is ModuleType:
                continue
            if isinstance(value, type):
                yield from self._kept_on(value, prefix + name)
            else:
                yield Root(prefix + name, "global", partial(self._assigned, module, name)), value

    def _kept_on(self, owner: type, name: str) -> Iterator[tuple[Root, object]]:
        """Yield what a class of the user's, and those it is derived from, keep for all."""
        for base in owner.__mro__:
            module = sys.modules.get(base.__module__)
            if module is None or not self._is_users(module):
                continue
            for attribute, value in list(vars(base).items()):
                if not attribute.startswith("__") and type(value) is not FunctionType:
                    origin = partial(self._assigned, module, f"{base.__qualname__}.{attribute}")
                    yield Root(f"{name}.{attribute}", "class attribute", origin), value

    def _variables(self) -> Iterator[tuple[Root, object]]:
        for frame, line in reversed(self._frames):
            origin = partial(self._origins.of_line, frame.f_code.co_filename, line)
            for name, value in list(frame.f_locals.items()):
                yield Root(name, f"variable of {frame.f_code.co_name}", origin), value

    def _is_users(self, module: ModuleType) -> bool:
        file = getattr(module, "__file__", None)
        return isinstance(file, str) and self._origins.is_users(file)

    def _assigned(self, module: ModuleType, name: str) -> Origin:
        """Return where a module gives a name its value, if need be in the module it comes from."""
        origin = self._origins.of_line(_file(module), 1)
        for _ in range(IMPORTS):
            found = assignment(_source(module), name)
            if found is None:
                break
            origin = self._origins.of_line(_file(module), found.line)
            source = sys.modules.get(found.module or "")
            if source is None or found.name is None or not self._is_users(source):
                break
            module, name = source, found.name
        return origin


def _code(function: object) -> CodeType | None:
    while isinstance(function, partial):
        function = function.func
    function = getattr(function, "__func__", function)
    code: CodeType | None = getattr(inspect.unwrap(function), "__code__", None)  # type: ignore[arg-type]
    return code


def _module_of(frame: FrameType) -> ModuleType | None:
    module = sys.modules.get(str(frame.f_globals.get("__name__")))
    return module if module is not None and vars(module) is frame.f_globals else None


def _file(module: ModuleType) -> str:
    return module.__file__ or module.__name__


def _source(module: ModuleType) -> bytes:
    try:
        return Path(_file(module)).read_bytes()
    except OSError:
        return b""
