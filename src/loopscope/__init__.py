"""One engine for async tests: a scope never outlives its loop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from loopscope.plugin.fixtures import Loopscope, fixture

__version__ = "0.1.0"
__all__ = ["Loopscope", "__version__", "fixture"]


def __getattr__(name: str) -> Any:
    # Looked up late, so that the layers below can be imported without pytest.
    if name in ("Loopscope", "fixture"):
        from loopscope.plugin import fixtures

        return getattr(fixtures, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
