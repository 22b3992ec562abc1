"""What an error about a loop is about is what its frames lead to, and nothing is guessed."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopscope.diagnose.culprits import FAR, Culprits, culprits, is_closed
from loopscope.diagnose.reach import path_to

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Roots = list[tuple[str, object]]

DIFFERENT = "got Future attached to a different loop"
CLOSED = "Event loop is closed"


class Client:
    """Holds a loop, and fails."""

    def __init__(self, loop: object) -> None:
        self.loop = loop

    def fail(self, words: str) -> None:
        """Raise an error as asyncio would."""
        raise RuntimeError(words)


@pytest.fixture
def loops() -> Iterator[list[asyncio.AbstractEventLoop]]:
    """Three loops; the test runs on the first."""
    made = [asyncio.new_event_loop() for _ in range(3)]
    yield made
    for loop in made:
        loop.close()


def failed(holder: Client, words: str = DIFFERENT) -> RuntimeError:
    """Return the error of a client that has been used."""
    with pytest.raises(RuntimeError) as caught:
        _use(holder, words)
    error = caught.value
    # The frames of the tests, too, have at hand what they look for.
    assert error.__traceback__ is not None
    assert error.__traceback__.tb_next is not None
    return error.with_traceback(error.__traceback__.tb_next.tb_next)


def _use(holder: Client, words: str) -> None:
    holder.fail(words)


def told(found: Culprits[str]) -> list[str]:
    return [f"{one.root}{one.steps}" for one in found.holders]


def test_the_root_that_holds_what_was_used_is_told(loops: list[Any]) -> None:
    here, other, _ = loops
    client = Client(other)
    roots: Roots = [("bystander", Client(other)), ("pool", [client])]
    found = culprits(failed(client), [roots], here)
    assert (found.loop, told(found)) == (other, ["pool[0].loop"])


def test_a_root_that_holds_the_loop_and_not_what_was_used_is_not_told(loops: list[Any]) -> None:
    here, other, _ = loops
    found = culprits(failed(Client(other)), [[("bystander", Client(other))]], here)
    assert (found.loop, found.holders) == (other, ())


def test_the_first_tier_that_holds_it_is_told(loops: list[Any]) -> None:
    here, other, _ = loops
    client = Client(other)
    tiers: list[Roots] = [[("deep", [[client]])], [("near", client)]]
    assert told(culprits(failed(client), tiers, here)) == ["deep[0][0].loop"]
    assert told(culprits(failed(client), tiers[1:], here)) == ["near.loop"]


def test_what_is_inside_of_what_was_used_counts_too(loops: list[Any]) -> None:
    here, other, _ = loops
    pool = Client(other)
    wrapper = Client(pool)
    found = culprits(failed(wrapper), [[("pool", pool)]], here)
    assert told(found) == ["pool.loop"]


def test_without_frames_that_lead_anywhere_all_that_was_found_is_told(loops: list[Any]) -> None:
    here, other, third = loops
    roots: Roots = [("one", [other]), ("same", [[other]]), ("two", [third]), ("mine", [here])]
    found = culprits(RuntimeError(DIFFERENT), [roots], here)
    assert (found.loop, told(found)) == (None, ["one[0]", "two[0]"])


def test_where_there_is_nothing_nothing_is_told(loops: list[Any]) -> None:
    here, *_ = loops
    assert culprits(RuntimeError(DIFFERENT), [[("mine", [here])]], here) == Culprits(None, ())


def test_of_a_closed_loop_no_open_one_is_told(loops: list[Any]) -> None:
    here, open_one, closed = loops
    closed.close()
    roots: Roots = [("open", [open_one]), ("closed", [closed])]
    assert told(culprits(RuntimeError(CLOSED), [roots], here)) == ["closed[0]"]
    assert told(culprits(failed(Client(open_one), CLOSED), [roots], here)) == ["closed[0]"]


def test_a_loop_that_was_closed_under_its_code_is_nobody_elses(loops: list[Any]) -> None:
    here, other, _ = loops
    other.close()
    here.close()
    with pytest.raises(RuntimeError) as caught:
        here.call_soon(print)
    assert culprits(caught.value, [[("other", [other])]], here) == Culprits(None, ())


def test_a_loop_that_does_not_say_whether_it_is_closed_is_taken_to_be_open() -> None:
    assert not is_closed(object())


def test_however_much_there_is_only_so_much_is_looked_at(
    loops: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some 100,000 objects a second are looked at, on a slow machine."""
    looked = 0

    def counting(roots: Any, is_target: Callable[[object], bool], limit: int) -> object:
        def counted(one: object) -> bool:
            nonlocal looked
            looked += 1
            return is_target(one)

        return path_to(roots, counted, limit)

    monkeypatch.setattr("loopscope.diagnose.culprits.path_to", counting)
    here, other, _ = loops
    crowd: Roots = [(str(number), [[Client(number)]]) for number in range(4_000)]
    deep = failed(Client(other))
    for error in (deep, RuntimeError(DIFFERENT)):
        looked = 0
        assert culprits(error, [crowd, crowd, crowd], here).holders == ()
        assert FAR < looked < 20_000


@given(st.lists(st.integers(0, 2), max_size=4), st.integers(1, 2))
def test_what_is_told_holds_what_was_used(layout: list[int], used: int) -> None:
    made = [asyncio.new_event_loop() for _ in range(3)]
    try:
        clients = [Client(loop) for loop in made]
        roots: Roots = [(f"clients{index}", [clients[which]]) for index, which in enumerate(layout)]
        found = culprits(failed(clients[used]), [roots], made[0])
        assert found.loop is made[used]
        expected = [f"clients{layout.index(used)}[0].loop"] if used in layout else []
        assert told(found) == expected
    finally:
        for loop in made:
            loop.close()
