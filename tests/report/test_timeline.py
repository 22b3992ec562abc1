"""The page of a timeline, as text: what is in it, and what cannot get out of where it is."""

from __future__ import annotations

import json
import subprocess
import sys
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pytest

from loopscope.report.columns import columns
from loopscope.report.timeline import ReportError, page, write_report
from loopscope.report.view import view
from tests.report.traces import HOSTILE, Script, cut_off, hostile, large, loop_of, realistic

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from loopscope.trace.events import Event

LIBRARIES = ("bokeh", "jinja2")
MEGABYTE = 1_000_000


class Document(HTMLParser):
    """What a browser makes of a page: its tags, and the texts of those that have an id."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, str] = {}
        self.policy = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.append((tag, given))
        if given.get("http-equiv") == "Content-Security-Policy":
            self.policy = given["content"] or ""

    def handle_data(self, data: str) -> None:
        id = self.tags[-1][1].get("id") if self.tags else None
        if id:
            self.texts[id] = self.texts.get(id, "") + data


def document(*processes: Sequence[Event]) -> Document:
    """Return the report of some processes, parsed."""
    for library in LIBRARIES:
        pytest.importorskip(library)
    return Document(page(view(processes)))


def data(document: Document) -> Any:
    return json.loads(document.texts["data"])


def test_a_report_is_written_into_a_folder_that_is_made(tmp_path: Path) -> None:
    pytest.importorskip("bokeh")
    path = tmp_path / "not" / "yet" / "report.html"
    write_report(path, [realistic()])
    assert path.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


@pytest.mark.parametrize(
    "processes",
    [
        pytest.param([], id="nothing"),
        pytest.param([[]], id="no-events"),
        pytest.param([realistic()], id="a-run"),
        pytest.param([cut_off(realistic())], id="cut-off"),
        pytest.param([realistic("gw0"), realistic("gw1")], id="workers"),
    ],
)
def test_a_report_can_be_made_of(processes: list[list[Event]]) -> None:
    assert len(data(document(*processes))["tests"]) == sum(
        len(view([events]).tests) for events in processes
    )


def test_a_page_refers_to_nothing_outside_of_it() -> None:
    for tag, given in document(realistic()).tags:
        for name in ("src", "href", "srcset", "action"):
            assert given.get(name) in (None, "data:,"), tag


def test_a_page_runs_its_own_scripts_only() -> None:
    parsed = document(realistic())
    nonces = {
        given.get("nonce")
        for tag, given in parsed.tags
        if tag == "script" and given.get("type") != "application/json"
    }
    (nonce,) = nonces
    assert f"script-src 'nonce-{nonce}';" in parsed.policy
    assert parsed.policy.startswith("default-src 'none';")


def test_no_two_pages_allow_the_same_scripts() -> None:
    assert document(realistic()).policy != document(realistic()).policy


def test_what_a_user_names_is_never_markup() -> None:
    parsed = document(hostile(), hostile())
    plain = document(realistic("gw0"), realistic("gw1"))
    assert [tag for tag, _ in parsed.tags] == [tag for tag, _ in plain.tags]
    assert HOSTILE in json.dumps(data(parsed), ensure_ascii=False).replace('\\"', '"')


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("</script>", id="script"),
        pytest.param("<!--<script>", id="comment"),
        pytest.param("\u2028\u2029", id="line-separators"),
        pytest.param("\udc80", id="lone-surrogate"),
        pytest.param("{{ 7 * 7 }}{% raw %}", id="template"),
        pytest.param("\\u003c' \" `${alert(1)}`", id="quotes"),
    ],
)
def test_a_name_arrives_as_it_is(name: str, tmp_path: Path) -> None:
    pytest.importorskip("bokeh")
    script = Script()
    script.began()
    script.begin(f"test_a.py::test_it[{name}]", None)
    path = tmp_path / "report.html"
    write_report(path, [script.events])
    parsed = Document(path.read_text(encoding="utf-8"))
    # The module is written once, and the rest of the id after it.
    assert next(text[2] for text in data(parsed)["strings"] if isinstance(text, list)) == (
        f"::test_it[{name}]"
    )


def test_the_data_is_in_the_page_once() -> None:
    for library in LIBRARIES:
        pytest.importorskip(library)
    assert page(view([realistic()])).count("assert 404 == 200") == 1


def test_a_name_within_a_name_is_written_once() -> None:
    script = Script()
    script.began()
    test = "tests/test_a.py::test_it"
    script.begin(test, loop_of("function", test))
    strings = columns(view([script.events]))["strings"]
    module = strings.index("tests/test_a.py")
    id = strings.index(["", module, "::test_it"])
    assert ["function ", id, " [asyncio]"] in strings


def test_times_are_whole_microseconds() -> None:
    script = Script()
    script.began()
    script.now = 1.0
    script.torn_down(script.set_up("db", "session", "", None, 0.25), None, 0.0000004)
    bars = columns(view([script.events]))["bars"]
    assert bars["begin"] == [1_000_000, 1_250_000, 1_250_000]
    assert bars["length"] == [250_000, 0, 0]


def test_ten_thousand_tests_stay_below_eight_megabytes(tmp_path: Path) -> None:
    pytest.importorskip("bokeh")
    path = tmp_path / "report.html"
    write_report(path, [large()])
    assert path.stat().st_size < 8 * MEGABYTE


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_library_that_is_missing_is_named_with_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, library: str
) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == library]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, library, None)
    path = tmp_path / "report.html"
    with pytest.raises(ReportError, match=r"pip install 'pytest-loopscope\[cli\]'"):
        write_report(path, [realistic()])
    assert not path.exists()


def test_importing_it_imports_no_library() -> None:
    code = (
        "import sys, loopscope.report.timeline\n"
        f"print(sorted({{*{LIBRARIES!r}}} & {{*sys.modules}}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
