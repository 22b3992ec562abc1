"""What is not there or not valid is told in a line, and no more fails than has to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.vocabularies.hiding import hide
from tests.vocabularies.suites import HERE

if TYPE_CHECKING:
    from tests.vocabularies.suites import Suite


@pytest.mark.parametrize(
    ("option", "says"),
    [
        (
            "-oasyncio_mode=sometimes",
            "'sometimes' is not a valid asyncio_mode. Valid modes: auto, strict.",
        ),
        (
            "-oasyncio_default_fixture_loop_scope=loop",
            "'loop' is not a valid asyncio_default_fixture_loop_scope. Valid scopes are: "
            "function, class, module, package, session.",
        ),
    ],
    ids=["mode", "scope"],
)
@pytest.mark.parametrize("names", [(), ("pytest-asyncio",)], ids=["installed", "not installed"])
def test_a_value_that_is_not_valid_is_a_usage_error(
    suite: Suite, monkeypatch: pytest.MonkeyPatch, names: tuple[str, ...], option: str, says: str
) -> None:
    hide(names, suite.root / "hidden", monkeypatch)
    suite.write({"test_it.py": "async def test_it(): ..."})
    ran = suite.ran(option, apart=True)
    assert ran.code == pytest.ExitCode.USAGE_ERROR
    assert f"ERROR: {says}" in ran.lines, ran.out


NO_TRIO = f"""
{HERE}

@pytest.mark.asyncio
async def test_asyncio():
    assert library() == "asyncio"

@pytest.mark.anyio
async def test_anyio():
    assert library() == "asyncio"

@pytest.mark.trio
async def test_trio(): ...

@pytest.mark.trio
async def test_trio_with_a_clock(autojump_clock): ...

async def test_unmarked(): ...
"""


def test_without_trio_only_the_tests_that_need_it_fail_and_say_so(
    suite: Suite, monkeypatch: pytest.MonkeyPatch
) -> None:
    hide(["pytest-trio", "anyio's plugin", "trio"], suite.root / "hidden", monkeypatch)
    suite.write({"test_it.py": NO_TRIO})
    ran = suite.ran(apart=True)
    need_it = {"test_trio", "test_trio_with_a_clock"}
    assert {name for name, outcome in ran.outcomes.items() if outcome == "passed"} == {
        "test_asyncio",
        "test_anyio[asyncio]",
        "test_unmarked",
    }, ran.out
    for name in need_it:
        assert ran.outcomes[name] in ("failed", "error"), ran.out
        assert "needs trio, which is not installed" in ran.texts[name], ran.out
    assert "INTERNALERROR" not in ran.out
