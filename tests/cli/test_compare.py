"""`loopscope compare`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.cli.command import run, saved
from tests.report.recorded import SHARED, Recorded

if TYPE_CHECKING:
    from pathlib import Path

TEXT = """\
3 tests moved, 1 fixture moved, 1 appeared, 1 ended otherwise, 1 slower, 1 faster

Moved
  loop   old                          new                               what
  wider  a loop of its own [asyncio]  module tests/test_a.py [asyncio]  tests/test_a.py::test_it
                                                                        tests/test_a.py::test_slow
                                                                        tests/test_a.py::test_bad
                                                                        client

Appeared
  loop  module tests/test_a.py [asyncio]

Ended otherwise
  old     new     test                       error
  passed  failed  tests/test_a.py::test_bad  ValueError: no

Slower
       old     new  times  kind  name
  200.0 ms  1.00 s  x5.00  test  tests/test_a.py::test_slow

Faster
     old      new  times  kind     name
  1.00 s  10.0 ms  x0.01  fixture  client (tests/conftest.py)
"""


@pytest.fixture
def runs(tmp_path: Path) -> tuple[Path, Path]:
    """Return the traces of two runs that differ in many ways."""
    old, new = Recorded(), Recorded()
    for number, name in enumerate(("test_it", "test_slow", "test_bad")):
        old.test(name, f"loop {number}", 0.2, opens=True)
    old.fixture("client", "loop 2", 1.0)
    new.shared_loop()
    new.fixture("client", SHARED, 0.01)
    new.test("test_it", SHARED, 0.2)
    new.test("test_slow", SHARED, 1.0)
    new.test(
        "test_bad", SHARED, 0.2, outcomes=("passed", "failed", "passed"), error="ValueError: no"
    )
    return saved(tmp_path / "old.json", old.ended()), saved(tmp_path / "new.json", new.ended())


def test_the_text_says_what_changed(runs: tuple[Path, Path]) -> None:
    result = run("compare", *runs)
    assert result.exit_code == 0
    assert result.output == TEXT


def test_nothing_to_tell_is_told(runs: tuple[Path, Path]) -> None:
    old, _ = runs
    result = run("compare", old, old, "--fail-on", "moved,appeared,vanished,outcomes,slower,faster")
    assert (result.exit_code, result.output) == (0, "No difference\n")


def test_json_has_the_same(runs: tuple[Path, Path]) -> None:
    made = json.loads(run("compare", *runs, "--format", "json").output)
    assert made["format"] == "loopscope comparison"
    assert (made["threshold"], made["minimum"]) == (1.5, 0.05)
    assert [move["direction"] for move in made["moved"]] == ["wider"] * 4
    assert [pace["name"] for pace in made["slower"]] == ["tests/test_a.py::test_slow"]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--threshold", "4"), True),
        (("--threshold", "6"), False),
        (("--minimum", "700"), True),
        (("--minimum", "900"), False),
    ],
    ids=str,
)
def test_what_is_noise_can_be_said(
    runs: tuple[Path, Path], options: tuple[str, ...], told: bool
) -> None:
    assert ("Slower" in run("compare", *runs, *options).output) == told


@pytest.mark.parametrize(
    ("fail_on", "exit_code", "said"),
    [
        pytest.param("moved", 1, "Failed: 4 moved", id="one"),
        pytest.param("vanished, slower", 1, "Failed: 1 slower", id="one-of-two"),
        pytest.param("outcomes,slower", 1, "Failed: 1 outcomes, 1 slower", id="two"),
        pytest.param("vanished", 0, "", id="none"),
        pytest.param("", 0, "", id="nothing"),
    ],
)
def test_a_change_that_is_named_fails(
    runs: tuple[Path, Path], fail_on: str, exit_code: int, said: str
) -> None:
    result = run("compare", *runs, "--fail-on", fail_on)
    assert result.exit_code == exit_code
    assert result.output.replace(TEXT, "").strip() == said


def test_an_unknown_change_is_refused(runs: tuple[Path, Path]) -> None:
    result = run("compare", *runs, "--fail-on", "moved,broke")
    assert result.exit_code == 2
    assert (
        "'broke' is none of moved, appeared, vanished, outcomes, slower, faster." in result.output
    )


def test_many_are_counted_where_they_are_not_listed(tmp_path: Path) -> None:
    old, new = Recorded(), Recorded()
    new.shared_loop()
    for number in range(30):
        old.test(f"test_{number}", f"loop {number}", opens=True)
        new.test(f"test_{number}", SHARED)
        new.test(f"test_new_{number}", SHARED)
    paths = saved(tmp_path / "old.json", old.ended()), saved(tmp_path / "new.json", new.ended())
    output = run("compare", *paths).output
    assert "\n  and 11 more\n" in output  # the tests, and the loop
    assert " and 25 more\n" in output
    assert output.count("test_new_") == 20
