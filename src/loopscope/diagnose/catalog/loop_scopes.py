"""LS1xx: who shares a loop with whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loopscope.core.graph import Kind
from loopscope.diagnose.catalog.finding import Finding, place_of
from loopscope.dialects import spelling

if TYPE_CHECKING:
    from loopscope.core.graph import Vertex
    from loopscope.core.plan import Loop, Misfit
    from loopscope.core.rules import LoopMismatch, OutlivesLoop


def loop_mismatch(found: LoopMismatch, fix: str = "") -> Finding:
    """LS101: two that use one another are declared onto different loops."""
    user, used = found.user, found.used
    return Finding(
        "LS101",
        f"loop scope mismatch: {user.name} ({found.user_loop.anchor.scope.word} loop) "
        f"uses {used.name} ({found.used_loop.anchor.scope.word} loop)",
        (
            (used.origin, used.name, f"made on {_place_and_default(used, found.used_loop)}"),
            (user.origin, user.name, f"runs on {_place_and_default(user, found.user_loop)}"),
        ),
        f"what {used.name} makes belongs to a loop that {user.name} does not run on"
        + (f";\n{_all_the_same(user)}" if user.allows_mismatch else ""),
        fix,
        user.id,
        refuses=not user.allows_mismatch,
    )


def outlives_loop(found: OutlivesLoop, fix: str = "") -> Finding:
    """LS102: a fixture lives longer than the loop declared for it."""
    vertex = found.vertex
    scope = vertex.anchor.scope.word
    line = _default_line(vertex)
    declares = f'declares the loop scope "{found.declared.word}"'
    return Finding(
        "LS102",
        f"{vertex.name} is {scope}-scoped and would outlive its {found.declared.word} loop",
        (
            (
                vertex.origin,
                vertex.name,
                f"declares no loop scope, and the ini file says {line}" if line else declares,
            ),
        ),
        f"the loop closes at the end of the {found.declared.word}, the fixture at the end of "
        f"the {scope}",
        fix,
        vertex.id,
    )


def misfit(found: Misfit, fix: str = "") -> Finding:
    """LS103: a fixture asked for at run time cannot share the loop of who asks."""
    asked = found.wanted[-1]
    for_its_sake = "" if found.used == asked else f", and {asked.name} uses it"
    loops = found.used_loop, found.user_loop
    if found.used_loop.backend == found.user_loop.backend:
        lives, runs = map(place_of, loops)
    else:
        lives, runs = (loop.backend for loop in loops)
    return Finding(
        "LS103",
        f"{found.user.name} asks for {asked.name} at run time, and cannot share its loop any more",
        (
            (found.used.origin, found.used.name, f"lives on {lives}{for_its_sake}"),
            (found.user.origin, found.user.name, f"runs on {runs}"),
        ),
        "what is asked for while a test runs comes too late for the plan",
        fix,
        found.user.id,
    )


def _place_and_default(vertex: Vertex, loop: Loop) -> str:
    """Name a loop, and the line of the ini file, if it is that which puts `vertex` on it."""
    line, default = _default_line(vertex), vertex.default
    if line is None or default is None or default < vertex.anchor.scope:
        return place_of(loop)
    is_its_own = loop.anchor == vertex.anchor.at(default)
    return f"{place_of(loop)} ({line})" if is_its_own else place_of(loop)


def _default_line(vertex: Vertex) -> str | None:
    """Return the line of the ini file that says what `vertex` does not declare itself."""
    if vertex.declared is not None or vertex.default is None:
        return None
    return spelling(vertex.vocabulary).default(vertex.kind, vertex.default)


def _all_the_same(user: Vertex) -> str:
    """Say that a mismatch keeps nothing from running where the vocabulary lets it pass."""
    runs = "run" if user.kind is Kind.TEST else "set up"
    how = "all the same" if user.declared is None else "as declared"
    return f"{user.name} is {runs} {how}, as {user.vocabulary} does"
