"""What happens behind the back of tests and fixtures: tasks that die, and what is left behind.

Nobody awaits a background task that dies, and nobody looks for one that goes on. So at the end of
each phase of a test, everything that was made on its behalf is looked at: an error that nobody has
seen fails the test, what is left is ended and told as the policy on leaks says.
"""

from __future__ import annotations

import sys
import warnings
from typing import TYPE_CHECKING, NoReturn

import pytest

from loopscope.core.graph import Vertex
from loopscope.core.scope import Scope
from loopscope.diagnose import catalog
from loopscope.dialects import native
from loopscope.errors import LeakWarning
from loopscope.plugin.crashes import Held
from loopscope.plugin.heirs import End
from loopscope.plugin.outcomes import add_note, only_leaf

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from loopscope.backends.base import Death, Host
    from loopscope.backends.leftovers import Leftover
    from loopscope.backends.watch import Site
    from loopscope.core.origin import Origin
    from loopscope.plugin._compat import AnyFixtureDef
    from loopscope.plugin.collection import Collection
    from loopscope.plugin.engine_trace import EngineTrace
    from loopscope.plugin.options import Settings

if sys.version_info < (3, 11):
    from exceptiongroup import BaseExceptionGroup


class FollowedBy:
    """Run the block, then `check`: raise the errors it returns, or note them on the block's own.

    It is a class because it is entered several times a test, and a generator that `contextlib`
    makes a context manager of takes five times as long.
    """

    __slots__ = ("_check",)

    def __init__(self, check: Callable[[], list[BaseException]]) -> None:
        self._check = check

    def __enter__(self) -> None:
        return

    def __exit__(self, kind: object, exc: BaseException | None, traceback: object) -> None:
        __tracebackhide__ = True
        errors = self._check()
        if exc is not None:
            tell_besides(exc, errors)
        elif errors:
            raise_all(errors)


def tell_besides(error: BaseException, others: Sequence[BaseException]) -> None:
    """Note on `error`, which is raised, what else went wrong."""
    for other in others:
        if other is not error:
            add_note(error, besides(other))


def raise_all(errors: Sequence[BaseException]) -> None:
    """Raise the error that there is, or all of them in a group."""
    __tracebackhide__ = True
    if len(errors) > 1:
        raise BaseExceptionGroup("Multiple exceptions occurred in asynchronous callbacks", errors)
    if errors:
        _raise(errors[0])


def _raise(error: BaseException) -> NoReturn:
    if error.__traceback__ is None:
        # Not hidden: pytest complains if there is no frame that it could show.
        raise error
    __tracebackhide__ = True
    raise error


def besides(error: BaseException) -> str:
    """Say what else went wrong, with the notes on it."""
    notes: list[str] = getattr(error, "__notes__", [])
    return "\n".join([f"besides: {error!r}", *notes])


class Background:
    """Looks after what the tests of one run do in the background."""

    def __init__(
        self, settings: Settings, collection: Collection, trace: EngineTrace | None
    ) -> None:
        self._trace = trace
        self._policy = settings.leaks
        self._allowed = settings.leaks_allow
        self._collection = collection
        self.silence = settings.silence

    def end_of(self, owner: object) -> End:
        """Return the end of a test, of a fixture or, with None, of a loop."""
        return End(owner, self._fixtures, allowed=self._allowed)

    def end_of_phase(self, item: pytest.Item) -> End:
        """Return the end of a phase of a test after which its fixtures live on.

        So does the instance of its class, whose methods may await in their turn what it holds.
        """
        instance = getattr(getattr(item, "obj", None), "__self__", None)
        return End(self._collection.tests.get(item), self._fixtures, (instance,))

    def _fixtures(self) -> Iterator[AnyFixtureDef]:
        return (definition for definition, _, _ in self._collection.instances)

    def deaths(self, host: Host, end: End, item: pytest.Item | None) -> list[BaseException]:
        """Return the errors that nobody awaits, each with a note that says where it comes from.

        `item` is the test under way.
        """
        return [
            self._explained(death, "a test" if item is None else item.name)
            for death in host.deaths(end)
            if not self.silence.covers("LS306" if death.task is None else "LS305", item or "")
        ]

    def _explained(self, death: Death, test: str) -> BaseException:
        error = only_leaf(death.error)
        if death.task is None:
            add_note(error, catalog.told_to_the_loop(death.message, test))
        else:
            made = death.made
            owner = None if made is None else _vertex(made.owner)
            site = None if made is None else self._origin(made.site)
            add_note(error, catalog.died(repr(death.task), owner, site))
        return error

    def tell(
        self, leftovers: Sequence[Leftover], item: pytest.Item | None, *, is_shared: bool
    ) -> list[BaseException]:
        """Warn of what was left while `item` was the test under way, or return it as errors.

        What was left on a loop that is not shared with other tests has ended with that loop and can
        harm nobody: it is told only if somebody wants to know.
        """
        errors: list[BaseException] = []
        refused: list[str] = []
        default = "warn" if is_shared else "ignore"
        for leftover in leftovers:
            policy = self._declared_for(leftover, item) or self._policy or default
            if policy == "ignore" and self._trace is None:
                continue
            finding = self._finding(leftover)
            self._record(leftover, finding)
            if policy == "ignore":
                continue
            if self.silence.covers(finding.code, item or ""):
                continue
            text = str(finding)
            if policy == "error":
                refused.append(text)
                continue
            site = leftover.made.site
            path, line = (__file__, 1) if site is None else (site.path, site.line)
            try:
                warnings.warn_explicit(text, LeakWarning, path, line)
            except LeakWarning:
                refused.append(text)  # as a filter of the suite wants it
        if refused:
            errors.append(pytest.fail.Exception("\n".join(refused), pytrace=False))
        return errors

    def _record(self, leftover: Leftover, finding: catalog.Finding) -> None:
        if self._trace is not None:
            made = leftover.made
            owner = _vertex(made.owner)
            name = None if owner is None else owner.id
            kind, ended = made.kind.value, leftover.has_ended
            self._trace.left_behind(finding, kind, name, ended=ended)

    def _declared_for(self, leftover: Leftover, item: pytest.Item | None) -> str | None:
        """Return what the mark of a test says of what it, or a fixture just for it, has left."""
        owner = leftover.made.owner
        if isinstance(owner, Held):
            item = item if owner.vertex.anchor.scope is Scope.FUNCTION else None
        elif isinstance(owner, Vertex):
            item = next(
                (one for one, test in self._collection.tests.items() if test is owner), item
            )
        if item is None:
            return None
        ours = self._collection.native
        assert isinstance(ours, native.Native)
        policy: str | None = native.argument_of(item, "leaks", ours.known_backends)
        return policy

    def _finding(self, leftover: Leftover) -> catalog.Finding:
        made = leftover.made
        return catalog.left_behind(
            made.kind.value,
            leftover.text,
            _vertex(made.owner),
            self._origin(made.site),
            kept_by=self._fixture(made.heir),
            error=leftover.error,
            has_ended=leftover.has_ended,
            allowed_by=leftover.names[-1] if leftover.names else None,
        )

    def _fixture(self, heir: object) -> Vertex | None:
        found = self._collection.instances.items()
        return next((vertex for (one, _, _), vertex in found if one is heir), None)

    def _origin(self, site: Site | None) -> Origin | None:
        return None if site is None else self._collection.origins.of_line(site.path, site.line)


def _vertex(owner: object) -> Vertex | None:
    """Return the test or fixture that a step was done for."""
    return owner.vertex if isinstance(owner, Held) else owner if isinstance(owner, Vertex) else None
