"""What an error about a loop is about: the object that is bound to another one, and who holds it.

Nothing is guessed. The frames that the error came through, libraries' among them, have at hand what
was used: the innermost one from which a way leads to another loop tells the object, and a root that
holds this object, or something on that way, is who to tell of. Where no frame leads anywhere, the
roots may still hold something that is bound to another loop. That may be what the error is about,
and it is told as no more than that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from loopscope.diagnose.reach import Path, is_loop, path_to

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import FrameType

Label = TypeVar("Label")

NEAR = 250
"""How many objects are looked at from one frame, of the innermost so many:"""
FRAMES = 20
FAR = 5_000
"""How many objects are looked at from the roots of one tier."""
MOST = 3
"""How many holders are named at most where it may be any of several."""

_MACHINERY = ("loopscope", "_pytest", "pluggy")


@dataclass(frozen=True, slots=True)
class Holder(Generic[Label]):
    """Something that is bound to `loop`: the root that holds it, and the way to the loop."""

    root: Label
    steps: str
    loop: object


@dataclass(frozen=True, slots=True)
class Culprits(Generic[Label]):
    """What is known: the loop, if the error leads to it, and who holds something of it.

    Without the loop, any of the holders may be the one, or none.
    """

    loop: object | None
    holders: tuple[Holder[Label], ...]


def culprits(
    error: BaseException,
    tiers: Sequence[Sequence[tuple[Label, object]]],
    here: object | None,
) -> Culprits[Label]:
    """Return what `error`, which says that something is bound to another loop, is about.

    Args:
        error: the error of asyncio itself, and none that came of it.
        tiers: the roots to start from; those of one tier are asked only if nothing was found with
            those of the tiers before.
        here: the loop that the code ran on, if there is one.
    """
    closed = "closed" in str(error)

    def is_foreign(one: object) -> bool:
        return is_loop(one) and one is not here and (not closed or is_closed(one))

    if _has_closed(error, here):
        return Culprits(None, ())
    used = _at_hand(error, is_foreign)
    if used is None:
        for roots in tiers:
            holders = tuple(_all_that_hold(roots, is_foreign))
            if holders:
                return Culprits(None, holders)
        return Culprits(None, ())
    on_the_way = {id(one) for one in used.way[:-1] or used.way}
    for roots in tiers:
        found = path_to(roots, lambda one: id(one) in on_the_way, FAR)
        if found is not None:
            on = path_to([("", found.found)], lambda one: one is used.found)
            steps = found.steps + (on.steps if on is not None else "")
            return Culprits(used.found, (Holder(found.root, steps, used.found),))
    return Culprits(used.found, ())


def is_closed(loop: object) -> bool:
    """Say whether a loop is closed, as far as it says so."""
    try:
        return bool(loop.is_closed())  # type: ignore[attr-defined]
    except Exception:
        return False


def frames_of(error: BaseException) -> Iterator[tuple[FrameType, int]]:
    """Yield the frames that an error came through, outermost first, and the line in each."""
    traceback = error.__traceback__
    while traceback is not None:
        yield traceback.tb_frame, traceback.tb_lineno
        traceback = traceback.tb_next


def _has_closed(error: BaseException, here: object | None) -> bool:
    """Say whether it is the loop `here` that is closed: somebody has closed it under the code."""
    return here is not None and any(
        frame.f_code.co_name == "_check_closed" and frame.f_locals.get("self") is here
        for frame, _ in frames_of(error)
    )


def _at_hand(error: BaseException, is_foreign: Callable[[object], bool]) -> Path[str] | None:
    """Return the way to another loop from the innermost frame that there is one from."""
    for frame, _ in list(frames_of(error))[: -FRAMES - 1 : -1]:
        if str(frame.f_globals.get("__name__")).partition(".")[0] in _MACHINERY:
            continue
        variables = _variables(frame)
        # What is bound to a loop says more than the loop, which may be at hand as well.
        for roots in ([one for one in variables if not is_loop(one[1])], variables):
            found = path_to(roots, is_foreign, NEAR)
            if found is not None:
                return found
    return None


def _variables(frame: FrameType) -> list[tuple[str, object]]:
    """Return the variables of a frame, and the globals that its code names."""
    named = ((name, frame.f_globals.get(name)) for name in frame.f_code.co_names)
    return [*frame.f_locals.items(), *named]


def _all_that_hold(
    roots: Sequence[tuple[Label, object]], is_foreign: Callable[[object], bool]
) -> Iterator[Holder[Label]]:
    """Yield the nearest holder of each other loop."""
    told: list[object] = []

    def is_new(one: object) -> bool:
        return is_foreign(one) and not any(one is loop for loop in told)

    while len(told) < MOST and (found := path_to(roots, is_new, FAR)) is not None:
        told.append(found.found)
        yield Holder(found.root, found.steps, found.found)
