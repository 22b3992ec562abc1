"""What the ini file says is not to be told: codes, families of codes, and where.

    loopscope_ignore =
        LS304
        LS305 tests/legacy/* tests/test_old.py
        LS31  tests/test_new.py::TestStream

A line without places holds everywhere. A place is a path relative to the root directory, a glob or
a directory, or the node id of a test or of what it is in. What comes of a mistake is not changed by
this: only what loopscope says of it, and refuses because of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import pytest

    from loopscope.plugin.ignored import Rule

OPTION = "loopscope_ignore"


class Silence(NamedTuple):
    """All that is not to be told."""

    rules: tuple[Rule, ...] = ()

    @classmethod
    def of(cls, config: pytest.Config) -> Silence:
        """Read the ini file.

        Raises:
            pytest.UsageError: a line that names no code that can be ignored.
        """
        lines = config.getini(OPTION)
        if not lines:
            return cls()
        from loopscope.plugin import ignored

        return cls(ignored.read(config, lines))

    def covers(self, code: str, at: pytest.Item | str = "") -> bool:
        """Say whether nothing is to be told of `code` at a test, a node id or a path.

        Nothing but the lines without places holds of what is nowhere in particular.
        """
        node = at if isinstance(at, str) else at.nodeid
        return any(rule.covers(code, node) for rule in self.rules)
