"""A test has one owner."""

from __future__ import annotations

import pytest

from loopscope.dialects.peers import owner

ALL = frozenset({"asyncio", "anyio", "trio"})


@pytest.mark.parametrize(
    ("marks", "fixtures", "installed", "owned_by"),
    [
        pytest.param([], [], ALL, None, id="nothing-claims-it"),
        pytest.param(["loopscope", "slow"], ["db"], ALL, None, id="nobody-knows-the-words"),
        pytest.param(["asyncio"], [], ALL, "asyncio", id="mark-asyncio"),
        pytest.param(["anyio"], [], ALL, "anyio", id="mark-anyio"),
        pytest.param(["trio"], [], ALL, "trio", id="mark-trio"),
        pytest.param([], ["anyio_backend"], ALL, "anyio", id="fixture-anyio_backend"),
        pytest.param(["asyncio"], ["anyio_backend"], ALL, "asyncio", id="mark-before-fixture"),
        pytest.param(["trio", "asyncio"], [], ALL, "asyncio", id="in-the-order-of-the-table"),
        pytest.param(["asyncio"], [], frozenset(), None, id="mark-of-one-not-installed"),
        pytest.param([], ["anyio_backend"], frozenset(), None, id="fixture-of-one-not-installed"),
        pytest.param(["asyncio", "trio"], [], {"trio"}, "trio", id="the-one-that-is-installed"),
    ],
)
def test_the_owner_is_the_first_installed_plugin_that_claims_it(
    marks: list[str], fixtures: list[str], installed: frozenset[str], owned_by: str | None
) -> None:
    assert owner(marks, fixtures, installed.__contains__) == owned_by
