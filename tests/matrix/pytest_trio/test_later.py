"""What is said of the tests in the other file, and without a mark."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest


def test_a_fixture_is_torn_down_after_its_test() -> None:
    assert sys.modules["test_common"].told == ["up", "test", "down"]


def test_the_plugin_is_found_by_its_name(pytestconfig: pytest.Config) -> None:
    assert pytestconfig.pluginmanager.hasplugin("trio")
