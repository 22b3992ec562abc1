"""What happens behind the back of tests and fixtures: tasks that die, and what is left behind.

Nobody awaits a background task that dies, and nobody looks for one that goes on. So at the end of
each phase of a test, everything that was made on its behalf is looked at: an error that nobody has
seen fails the test, what is left is ended and told as the policy on leaks says.
"""

from __future__ import annotations

import sys
import warnings
from contextlib import contextmanager
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

import pytest

from loopscope.backends.watch import Kind
from loopscope.core.graph import Vertex
from loopscope.diagnose import catalog
from loopscope.diagnose.reach import path_to
from loopscope.dialects import native
from loopscope.errors import LeakWarning
from loopscope.plugin.outcomes import add_note, only_leaf

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from loopscope.backends.base import Death, Host
    from loopscope.backends.leftovers import Leftover
    from loopscope.backends.watch import Site
    from loopscope.core.origin import Origin
    from loopscope.plugin.collection import Collection
    from loopscope.plugin.options import Settings

if sys.version_info < (3, 11):
    from exceptiongroup import BaseExceptionGroup


@contextmanager
def followed_by(check: Callable[[], list[BaseException]]) -> Iterator[None]:
    """Run the block, then `check`: raise the errors it returns, or note them on the block's own."""
    __tracebackhide__ = True
    try:
        yield
    except BaseException as exc:
        for error in check():
            if error is not exc:
                add_note(exc, _besides(error))
        raise
    raise_all(check())


def raise_all(errors: Sequence[BaseException]) -> None:
    """Raise the error that there is, or all of them in a group."""
    __tracebackhide__ = True
    if len(errors) > 1:
        raise BaseExceptionGroup("Multiple exceptions occurred in asynchronous callbacks", errors)
    if errors:
        raise errors[0]


def _besides(error: BaseException) -> str:
    notes: list[str] = getattr(error, "__notes__", [])
    return "\n".join([f"besides: {error!r}", *notes])


class Background:
    """Looks after what the tests of one run do in the background."""

    def __init__(self, settings: Settings, collection: Collection) -> None:
        self._policy = settings.leaks
        self._allowed = settings.leaks_allow
        self._collection = collection
        self.silence = settings.silence

    def deaths(self, host: Host, owner: object, item: pytest.Item | None) -> list[BaseException]:
        """Return the errors that nobody awaits, each with a note that says where it comes from.

        `item` is the test under way.
        """
        return [
            self._explained(death, "a test" if item is None else item.name)
            for death in host.deaths(owner)
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

    def spares(self, owner: object, leftover: Leftover, thing: object) -> bool:
        """Say whether something that `owner` has left (None: that is on a loop that closes) is to
        be left alone.

        So is what a fixture holds that lives on: a pool that was first used by a test, say. And a
        library that sets itself a timer, to tidy up in some minutes, has not been left.
        """
        if leftover.kind is Kind.TIMER and (leftover.site is None or not leftover.site.is_direct):
            return True
        if any(
            name == pattern or fnmatchcase(name, pattern)
            for name in leftover.names
            for pattern in self._allowed
        ):
            return True
        if owner is None:
            return False
        handle = getattr(thing, "handle", thing)
        held = {id(thing), id(handle)}
        return path_to(self._living(owner), lambda one: id(one) in held) is not None

    def _living(self, owner: object) -> Iterator[tuple[str, object]]:
        """Yield the fixtures that live on when `owner` has ended, with their values."""
        ending = getattr(owner, "definition", None)
        for definition, _, _ in self._collection.instances:
            result = definition.cached_result
            if definition is not ending and result is not None and result[2] is None:
                yield definition.argname, result[0]

    def tell(self, leftovers: Sequence[Leftover], item: pytest.Item | None) -> list[BaseException]:
        """Warn of what was left while `item` was the test under way, or return it as errors."""
        policy = self._policy_for(item)
        if policy == "ignore":
            return []
        told = [(one, self._finding(one)) for one in leftovers]
        told = [one for one in told if not self.silence.covers(one[1].code, item or "")]
        if policy == "error" and told:
            text = "\n".join(str(finding) for _, finding in told)
            return [pytest.fail.Exception(text, pytrace=False)]
        errors: list[BaseException] = []
        for leftover, finding in told:
            site = leftover.site
            path, line = (__file__, 1) if site is None else (site.path, site.line)
            try:
                warnings.warn_explicit(str(finding), LeakWarning, path, line)
            except LeakWarning as exc:
                # A filter makes it an error; where we were is of no interest.
                errors.append(pytest.fail.Exception(str(exc), pytrace=False))
        return errors

    def _policy_for(self, item: pytest.Item | None) -> str:
        if item is None:
            return self._policy
        ours = self._collection.native
        assert isinstance(ours, native.Native)
        return native.argument_of(item, "leaks", ours.known_backends) or self._policy

    def _finding(self, leftover: Leftover) -> catalog.Finding:
        return catalog.left_behind(
            leftover.kind.value,
            leftover.text,
            _vertex(leftover.owner),
            self._origin(leftover.site),
            has_ended=leftover.has_ended,
            allowed_by=leftover.names[-1] if leftover.names else None,
        )

    def _origin(self, site: Site | None) -> Origin | None:
        return None if site is None else self._collection.origins.of_line(site.path, site.line)


def _vertex(owner: object) -> Vertex | None:
    """Return the test or fixture that a step was done for."""
    found = owner if isinstance(owner, Vertex) else getattr(owner, "vertex", None)
    return found if isinstance(found, Vertex) else None
