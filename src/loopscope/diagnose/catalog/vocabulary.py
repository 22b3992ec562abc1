"""LS4xx: what is declared, written or called in a way that cannot work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loopscope.diagnose.catalog.finding import Finding

if TYPE_CHECKING:
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
