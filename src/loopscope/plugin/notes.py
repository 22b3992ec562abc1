"""Explains the failures that come of loops: those that a finding foretold, and all others."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

from loopscope.core.graph import reach
from loopscope.diagnose import catalog
from loopscope.diagnose.culprits import Culprits, culprits, is_closed
from loopscope.diagnose.fixes import fix_for_bound
from loopscope.diagnose.notes import ABOUT_LOOPS, mismatch_in, nested_run_in, note_for
from loopscope.plugin.outcomes import add_note
from loopscope.plugin.roots import Root, Scene
from loopscope.plugin.tracebacks import end_with_the_suite

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from loopscope.core.graph import Vertex
    from loopscope.core.plan import Loop
    from loopscope.diagnose.catalog import Finding
    from loopscope.diagnose.culprits import Holder
    from loopscope.plugin.runtime import Runtime
    from loopscope.plugin.silence import Silence

_NO_FAILURE = (pytest.skip.Exception, pytest.xfail.Exception, pytest.exit.Exception)


class Notes:
    """Adds an explanation to what a test, or a fixture of it, fails with.

    `foretold` are the findings about tests that are run in spite of them. Where such a finding
    explains the failure, that is all there is to say. Nothing is looked for before a test fails.
    """

    def __init__(
        self, runtime: Runtime, foretold: dict[pytest.Item, list[Finding]], silence: Silence
    ) -> None:
        self._runtime = runtime
        self._foretold = foretold
        self._silence = silence

    def explain(self, error: BaseException, item: pytest.Item) -> None:
        """Add to what a phase of `item` fails with what is known of it."""
        # The error of a fixture that failed is raised for each of its users.
        if isinstance(error, _NO_FAILURE) or _has_note(error):
            return
        # Whatever the objects of the suite are like, its own error is the one to be seen.
        with suppress(Exception):
            note = self._note(error, item)
            if note is not None:
                add_note(error, note)
                telling = mismatch_in(error) or nested_run_in(error)
                if telling is not None:
                    end_with_the_suite(telling)

    def _note(self, error: BaseException, item: pytest.Item) -> str | None:
        findings = [one for one in self._foretold.get(item, ()) if one.code[:3] == ABOUT_LOOPS]
        if isinstance(item, pytest.Function):
            found = self._bound_elsewhere(item, error, findings) or self._nested_run(item, error)
            if found is not None:
                return None if self._silence.covers(found.code, item) else str(found)
        return note_for(error, findings)

    def _nested_run(self, item: pytest.Function, error: BaseException) -> Finding | None:
        """Say where code that runs on a loop has run a loop, if the error is about that."""
        telling = nested_run_in(error)
        if telling is None:
            return None
        scene = Scene(item, error, telling, self._runtime.collection)
        at = scene.used_at
        return None if at is None else catalog.nested_run(scene.user()[0], at)

    def _bound_elsewhere(
        self, item: pytest.Function, error: BaseException, foretold: Sequence[Finding]
    ) -> Finding | None:
        """Say who holds what is bound to another loop, if the error is about that.

        Nothing is said of a fixture of which a finding has foretold just that.
        """
        telling = mismatch_in(error)
        if telling is None:
            return None
        collection, plan, known = self._runtime.collection, self._runtime.plan, self._known
        scene = Scene(item, error, telling, collection)
        name, user = scene.user()
        runs_on = None if user is None else plan.loop_of(user.id)
        here = [one for one, loop in known.items() if loop == runs_on]
        found: Culprits[Root] = culprits(telling, scene.tiers(), here[-1] if here else None)
        vertices = [self._vertex(held, scene, item) for held in found.holders]
        if foretold and all(one is not None and one.id in plan.loops for one in vertices):
            return None
        if found.loop is None and not found.holders:
            return None
        return catalog.bound_elsewhere(
            name,
            scene.used_at or collection.origins.of(item.function),
            runs_on,
            [self._told(held) for held in found.holders],
            "" if found.loop is None else self._whose(found.loop),
            "" if found.loop is None else self._fix(found, vertices, user),
        )

    @property
    def _known(self) -> Mapping[Any, Loop]:
        return self._runtime.loops.known

    def _loop(self, native: object) -> Loop | None:
        return next((loop for one, loop in self._known.items() if one is native), None)

    def _whose(self, native: object) -> str:
        return catalog.whose_loop(self._loop(native), closed=is_closed(native))

    def _told(self, held: Holder[Root]) -> catalog.Holder:
        root, loop = held.root, self._loop(held.loop)
        return catalog.Holder(
            root.origin(), root.name, root.kind, held.steps, loop, is_closed(held.loop)
        )

    def _vertex(self, held: Holder[Root], scene: Scene, item: pytest.Item) -> Vertex | None:
        definition = held.root.definition
        if definition is None:
            return None
        return scene.fixture(definition, self._runtime.test(item))

    def _fix(
        self, found: Culprits[Root], vertices: Sequence[Vertex | None], user: Vertex | None
    ) -> str:
        """Return what helps: a change of what is declared that was tried, or advice."""
        if not found.holders:
            return ""
        [held], [fixture] = found.holders, vertices
        if held.root.definition is None:
            is_variable = held.root.kind.startswith("variable")
            return "" if is_variable else catalog.make_in_a_fixture(self._told(held).thing)
        plan = self._runtime.plan
        vertices_of = plan.suite.vertices
        if user is None or fixture is None or user.id not in vertices_of:
            return ""
        uses = reach([user.id], lambda id: vertices_of[id].uses)
        return fix_for_bound(plan, user, fixture) if fixture.id in uses else ""


def _has_note(error: BaseException) -> bool:
    return any(str(note).startswith(("LS1", "LS5")) for note in getattr(error, "__notes__", ()))
