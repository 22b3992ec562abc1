"""The ladder, drawn with rich."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.text import Text
from rich.tree import Tree

from loopscope.report.ladder import NO_LOOPS, Rung, counted, each_its_own

if TYPE_CHECKING:
    from collections.abc import Iterator

    from loopscope.report.ladder import Ladder

UNLIMITED = 100_000
"""Columns where lines may be as long as they like: nothing is wrapped."""


def draw(
    ladder: Ladder, *, width: int | None = None, color: bool = False, encoding: str = "utf-8"
) -> list[str]:
    """Return the lines of `ladder`, wrapped at `width` columns if there is a limit."""
    if not ladder.loops:
        return [NO_LOOPS]
    tree = Tree("", guide_style="dim", hide_root=True)
    _add(tree, ladder)
    file = _Memory()
    file.encoding = encoding
    # All of it is decided by whoever asks; nothing of it by the environment.
    console = Console(
        file=file,
        width=width or UNLIMITED,
        height=UNLIMITED,
        force_terminal=color,
        force_jupyter=False,
        color_system="standard" if color else None,
        no_color=not color,
        legacy_windows=False,
        soft_wrap=False,
    )
    console.print(Text(ladder.heading, style="bold"))
    console.print(tree)
    return [line.rstrip() for line in file.getvalue().splitlines()]


class _Memory(io.StringIO):
    """Keeps what is drawn for a terminal of some encoding, which decides what lines look like."""

    encoding = ""


def _add(tree: Tree, rung: Rung | Ladder) -> None:
    for resident in _residents(rung) if isinstance(rung, Rung) else ():
        tree.add(resident)
    for one in rung.below:
        _add(tree.add(Text.assemble((one.name, "bold"), f": {one.reason}")), one)
    for line in each_its_own(rung):
        tree.add(Text(line))


def _residents(rung: Rung) -> Iterator[Text]:
    names = max((cell_len(one.name) for one in rung.fixtures), default=0)
    scopes = max((len(one.scope) for one in rung.fixtures), default=0)
    for one in rung.fixtures:
        name = set_cell_size(one.name, names)
        scope = f"  {one.scope:<{scopes}}  "
        yield Text.assemble((name, "green"), (scope, "cyan"), one.where)
    if rung.tests:
        yield Text(counted(rung.tests, "test"))
