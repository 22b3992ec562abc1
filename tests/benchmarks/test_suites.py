"""A suite is the same in every idiom but for the word `async`, and runs on the loops it names."""

from __future__ import annotations

import ast
import importlib.util
import re
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.idioms import IDIOMS, SYNC, Idiom, Loops
from benchmarks.processes import try_out
from benchmarks.suites import PER_MODULE, SUITES, Suite, write

# What each idiom is run by, and the modules without which it is not.
PLUGINS = {
    "sync": (None, ()),
    "loopscope": ("loopscope", ()),
    "loopscope-uvloop": ("loopscope", ("uvloop",)),
    "loopscope-trio": ("loopscope", ("trio",)),
    "pytest-asyncio": ("asyncio", ("pytest_asyncio",)),
    "anyio": ("anyio", ("anyio",)),
    "pytest-trio": ("trio", ("pytest_trio",)),
}
OTHERS = ("randomly", "html", "metadata", "rerunfailures", "cov", "timeout", "hypothesispytest")
WRITTEN = [
    pytest.param(suite, idiom, id=f"{suite.name}-{idiom.name}")
    for suite in SUITES.values()
    for idiom in IDIOMS.values()
    if suite.has(idiom)
]
ASYNC = [
    pytest.param(suite, idiom, id=f"{suite}-{idiom.name}")
    for suite in ("fixtures", "fixtures-shared")
    for idiom in IDIOMS.values()
    if idiom is not SYNC and SUITES[suite].has(idiom)
]
# Adds the loop to a list of the module's, and says how many there may be by then.
ON_WHICH_LOOP = """
seen = globals().setdefault("seen", [])

$def test_$number(shared, first, second, third):
    import sys

    if "trio" in sys.modules and sys.modules["trio"].lowlevel.in_trio_run():
        seen.append(sys.modules["trio"].lowlevel.current_root_task())
    else:
        seen.append(sys.modules["asyncio"].get_running_loop())
    assert len(set(map(id, seen))) == {expected}
"""


def here(suite: Suite, idiom: Idiom) -> Suite:
    """Return the suite with options that leave one plugin of this environment switched on."""
    own, needed = PLUGINS[idiom.name]
    for module in needed:
        if importlib.util.find_spec(module) is None:
            pytest.skip(f"{module} is not installed")
    if "-n" in suite.options:
        pytest.importorskip("xdist")
    off = [name for name in ("loopscope", "asyncio", "anyio", "trio") if name != own]
    options = [word for name in (*off, *OTHERS) for word in ("-p", f"no:{name}")]
    return replace(suite, options=(*suite.options, *options))


def functions(folder: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Return all functions of the files in the folder, which are valid Python."""
    trees = [ast.parse(path.read_bytes(), str(path)) for path in sorted(folder.glob("*.py"))]
    return [
        node
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]


@pytest.mark.parametrize(("suite", "idiom"), WRITTEN)
def test_a_suite_is_python_and_async_where_it_says_so(
    tmp_path: Path, suite: Suite, idiom: Idiom
) -> None:
    write(suite, idiom, 2 * suite.alike, tmp_path)
    tests = [each for each in functions(tmp_path) if each.name.startswith("test_")]
    assert len(tests) == 2
    wanted = ast.AsyncFunctionDef if idiom.is_async else ast.FunctionDef
    if suite.loops is Loops.NONE:
        wanted = ast.FunctionDef
    assert {type(each) for each in tests} == {wanted}


@pytest.mark.parametrize(("suite", "idiom"), WRITTEN)
def test_the_tests_differ_from_the_sync_ones_in_one_word(
    tmp_path: Path, suite: Suite, idiom: Idiom
) -> None:
    texts = []
    for each in (idiom, SYNC):
        folder = tmp_path / each.name
        folder.mkdir(exist_ok=True)
        write(suite, each, 3, folder)
        texts.append((folder / "test_000.py").read_text().replace("async def", "def"))
    assert texts[0] == texts[1]


@pytest.mark.parametrize("tests", [1, PER_MODULE, PER_MODULE + 1])
@pytest.mark.parametrize("suite", ["trivial", "parametrised"])
def test_a_suite_has_as_many_tests_as_asked_for(tmp_path: Path, suite: str, tests: int) -> None:
    write(SUITES[suite], SYNC, tests, tmp_path)
    assert len(list(tmp_path.glob("test_*.py"))) == (2 if tests > PER_MODULE else 1)
    text = "".join(path.read_text() for path in sorted(tmp_path.glob("test_*.py")))
    ranges = re.findall(r"range\((\d+), (\d+)\)", text)
    if ranges:
        assert sum(int(end) - int(start) for start, end in ranges) == tests
    else:
        assert text.count("def test_") == tests


def test_no_suite_is_written_in_words_that_a_plugin_does_not_have(tmp_path: Path) -> None:
    assert not SUITES["shared"].has(IDIOMS["pytest-trio"])
    with pytest.raises(ValueError, match="pytest-trio has no words for one loop for all tests"):
        write(SUITES["shared"], IDIOMS["pytest-trio"], 1, tmp_path)


@pytest.mark.parametrize("idiom", IDIOMS.values(), ids=IDIOMS)
def test_an_idiom_is_compared_with_one_of_ours(idiom: Idiom) -> None:
    assert IDIOMS[idiom.ours].requires[0] == "pytest-loopscope"


@pytest.mark.parametrize("suite", SUITES.values(), ids=SUITES)
def test_each_suite_passes(tmp_path: Path, suite: Suite) -> None:
    idiom = IDIOMS["loopscope"]
    write(suite, idiom, 3, tmp_path)
    try_out(Path(sys.executable), here(suite, idiom), 3, tmp_path)


@pytest.mark.parametrize(("name", "idiom"), ASYNC)
def test_each_idiom_runs_its_tests_on_the_loops_that_the_suite_names(
    tmp_path: Path, name: str, idiom: Idiom
) -> None:
    suite = SUITES[name]
    expected = "1" if suite.loops is Loops.SHARED else "len(seen)"
    suite = replace(suite, test=ON_WHICH_LOOP.format(expected=expected))
    write(suite, idiom, 3, tmp_path)
    try_out(Path(sys.executable), here(suite, idiom), 3, tmp_path)
