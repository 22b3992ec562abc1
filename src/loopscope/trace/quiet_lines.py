"""The lines for a quiet test, those for its events, at a fraction of their cost.

What the events have in common is encoded once, and the lines are written in one go.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from loopscope.trace.encode import quoted

if TYPE_CHECKING:
    from loopscope.trace.quiet import QuietTest

Turns: TypeAlias = tuple[str, int, int, int, int]
"""Where the loop of a test is drawn, and from when to when it is drawn there and was open."""


def lines_of(
    quiet: QuietTest, tests: str, lane: str, began: int, ended: int, turns: Turns | None
) -> str:
    """Return the lines for `quiet`, each but the last with a comma.

    Args:
        quiet: the test.
        tests: where its beginning is drawn.
        lane: where the test is drawn.
        began: when it began, in microseconds.
        ended: when it was over.
        turns: the same of its own loop, if it has one.
    """
    test, name, origin = quoted(quiet.test), quoted(quiet.name), quoted(quiet.origin)
    loop = "null" if quiet.planned is None else quoted(quiet.planned)
    backend = "null" if quiet.backend is None else quoted(quiet.backend)
    vocabulary = "null" if quiet.vocabulary is None else quoted(quiet.vocabulary)
    # To turn a number into text takes longer than all the rest of its line.
    since, until = f"{began}", f"{ended}"
    of_loop = ""
    if turns is not None:
        loops, drawn_since, opened, drawn_until, closed = turns
        of_loop = (
            f'{{"ph":"B","name":{loop},{loops},"ts":{drawn_since},"args":{{"event":"LoopOpened",'
            f'"time":{opened}e-6,"loop":{loop},"backend":{backend},"scope":"function",'
            f'"node":{test}}}}},\n'
            f'{{"ph":"E","name":{loop},{loops},"ts":{drawn_until},"args":{{"event":"LoopClosed",'
            f'"time":{closed}e-6,"loop":{loop}}}}},\n'
        )
    return (
        f'{{"ph":"i","name":"TestBegan",{tests},"ts":{since},"args":{{"event":"TestBegan",'
        f'"time":{since}e-6,"test":{test},"name":{name},"origin":{origin},'
        f'"module":{quoted(quiet.module)},"backend":{backend},"planned":{loop},'
        f'"vocabulary":{vocabulary}}}}},\n{of_loop}'
        f'{{"ph":"X","name":{test},{lane},"ts":{since},"dur":{ended - began},"args":{{'
        f'"event":"TestEnded","time":{until}e-6,"began":{since}e-6,"test":{test},"loop":{loop},'
        f'"phases":[{{"name":"setup","ended":{int(quiet.setup * 1e6 + 0.5)}e-6,'
        f'"outcome":"passed","error":null}},{{"name":"call","ended":'
        f'{int(quiet.call * 1e6 + 0.5)}e-6,"outcome":"passed","error":null}},'
        f'{{"name":"teardown","ended":{until}e-6,"outcome":"passed","error":null}}]}}}}'
    )
