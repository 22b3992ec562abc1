"""LS1xx: who shares a loop with whom."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from loopscope.core.graph import Kind
from loopscope.diagnose.catalog.finding import Finding, place_of
from loopscope.dialects import spelling

if TYPE_CHECKING:
    from collections.abc import Sequence

    from loopscope.core.graph import Vertex
    from loopscope.core.origin import Origin
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


class Holder(NamedTuple):
    """Who holds something that is bound to another loop than the one that runs.

    `kind` says what it is: a fixture, a global; `steps` is the way from it to the loop. `loop` is
    None for a loop that none of ours is.
    """

    origin: Origin
    name: str
    kind: str
    steps: str
    loop: Loop | None
    closed: bool

    @property
    def thing(self) -> str:
        """What is bound to the loop, if it is kept in a cache or a container: `get_client()`."""
        found = re.match(r"(\(\)|\[[^\[\]]*\])*", self.steps)
        assert found is not None
        return f"{self.name}{found[0]}"

    def __str__(self) -> str:
        whose = whose_loop(self.loop, closed=self.closed)
        is_it = f"{self.name}{self.steps} is" if self.steps else "it is"
        return f"{self.kind}; {is_it} {whose}"


def whose_loop(loop: Loop | None, *, closed: bool) -> str:
    """Say whose a loop is, and since when it is closed."""
    if loop is None:
        return "a loop that loopscope did not make" + (", and it is closed" if closed else "")
    if not loop.anchor.node:
        return place_of(loop) + (", and it is closed" if closed else "")
    is_test = loop.anchor.scope.word == "function"
    words = f"the loop of {loop.anchor.node}" if is_test else place_of(loop)
    return f"{words}, closed when that ended" if closed else words


def bound_elsewhere(
    user: str,
    used_at: Origin,
    runs_on: Loop | None,
    holders: Sequence[Holder],
    bound_to: str = "",
    fix: str = "",
) -> Finding:
    """LS104: something that is bound to one loop was used on another.

    `bound_to` says whose loop that is: then the holder, if there is one, is known to be the one.
    Else it may be any of them.
    """
    why = "what is bound to a loop works on that loop only"
    what = "something that is bound to another loop"
    if bound_to and holders:
        [holder] = holders
        what = f"{holder.thing}, which is {'bound to ' if holder.steps else ''}another loop"
    elif bound_to:
        why += f";\nthis is bound to {bound_to}, and what holds it was not found"
    else:
        why += ";\nthe error does not tell what it is about: this is what was found"
    return Finding(
        "LS104",
        f"{user} uses {what}",
        (
            *((holder.origin, holder.name, str(holder)) for holder in holders),
            (used_at, user, f"uses it on {place_of(runs_on)}" if runs_on else "uses it"),
        ),
        why,
        fix,
    )


def make_in_a_fixture(name: str) -> str:
    """Say what helps a global that is bound to the loop of whoever used it first (LS104)."""
    return f"make {name} in an async fixture, so that it lives on the loop of its users"


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
