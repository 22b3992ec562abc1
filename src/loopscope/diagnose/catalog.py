"""Every text that tells a user of a mistake, by code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from loopscope.core.graph import Kind
from loopscope.core.rules import BackendMismatch, LoopMismatch, OutlivesLoop, Violation
from loopscope.dialects import spelling

if TYPE_CHECKING:
    from loopscope.core.graph import Vertex
    from loopscope.core.origin import Origin
    from loopscope.core.plan import Loop, Misfit
    from loopscope.errors import GaveUp


@dataclass(frozen=True, slots=True)
class Finding:
    """A mistake, ready to be shown: its code, one line that says what, and the lines below."""

    code: str
    title: str
    where: tuple[tuple[Origin, str, str], ...] = ()
    why: str = ""
    fix: str = ""
    concerns: str | None = None
    """The id of the vertex that it is about."""
    refuses: bool = True
    """Whether what it concerns must not be run: its own plugin would not run it either."""

    def __str__(self) -> str:
        places = [str(origin) for origin, _, _ in self.where]
        names = [name for _, name, _ in self.where]
        lines = [f"{self.code} {self.title}"]
        for place, (_, name, text) in zip(places, self.where, strict=True):
            row = f"{place:<{max(map(len, places))}}  {name:<{max(map(len, names))}}  {text}"
            lines.append(f"  {row.rstrip()}")
        for label, text in (("why", self.why), ("fix", self.fix)):
            if text:
                first, *rest = text.splitlines()
                lines.append(f"  {label}   {first}")
                lines.extend(f"        {line}" for line in rest)
        return "\n".join(lines)


def place_of(loop: Loop) -> str:
    """Name a loop as a reader would: "the session loop", "the loop of module tests/test_a.py"."""
    anchor = loop.anchor
    if not anchor.node:
        return f"the {anchor.scope.word} loop"
    if anchor.scope.word == "function":
        return "a loop of its own"
    return f"the loop of {anchor}"


def finding_for(violation: Violation, fix: str = "") -> Finding:
    """Say what `violation` means to the author of the suite; `diagnose.fixes` finds a `fix`."""
    match violation:
        case LoopMismatch():
            return loop_mismatch(violation, fix)
        case OutlivesLoop():
            return outlives_loop(violation, fix)
        case BackendMismatch():
            return backend_mismatch(violation, fix)


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


def backend_mismatch(found: BackendMismatch, fix: str = "") -> Finding:
    """LS201: two that use one another run on different backends."""
    user, used = found.user, found.used
    return Finding(
        "LS201",
        f"backend mismatch: {user.name} ({user.backend}) uses {used.name} ({used.backend})",
        (
            (used.origin, used.name, f"runs on {used.backend}"),
            (user.origin, user.name, f"runs on {user.backend}"),
        ),
        f"nothing that {used.backend} made can be awaited on {user.backend}",
        fix,
        user.id,
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


def bad_declaration(vertex_id: str, name: str, origin: Origin, problem: str) -> Finding:
    """LS401: a mark or decorator that says something loopscope does not understand."""
    return Finding(
        "LS401",
        f"{name} is declared in a way that loopscope does not understand",
        ((origin, name, problem),),
        concerns=vertex_id,
    )


def async_generator_test(vertex_id: str, name: str, origin: Origin) -> Finding:
    """LS402: an `async def` test that yields."""
    return Finding(
        "LS402",
        f"{name} is an async generator, and a test cannot yield",
        ((origin, name, "contains a yield"),),
        "nothing would iterate it, so its body would never run",
        "replace the yield, or make it a fixture",
        vertex_id,
    )


def yield_count(name: str, origin: Origin, problem: str) -> Finding:
    """LS403: an async generator fixture that does not yield exactly once."""
    return Finding(
        "LS403",
        f"async generator fixture {name} {problem}",
        ((origin, name, problem),),
        "what stands before the yield is its setup, what stands after it its teardown",
        "yield exactly once",
    )


def asked_while_running(fixture: str, origin: Origin, test: str) -> Finding:
    """LS404: an async fixture was asked for by a synchronous call inside running async code."""
    return Finding(
        "LS404",
        f"{test} asks for the async fixture {fixture} while the loop is running",
        ((origin, fixture, "would have to be awaited here"),),
        "getfixturevalue cannot wait: the loop that would set the fixture up is the one "
        "that runs this code",
        f'await loopscope.getfixture("{fixture}"), with the fixture loopscope in the signature',
    )


def run_while_running(test: str) -> Finding:
    """LS405: `loopscope.run` was called inside running async code."""
    return Finding(
        "LS405",
        f"{test} calls loopscope.run while the loop is running",
        why="the loop that would run it is the one that runs this code",
        fix="await the function instead",
    )


def crashed(owner: Vertex, test: str) -> str:
    """Say, as a note on the error, whose background task raised it (LS301)."""
    return (
        f"LS301 raised in the background of fixture {owner.name} ({owner.origin}) "
        f"while {test} ran, which was cancelled because of it"
    )


def needs_crashed(owner: Vertex, error: BaseException | None) -> Finding:
    """LS302: a fixture that is needed has crashed earlier on."""
    return Finding(
        "LS302",
        f"fixture {owner.name} has crashed earlier on",
        ((owner.origin, owner.name, repr(error) if error else "cancelled its own scope"),),
        "it is torn down, and is not set up again in its scope",
        f"see the first test that failed with LS301 for {owner.name}",
    )


def cancelled_silently(owner: Vertex | None, test: str) -> Finding:
    """LS303: the scope of a test was cancelled, and nobody raised an error."""
    if owner is None:
        return Finding(
            "LS303",
            f"{test} was cancelled, and no fixture's scope asked for it",
            why="somebody cancelled the task that its fixtures live in",
        )
    return Finding(
        "LS303",
        f"fixture {owner.name} cancelled {test} and raised no error",
        ((owner.origin, owner.name, "cancelled the scope that it holds open"),),
        "a scope that is cancelled across its yield cancels what runs below it",
    )


def disorderly(loop: Loop, error: Exception) -> str:
    """LS304: a loop could not be shut down in order."""
    return (
        f"LS304 {place_of(loop)} was not shut down in order: {error!r}. An exception occurred "
        "during teardown of an asyncio.Runner, as pytest-asyncio words it; what was left on the "
        "loop is lost. Do not close a loop that you have not made."
    )


def terminated() -> str:
    """LS331: the run ends because of a SIGTERM."""
    return (
        "LS331 SIGTERM: the run ends, and what is set up is torn down. "
        "A second SIGTERM ends the process at once."
    )


def given_up(loop: Loop, error: GaveUp) -> str:
    """LS332: something on a loop did not end in time when the run was interrupted."""
    return (
        f"LS332 {place_of(loop)} was closed although something on it did not end when the run "
        f"was interrupted: {error}"
    )


def threads_left(names: tuple[str, ...]) -> str:
    """LS333: threads were still running when an interrupted run was over."""
    return (
        f"LS333 still running after the interrupt, and given a moment to end before the process "
        f"ends without them: {', '.join(f'thread {name}' for name in names)}"
    )


def failed_late(owner: Vertex, error: BaseException) -> str:
    """LS334: a fixture that pytest had dropped failed when it was torn down nevertheless."""
    return (
        f"LS334 fixture {owner.name} ({owner.origin}) was torn down after the run had ended early, "
        f"and raised {error!r}"
    )
