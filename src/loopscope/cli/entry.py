"""Where the command begins, whether or not what it needs is installed."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_NEEDED = frozenset({"click", "libcst", "rich", "tomlkit"})
_MISSING = """\
The command loopscope needs {library}, which is not installed:
    pip install 'pytest-loopscope[cli]'
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code; without `arguments`, with those of the process."""
    try:
        from loopscope.cli.commands import loopscope
    except ModuleNotFoundError as exc:
        library = (exc.name or "").partition(".")[0]
        if library not in _NEEDED:
            raise
        sys.stderr.write(_MISSING.format(library=library))
        return 2
    loopscope.main(args=arguments, prog_name="loopscope")
    return 0
