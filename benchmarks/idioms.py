"""How a suite is worded for a plugin: what is installed, configured and said besides.

The tests and fixtures of a suite are the same in every idiom but for the word `async`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Loops(Enum):
    """Which loops the tests of a suite run on."""

    NONE = "no loop: nothing is async"
    OWN = "a fresh loop for each test"
    SHARED = "one loop for all tests"


@dataclass(frozen=True, slots=True)
class Words:
    """What a suite says besides its tests: lines of the ini file, and of conftest."""

    ini: tuple[str, ...] = ()
    conftest: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Idiom:
    """A plugin, or none, and its words for each kind of loops that it has.

    `ours` names the idiom of loopscope that it is compared with.
    """

    name: str
    title: str
    requires: tuple[str, ...]
    words: dict[Loops, Words]
    ours: str = "loopscope"
    is_async: bool = True

    def said(self, loops: Loops) -> Words | None:
        """Return the words for these loops, or `None` if the plugin has no idiom for them.

        Where nothing is async, the plugin is installed, and that is all.
        """
        return Words() if loops is Loops.NONE else self.words.get(loops)


LOOPSCOPE = "pytest-loopscope"
_ANYIO = """
@pytest.fixture(scope="session")
def anyio_backend():
    return "asyncio"
"""

IDIOMS = {
    idiom.name: idiom
    for idiom in (
        Idiom(
            "sync",
            "without async",
            (),
            {Loops.OWN: Words(), Loops.SHARED: Words()},
            is_async=False,
        ),
        Idiom(
            "loopscope",
            "loopscope, asyncio",
            (LOOPSCOPE,),
            {Loops.OWN: Words(), Loops.SHARED: Words()},
        ),
        Idiom(
            "pytest-asyncio",
            "pytest-asyncio",
            ("pytest-asyncio",),
            {
                Loops.OWN: Words(("asyncio_mode = auto",)),
                Loops.SHARED: Words(
                    (
                        "asyncio_mode = auto",
                        "asyncio_default_fixture_loop_scope = session",
                        "asyncio_default_test_loop_scope = session",
                    )
                ),
            },
        ),
        Idiom(
            "anyio",
            "anyio, asyncio",
            ("anyio",),
            {
                Loops.OWN: Words(("anyio_mode = auto",), _ANYIO),
                Loops.SHARED: Words(("anyio_mode = auto",), _ANYIO),
            },
        ),
        Idiom(
            "loopscope-uvloop",
            "loopscope, uvloop",
            (LOOPSCOPE, "uvloop"),
            {
                Loops.OWN: Words(("loopscope_backends = uvloop",)),
                Loops.SHARED: Words(("loopscope_backends = uvloop",)),
            },
        ),
        Idiom(
            "loopscope-trio",
            "loopscope, trio",
            (LOOPSCOPE, "trio"),
            {
                Loops.OWN: Words(("loopscope_backends = trio",)),
                Loops.SHARED: Words(("loopscope_backends = trio",)),
            },
        ),
        Idiom(
            "pytest-trio",
            "pytest-trio",
            ("pytest-trio",),
            {Loops.OWN: Words(("trio_mode = true",))},
            ours="loopscope-trio",
        ),
    )
}
SYNC = IDIOMS["sync"]
