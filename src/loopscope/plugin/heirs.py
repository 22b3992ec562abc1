"""Whose a thing is when whoever made it has come to an end: the heirs of tests and fixtures.

A test uses a pool that lives on, and for that test the pool starts a task, which is to serve the
next test too. Nothing says so but this: the fixture whose value the pool is still holds the task.
So what a living fixture holds, by its value or by a variable of its own, passes on to that fixture,
and is looked at again when the fixture ends.

A library that keeps a task for a client in a global of the suite is believed as well: the client
lives on. A global that holds what the suite itself has started is not: that is how a task is kept
from the garbage collector, and says nothing about who will end it.
"""

from __future__ import annotations

import sys
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, NamedTuple

from loopscope.backends.watch import Job, Kind, Timer, is_of_the_suite
from loopscope.diagnose.reach import path_to
from loopscope.plugin import _compat
from loopscope.plugin.crashes import Held

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from loopscope.backends.leftovers import Leftover
    from loopscope.backends.watch import Made
    from loopscope.plugin._compat import AnyFixtureDef

LIMIT = 50_000
"""How many objects are looked at: fixtures may hold much, and what is overlooked is ended."""

_THE_RUN = object()


class End(NamedTuple):
    """The end of a test or of a fixture, of a phase in which they live on, or of a whole loop.

    `owner` is whose end it is, None if it is the loop's; `fixtures` are those of the run, whether
    they live or not; `holders` are further objects that live on; `allowed` are the patterns by
    which something may be left behind.
    """

    owner: object
    fixtures: Callable[[], Iterable[AnyFixtureDef]]
    holders: tuple[object, ...] = ()
    allowed: tuple[str, ...] = ()

    @property
    def is_of_loop(self) -> bool:
        """Whether all that is on the loop comes to an end."""
        return self.owner is None

    def concerns(self, made: Made) -> bool:
        """Say whether it is the end of whoever something is for."""
        if self.owner is None:
            return True
        if made.heir is None:
            return made.owner is self.owner
        return made.heir is _definition(self.owner) or not _lives(made.heir)

    def allows(self, leftover: Leftover) -> bool:
        """Say whether something may be left behind, whoever keeps it.

        So may the timer of a library that wants to tidy up in some minutes.
        """
        made = leftover.made
        if made.kind is Kind.TIMER and not (made.site and made.site.is_direct):
            return True
        return any(
            name == pattern or fnmatchcase(name, pattern)
            for name in leftover.names
            for pattern in self.allowed
        )

    def kept(
        self, left: Collection[Made], going_on: Iterable[tuple[object, object]]
    ) -> Collection[Made]:
        """Return those that somebody keeps who goes on, and make him their heir."""
        roots = [
            (_definition(owner), thing) for owner, thing in going_on if owner is not self.owner
        ]
        if self.owner is None:
            return _pass_on(left, roots)
        roots += ((None, holder) for holder in self.holders)
        roots += self._living()
        kept = _pass_on(left, roots)
        of_libraries = [one for one in left if one.site and not one.site.is_direct]
        return kept | _pass_on(set(of_libraries) - kept, _globals_of_the_suite())

    def _living(self) -> Iterator[tuple[AnyFixtureDef, object]]:
        """Yield the fixtures that live on, each with its value and with what finishes it."""
        ending = _definition(self.owner)
        for definition in dict.fromkeys(self.fixtures()):
            if definition is not ending and _lives(definition):
                yield definition, _compat.value_of(definition)
                # Among them is the generator that a synchronous fixture is, with its variables.
                yield definition, _compat.finalizers_of(definition)


def _definition(owner: object) -> object:
    """Return the definition of a fixture; a test has none, and keeps nothing when it has ended."""
    return owner.definition if isinstance(owner, Held) else None


def _lives(heir: object) -> bool:
    return heir is _THE_RUN or _compat.has_value(heir)


def _pass_on(left: Collection[Made], roots: Iterable[tuple[object, object]]) -> set[Made]:
    """Make each root the heir of what it holds, if it can be one; return all that is held."""
    roots = list(roots)
    faces = {id(face): made for made in left for face in _faces(made)}
    held: set[Made] = set()

    def is_target(one: object) -> bool:
        return id(one) in faces and faces[id(one)] not in held

    while len(held) < len(left) and (found := path_to(roots, is_target, LIMIT)) is not None:
        made = faces[id(found.found)]
        held.add(made)
        if found.root is not None:
            made.heir = found.root
    return held


def _faces(made: Made) -> Iterator[object]:
    """Yield the objects by which somebody may hold something."""
    thing = made.refer()
    yield thing
    if isinstance(thing, Timer):
        yield thing.handle
    elif isinstance(thing, Job):
        yield thing.future()


def _globals_of_the_suite() -> Iterator[tuple[object, object]]:
    for module in list(sys.modules.values()):
        path = getattr(module, "__file__", None)
        if isinstance(path, str) and is_of_the_suite(path):
            for value in list(vars(module).values()):
                yield _THE_RUN, value
                if isinstance(value, type) and value.__module__ == module.__name__:
                    yield from ((_THE_RUN, inner) for inner in list(vars(value).values()))
