"""The public surface is a decision, not an accident."""

from __future__ import annotations

from importlib.metadata import entry_points, version

import pytest

import loopscope

PUBLIC = ["Loopscope", "__version__", "fixture"]


def test_exports_exactly_these_names() -> None:
    assert sorted(loopscope.__all__) == sorted(PUBLIC)


@pytest.mark.parametrize("name", PUBLIC)
def test_an_exported_name_exists(name: str) -> None:
    assert getattr(loopscope, name) is not None


@pytest.mark.parametrize("name", [name for name in PUBLIC if not name.startswith("_")])
def test_an_exported_name_says_what_it_is(name: str) -> None:
    assert getattr(loopscope, name).__doc__


def test_the_version_is_the_distributions() -> None:
    assert loopscope.__version__ == version("pytest-loopscope")


def test_pytest_finds_the_plugin_by_the_name_that_switches_it_off() -> None:
    found = {entry.value for entry in entry_points(group="pytest11", name="loopscope")}
    assert found == {"loopscope.plugin.entry"}
