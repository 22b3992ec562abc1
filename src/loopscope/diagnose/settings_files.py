"""Where pytest looks for its settings."""

from __future__ import annotations

SETTINGS_FILES = (
    "pytest.toml",
    ".pytest.toml",
    "pytest.ini",
    ".pytest.ini",
    "pyproject.toml",
    "tox.ini",
    "setup.cfg",
)
"""The files in which pytest looks for its settings, in its order."""
