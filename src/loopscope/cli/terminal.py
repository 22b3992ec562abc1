"""What the commands print in: a console, and tables without lines."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from rich.console import Console
from rich.padding import Padding
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Literal

_WIDE = 1000


def console(*, err: bool = False) -> Console:
    """Return a console on standard output, or on standard error, with styles on a terminal only.

    What is not a terminal has no width: a line there is a line, for `grep` and the like.
    """
    # Rich takes only the colours away at NO_COLOR, and leaves what is bold.
    plain = bool(os.environ.get("NO_COLOR"))
    made = Console(
        markup=False,
        highlight=False,
        emoji=False,
        color_system=None if plain else "auto",
        stderr=err,
    )
    if not made.is_terminal:
        made.width = _WIDE
    return made


def section(
    out: Console,
    title: str,
    rows: Sequence[Sequence[str]],
    heads: str = "",
    limit: int | None = None,
) -> None:
    """Print `rows` under `title`, if there are any; no more than `limit` of them.

    `heads` has the heads of the columns, separated by spaces; one that begins with ">" stands at
    the right, and so does what is below it.
    """
    if not rows:
        return
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=bool(heads), header_style="dim")
    for head in heads.split() or [""] * len(rows[0]):
        side: Literal["left", "right"] = "right" if head.startswith(">") else "left"
        table.add_column(head.lstrip(">"), justify=side, overflow="fold")
    for row in rows[:limit]:
        table.add_row(*row)
    with out.capture() as captured:
        out.print(Padding(table, (0, 0, 0, 2), expand=False))
    out.print()
    out.print(title, style="bold")
    # A table fills its last column with spaces.
    out.file.write("".join(f"{line.rstrip()}\n" for line in captured.get().splitlines()))
    out.file.flush()
    if limit is not None and len(rows) > limit:
        out.print(f"  and {len(rows) - limit} more")


def seconds(value: float | None) -> str:
    """Return a time in seconds, or milliseconds if it is short."""
    if value is None:
        return ""
    return f"{value:.2f} s" if value >= 0.99995 else f"{value * 1000:.1f} ms"


def count(number: int, noun: str) -> str:
    """Return the number and the noun, which gets an s where it is not one."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
