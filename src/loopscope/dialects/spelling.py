"""The way back: what is declared, as a suite in one vocabulary would write it.

A message and an edit name what they advise. That is a function of plain values: no run has to be
configured to say what somebody should write.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from loopscope.core.graph import Kind
from loopscope.core.scope import Scope

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from loopscope.core.declared import Declared


class Spelling:
    """The words of one vocabulary; None stands for what it has no words for."""

    mark_name: ClassVar[str]
    decorator_name: ClassVar[str] = "pytest.fixture"
    arguments: ClassVar[Mapping[Kind, str]] = {}
    """How its mark and its decorator call the loop scope."""
    options: ClassVar[Mapping[Kind, str]] = {}
    """The ini options that set the loop scope of tests and of fixtures that declare none."""
    no_default: ClassVar[Mapping[Kind, str]] = {}
    """What those options are set to if there is to be no such loop scope."""

    def argument(self, kind: Kind, scope: Scope) -> str | None:
        """Return the argument, of its mark or of its decorator, that declares a loop scope."""
        name = self.arguments.get(kind)
        return None if name is None else f'{name}="{scope.word}"'

    def default(self, kind: Kind, scope: Scope | None) -> str | None:
        """Return the line of the ini file that sets the loop scope where none is declared."""
        option = self.options.get(kind)
        value = self.no_default.get(kind) if scope is None else scope.word
        return None if option is None or value is None else f"{option} = {value}"

    def mark(
        self, declared: Declared, *, loop_factories: Sequence[str] = (), run: str | None = None
    ) -> str | None:
        """Return the mark that declares this of a test.

        `run` is the name of the library whose `run` calls the test.
        """
        words: list[str | None] = []
        if declared.loop_scope is not None:
            words.append(self.argument(Kind.TEST, declared.loop_scope))
        if declared.backends:
            words.append(self._backends(declared.backends))
        if loop_factories:
            words.append(self._loop_factories(loop_factories))
        if run is not None:
            words.append(self._run(run))
        return _called(f"@pytest.mark.{self.mark_name}", words)

    def decorator(self, declared: Declared, scope: Scope = Scope.FUNCTION) -> str | None:
        """Return the decorator that declares this of a fixture with the scope `scope`."""
        words: list[str | None] = []
        if declared.loop_scope is not None:
            words.append(self.argument(Kind.FIXTURE, declared.loop_scope))
        if declared.backends:
            words.append(None)
        if scope is not Scope.FUNCTION:
            words.append(self._scope(scope))
        return _called(f"@{self.decorator_name}", words)

    def _scope(self, scope: Scope) -> str | None:
        return f'scope="{scope.word}"'

    def _backends(self, names: Sequence[str]) -> str | None:
        return None

    def _loop_factories(self, names: Sequence[str]) -> str | None:
        return None

    def _run(self, library: str) -> str | None:
        return None


def quoted(name: str) -> str:
    """Return `name` as a literal, in double quotes if it contains none."""
    text = repr(name)
    return f'"{text[1:-1]}"' if text[0] == "'" and '"' not in text else text


def listed(names: Sequence[str]) -> str:
    """Return `names` as the literal of a list."""
    return f"[{', '.join(map(quoted, names))}]"


def _called(name: str, words: Sequence[str | None]) -> str | None:
    said = [word for word in words if word is not None]
    if len(said) < len(words):
        return None
    return f"{name}({', '.join(said)})" if said else name
