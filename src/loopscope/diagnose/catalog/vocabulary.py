"""LS4xx: what is declared, written or called in a way that cannot work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loopscope.diagnose.catalog.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Sequence

    from loopscope.core.origin import Origin


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
        "getfixturevalue cannot wait: the loop that would set the fixture up\n"
        "is the one that runs this code",
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


def async_hook(name: str, origin: Origin) -> Finding:
    """LS406: an implementation of a hook of pytest's that is `async def`."""
    return Finding(
        "LS406",
        f"the hook {name} is async, and pytest awaits no hook",
        ((origin, name, "async def"),),
        "pytest would call it and drop the coroutine: nothing of it would ever run",
        "make it a def; what has to be awaited goes into an async fixture with autouse=True",
    )


def finalizer_without_loop(name: str, origin: Origin, of: str, of_origin: Origin) -> Finding:
    """LS407: `request.addfinalizer` was given what has to be awaited, and there is no loop."""
    return Finding(
        "LS407",
        f"{name}, a finalizer of {of}, has to be awaited and has no loop to run on",
        ((origin, name, "is asynchronous"), (of_origin, of, "is torn down while no loop is open")),
        "no loop that it could share with the tests lives as long",
        f"make {of} async def and await it there, behind the yield; its loop is then planned",
    )


def unowned_xunit(name: str, origin: Origin, test: str, test_origin: Origin) -> Finding:
    """LS408: an asynchronous function of xunit, around a test that nobody claims."""
    return Finding(
        "LS408",
        f"{name} is async, and nobody awaits it for {test}",
        ((origin, name, "async def"), (test_origin, test, "belongs to no vocabulary")),
        "in strict mode we run what bears a mark, and no mode of another plugin claims it",
        f"a mark on what {name} belongs to, such as @pytest.mark.loopscope, or "
        "loopscope_mode = auto",
    )


def coroutine_given(test: str, function: str) -> Finding:
    """LS410: `loopscope.run` was given what calling an async function returns."""
    return Finding(
        "LS410",
        f"{test} gives loopscope.run a coroutine, and not a function",
        why="it calls what it is given, on the loop of the test",
        fix=f"loopscope.run({function}, ...), and not loopscope.run({function}(...))",
    )


def no_examples(vertex_id: str | None, name: str, origin: Origin) -> Finding:
    """LS409: fresh fixtures for each example, of a test that has none."""
    return Finding(
        "LS409",
        f"fresh_fixtures=True on {name}, which is no test by @given",
        ((origin, name, "runs once, with fixtures that are fresh already"),),
        "it sets function-scoped fixtures up again for each example that Hypothesis makes",
        "drop fresh_fixtures, or add @given",
        vertex_id,
    )


def could_be_fresh(names: Sequence[str]) -> str:
    """Say, as a note on Hypothesis's health check, what would satisfy it (LS409)."""
    return (
        f"LS409 @pytest.mark.loopscope(fresh_fixtures=True) sets {', '.join(names)} up afresh "
        "for each example, on the same loop"
    )


def stays_for_all_examples(names: Sequence[str]) -> str:
    """Say, as a note on Hypothesis's health check, what fresh_fixtures does not concern (LS409)."""
    return (
        "LS409 fresh_fixtures=True sets up afresh what is asynchronous and what depends on it: "
        f"not {', '.join(names)}"
    )


def failed_in_teardown(error: BaseException) -> str:
    """Say, as a note on what ended an example, what its teardown raised on top (LS409)."""
    return f"LS409 and the teardown of the fixtures of this example raised {error!r}"
