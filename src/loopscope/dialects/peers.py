"""Which tests belong to another plugin that is installed and runs them itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

# What claims a test, and the name under which the plugin that then runs it is registered.
OWNERS_BY_MARK = {"asyncio": "asyncio", "anyio": "anyio", "trio": "trio"}
OWNERS_BY_FIXTURE = {"anyio_backend": "anyio"}


def owner(
    marks: Collection[str], fixtures: Collection[str], is_installed: Callable[[str], bool]
) -> str | None:
    """Return the plugin that a test with these marks and fixtures belongs to, or None."""
    for mark, plugin in OWNERS_BY_MARK.items():
        if mark in marks and is_installed(plugin):
            return plugin
    for fixture, plugin in OWNERS_BY_FIXTURE.items():
        if fixture in fixtures and is_installed(plugin):
            return plugin
    return None
