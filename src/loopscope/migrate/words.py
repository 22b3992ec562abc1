"""The words of each vocabulary that a migration knows: whose a test is, and on what loop."""

from __future__ import annotations

from dataclasses import dataclass

from loopscope.errors import UnknownName


@dataclass(frozen=True, slots=True)
class Words:
    """How one vocabulary says it.

    `fixture` is the decorator of its asynchronous fixtures, where `pytest.fixture` is not enough;
    `on_test` and `on_fixture` are the arguments that declare a loop scope, `mode` the ini option
    and value by which every asynchronous test is its own, and the defaults the ini options that
    declare a loop scope where nobody else does.
    """

    name: str
    mark: str
    fixture: str = "pytest.fixture"
    on_test: str | None = None
    on_fixture: str | None = None
    mode: tuple[str, str] | None = None
    test_default: str | None = None
    fixture_default: str | None = None
    other_options: tuple[str, ...] = ()


WORDS = {
    one.name: one
    for one in (
        Words(
            "pytest-asyncio",
            "asyncio",
            "pytest_asyncio.fixture",
            "loop_scope",
            "loop_scope",
            ("asyncio_mode", "auto"),
            "asyncio_default_test_loop_scope",
            "asyncio_default_fixture_loop_scope",
            ("asyncio_debug",),
        ),
        Words("anyio", "anyio", mode=("anyio_mode", "auto")),
        Words(
            "pytest-trio",
            "trio",
            "pytest_trio.trio_fixture",
            mode=("trio_mode", "true"),
            other_options=("trio_run",),
        ),
        Words("loopscope", "loopscope", "loopscope.fixture", "scope", "loop_scope"),
    )
}

WAYS = (
    ("pytest-asyncio", "pytest-asyncio"),
    ("pytest-asyncio", "anyio"),
    ("anyio", "pytest-asyncio"),
    ("pytest-trio", "anyio"),
    ("pytest-asyncio", "loopscope"),
    ("anyio", "loopscope"),
    ("pytest-trio", "loopscope"),
)
"""From what to what there is a way; here, where to know it costs nothing."""


def check_way(old: str, new: str) -> None:
    """Raise unless there is a way from one vocabulary to the other.

    Raises:
        UnknownName: there is none; the message lists those that there are.
    """
    if (old, new) not in WAYS:
        ways = tuple(f"--from {one} --to {other}" for one, other in WAYS)
        raise UnknownName("way", f"--from {old} --to {new}", ways)
