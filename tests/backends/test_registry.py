"""Backends are found by name, and say what they need."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING

import pytest

from loopscope.backends import registry
from loopscope.errors import BackendMissing, UnknownName

if TYPE_CHECKING:
    from tests.backends.words import Words


def test_the_names_of_all_backends_are_known() -> None:
    assert registry.names() == ("asyncio", "uvloop", "trio")


@pytest.mark.parametrize("name", ["curio", "", None, 3])
def test_an_unknown_name_lists_the_valid_ones(name: object) -> None:
    with pytest.raises(UnknownName, match=r"Valid: asyncio, uvloop, trio\."):
        registry.get(name)


def test_a_backend_that_is_installed_has_what_it_requires(words: Words) -> None:
    registry.get(words.backend).require()


def test_a_backend_that_is_missing_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(BackendMissing, match=r"pip install pytest-loopscope\[uvloop\]"):
        registry.get("uvloop").require()


def test_a_host_knows_its_backend_its_name_and_its_library(words: Words) -> None:
    host = words.open("module test_a.py")
    assert (host.backend, host.name) == (words.backend, "module test_a.py")
    assert host.library == ("trio" if words.backend == "trio" else "asyncio")
    assert (host.native is None) == (words.backend == "trio")
    host.close()
