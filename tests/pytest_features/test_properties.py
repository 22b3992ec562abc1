"""The JUnit file and the report of pytest-html say on which loop each async test ran."""

from __future__ import annotations

import html
import importlib.util
import json
import re
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.pytest_features.inner import Inner
    from tests.vocabularies.suites import Suite

with_pytest_trio = pytest.mark.skipif(
    not all(map(importlib.util.find_spec, ("pytest_asyncio", "pytest_trio"))),
    reason="run with all of the plugins that loopscope stands in for",
)

SUITE = """
    import pytest

    @pytest.fixture(scope="session")
    async def server(): ...

    @pytest.fixture(scope="module")
    async def db(): ...

    async def test_server(server, record_property):
        record_property("number", 1)

    def test_sync_with_a_loop(server): ...

    async def test_db(db): ...

    async def test_alone(): ...

    async def test_skips():
        pytest.skip("why")

    @pytest.fixture
    async def broken():
        raise ValueError

    async def test_errs(broken): ...

    def test_sync(): ...
"""

PLACES = {
    "test_server": "session",
    "test_sync_with_a_loop": "session",
    "test_db": "module test_it.py",
    "test_alone": "function",
    "test_skips": "function",
    "test_errs": "function",
}


def properties(inner: Inner) -> dict[str, dict[str, str]]:
    """Return the properties in the JUnit file, by the names of tests."""
    root = ET.parse(inner.root / "report.xml").getroot()
    found = {}
    for case in root.iter("testcase"):
        pairs = [(one.attrib["name"], one.attrib["value"]) for one in case.iter("property")]
        assert len(pairs) == len(dict(pairs))  # told once
        found[case.attrib["name"]] = dict(pairs)
    return found


@pytest.mark.parametrize("workers", [(), ("-n1",)], ids=["one-process", "xdist"])
@pytest.mark.parametrize("family", ["xunit1", "xunit2"])
def test_junit_has_loop_and_backend_of_each_test_with_a_loop(
    inner: Inner, backend: str, family: str, workers: tuple[str, ...]
) -> None:
    source = SUITE
    if family == "xunit2":  # pytest warns of that fixture itself
        source = SUITE.replace(", record_property", "").replace("record_property(", "print(")
    inner.write({"test_it.py": source})
    options = ("--junitxml=report.xml", f"-ojunit_family={family}", "-Werror", *workers)
    if workers:
        pytest.importorskip("xdist")
        inner.run_apart(*options, backend=backend, plugins=["xdist"])
    else:
        inner.run(*options, backend=backend)
    found = properties(inner)
    assert found.pop("test_sync") == {}
    assert found["test_server"].pop("number", "1") == "1"
    assert found == {
        name: {"loopscope_loop": place, "loopscope_backend": backend}
        for name, place in PLACES.items()
    }


def test_a_test_that_moves_to_a_wider_loop_is_told_where_it_ran(inner: Inner, backend: str) -> None:
    source = """
        import pytest

        @pytest.fixture(scope="session")
        async def server(): ...

        @pytest.fixture(scope="session")
        async def client(): ...

        @pytest.fixture
        def late(request):
            request.getfixturevalue("server")

        async def test_in_setup(late): ...

        def test_in_call(request):
            request.getfixturevalue("client")
    """
    inner.write({"test_it.py": source})
    inner.run("--junitxml=report.xml", backend=backend).assert_outcomes(passed=2)
    expected = {"loopscope_loop": "session", "loopscope_backend": backend}
    assert properties(inner) == {"test_in_setup": expected, "test_in_call": expected}


def test_a_test_that_is_run_again_is_told_of_once(inner: Inner, backend: str) -> None:
    pytest.importorskip("pytest_rerunfailures")
    source = """
        attempts = []

        async def test_it():
            attempts.append(1)
            assert len(attempts) > 1
    """
    inner.write({"test_it.py": source})
    options = ("--reruns=1", "--junitxml=report.xml")
    inner.run(*options, backend=backend, plugins=["rerunfailures"])
    expected = {"loopscope_loop": "function", "loopscope_backend": backend}
    assert properties(inner) == {"test_it": expected}


@with_pytest_trio
def test_what_runs_side_by_side_has_a_loop_of_its_own(suite: Suite) -> None:
    source = "import pytest\n\n@pytest.mark.trio\nasync def test_it(): ...\n"
    suite.write({"test_it.py": source})
    suite.ran("--junitxml=report.xml").all_passed("test_it")
    expected = {"loopscope_loop": "function", "loopscope_backend": "trio"}
    assert properties(suite) == {"test_it": expected}


@pytest.mark.parametrize(
    ("options", "is_told"),
    [
        ((), False),
        (("--junitxml=report.xml",), True),
        (("--junitxml=report.xml", "--loopscope-engine=observe"), False),
        (("--junitxml=report.xml", "--loopscope-engine=off"), False),
    ],
    ids=["nobody-reads", "junit", "observe", "off"],
)
def test_properties_are_set_where_there_is_a_reader_and_the_loop_is_ours(
    inner: Inner, options: tuple[str, ...], is_told: bool
) -> None:
    conftest = """
        from events import event

        def pytest_runtest_teardown(item):
            event(f"{len(item.user_properties)}")
    """
    inner.write({"conftest.py": conftest, "test_it.py": "async def test_it(): ...\n"})
    inner.run(*options)
    assert inner.events == ["2" if is_told else "0"]


def report(inner: Inner, *options: str, backend: str, plugins: tuple[str, ...] = ()) -> Any:
    """Return the header and the rows of the report that pytest-html writes, and what it is told."""
    pytest.importorskip("pytest_html")
    plugins = ("pytest_metadata.plugin", "pytest_html.plugin", "pytest_html.fixtures", *plugins)
    result = inner.run_apart(
        "--html=report.html", "--self-contained-html", *options, backend=backend, plugins=plugins
    )
    text = (inner.root / "report.html").read_text(encoding="utf-8")
    header = re.findall(r"<th[^>]*>([^<]*)</th>", text)
    blob = re.search(r'data-jsonblob="([^"]*)"', text)
    assert blob is not None, result.outlines
    tests: dict[str, Any] = json.loads(html.unescape(blob[1]))["tests"]
    return header, {name.partition("::")[2]: rows for name, rows in tests.items()}


@pytest.mark.parametrize("workers", [(), ("-n1",)], ids=["one-process", "xdist"])
def test_the_report_of_pytest_html_has_columns_for_them(
    inner: Inner, backend: str, workers: tuple[str, ...]
) -> None:
    if workers:
        pytest.importorskip("xdist")
    inner.write({"test_it.py": SUITE})
    header, tests = report(inner, *workers, backend=backend, plugins=("xdist",) if workers else ())
    assert header[:6] == ["Result", "Test", "Loop", "Backend", "Duration", "Links"]
    # What the columns are sorted by.
    shown = {
        name: [(row.get("loop"), row.get("backend")) for row in rows]
        for name, rows in tests.items()
    }
    assert shown.pop("test_sync") == [("", "")]
    assert shown == {name: [(place, backend)] for name, place in PLACES.items()}
    row = tests["test_db"][0]["resultsTableRow"]
    assert row[2:4] == [
        '<td class="col-loop">module test_it.py</td>',
        f'<td class="col-backend">{backend}</td>',
    ]


def test_a_module_that_cannot_be_collected_has_a_row_without_a_loop(inner: Inner) -> None:
    inner.write({"test_it.py": "async def test_it(): ...\n", "test_bad.py": "1 / 0\n"})
    _, tests = report(inner, "--continue-on-collection-errors", backend="asyncio")
    rows = [row["resultsTableRow"] for rows in tests.values() for row in rows]
    assert sorted(len(row) for row in rows) == [6, 6]


def test_without_its_report_pytest_html_is_left_alone(inner: Inner) -> None:
    pytest.importorskip("pytest_html")
    inner.write({"test_it.py": "async def test_it(): ...\n"})
    plugins = ["pytest_metadata.plugin", "pytest_html.plugin", "pytest_html.fixtures"]
    inner.run_apart(plugins=plugins).assert_outcomes(passed=1)
