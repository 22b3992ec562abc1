"""The timeline as somebody sees it who opens it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.report.traces import HOSTILE

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.browser.conftest import Report

    Open = Callable[..., Report]

PHONE = {
    "viewport": {"width": 360, "height": 740},
    "device_scale_factor": 3,
    "is_mobile": True,
    "has_touch": True,
}


@pytest.mark.parametrize("run", ["realistic", "cut off", "workers", "hostile", "empty"])
def test_it_opens_without_a_complaint_and_without_a_request(opened: Open, run: str) -> None:
    report = opened(run)
    assert report.complaints == []
    assert len(report.requests) == 1


def test_it_begins_with_totals_and_a_legend(opened: Open) -> None:
    page = opened().page
    assert page.locator("#totals li").all_inner_texts() == [
        "72 tests",
        "60 passed",
        "8 failed",
        "4 skipped",
        "15 loops",
        "17 findings",
        "3.90 s",
    ]
    assert "pytest 9.2.0" in page.inner_text("#facts")
    assert {"passed", "failed", "planned", "finding"} <= {
        text.strip() for text in page.locator("#legend li").all_inner_texts()
    }


def test_lanes_are_named_and_nested(opened: Open) -> None:
    lanes = opened().page.locator("#lanes li")
    assert lanes.first.inner_text() == "findings"
    indents = lanes.evaluate_all("items => items.map((item) => parseInt(item.style.paddingLeft))")
    assert indents == sorted(indents)
    assert len(set(indents)) == 3


def test_workers_are_told_apart(opened: Open) -> None:
    page = opened("workers").page
    assert page.locator("#lanes b").all_inner_texts() == ["gw0", "gw1", "gw2"]


def test_hovering_tells_where_and_how_long(opened: Open) -> None:
    report = opened()
    report.point_at(kind="fixture", name="server")
    assert "server" in report.tooltip
    assert "tests/conftest.py:37" in report.tooltip
    assert re.search(r"fixture · [\d.]+ s · from [\d.]+ s", report.tooltip)


def test_hovering_over_what_ran_elsewhere_tells_both_loops(opened: Open) -> None:
    report = opened()
    report.point_at(differs="true", kind="fixture")
    assert "planned on" in report.tooltip
    assert "module tests/test_notes.py [asyncio]" in report.tooltip
    assert "ran on" in report.tooltip
    assert "session [asyncio]" in report.tooltip


def test_hovering_over_a_finding_tells_it(opened: Open) -> None:
    report = opened()
    mark = "timeline.chart.sourceOf('marks').data.x[0]"
    x, y = report.page.evaluate(f"timeline.chart.pointOf({mark}, 0)")
    report.page.mouse.move(x - 1, y)
    report.page.mouse.move(x, y)
    assert "LS101" in report.tooltip
    assert "made on the loop of module tests/test_auth.py" in report.tooltip


def test_clicking_keeps_what_hovering_tells(opened: Open) -> None:
    report = opened()
    report.point_at(kind="fixture", name="client")
    report.page.mouse.down()
    report.page.mouse.up()
    report.page.mouse.move(5, 5)
    assert "tests/conftest.py:54" in report.details


def _middle(report: Report) -> tuple[float, float]:
    box = report.page.locator("#plot").bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_the_wheel_zooms(opened: Open) -> None:
    report = opened()
    before = report.range()
    report.page.mouse.move(*_middle(report))
    for _ in range(3):
        report.page.mouse.wheel(0, -200)
    report.until(lambda: report.range()[1] < before[1])
    assert report.range()[0] > before[0]


def test_dragging_moves(opened: Open) -> None:
    report = opened()
    report.page.click("#zoom-in")
    before = report.range()
    x, y = _middle(report)
    report.page.mouse.move(x, y)
    report.page.mouse.down()
    report.page.mouse.move(x - 120, y, steps=4)
    report.page.mouse.up()
    after = report.range()
    assert after[0] > before[0]
    assert after[1] - after[0] == pytest.approx(before[1] - before[0])


@pytest.mark.parametrize(
    ("keys", "moves"),
    [
        pytest.param(["+"], "in", id="plus"),
        pytest.param(["+", "+", "-"], "in", id="minus"),
        pytest.param(["+", "ArrowRight"], "right", id="right"),
        pytest.param(["+", "ArrowLeft"], "left", id="left"),
        pytest.param(["+", "ArrowRight", "0"], "nowhere", id="zero"),
        pytest.param(["ArrowUp", "ArrowUp", "ArrowDown"], "in", id="up-and-down"),
        pytest.param(["+", "End"], "right", id="end"),
    ],
)
def test_keys_move_and_zoom(opened: Open, keys: list[str], moves: str) -> None:
    report = opened()
    start, end = report.range()
    half = (end - start) / 2
    report.page.focus("#chart")
    for key in keys:
        report.page.keyboard.press(key)
    after = report.range()
    width, middle = after[1] - after[0], (after[0] + after[1]) / 2
    assert width == pytest.approx(2 * half if moves == "nowhere" else half)
    offset = middle - (start + half)
    expected = {"in": 0, "nowhere": 0, "right": 1, "left": -1}[moves]
    assert (offset > 1e-9) - (offset < -1e-9) == expected


def test_zooming_out_stops_at_the_whole_run(opened: Open) -> None:
    report = opened()
    whole = report.range()
    report.page.click("#zoom-out")
    assert report.range() == pytest.approx(whole)


def test_a_key_goes_through_the_findings(opened: Open) -> None:
    report = opened()
    report.page.keyboard.press("n")
    assert "loop scope mismatch" in report.details
    report.page.keyboard.press("n")
    assert "a task was left behind" in report.details
    report.page.keyboard.press("p")
    assert "loop scope mismatch" in report.details


def test_searching_counts_and_goes_to_each_match(opened: Open) -> None:
    report = opened()
    report.page.keyboard.press("/")
    report.page.keyboard.type("settings")
    assert report.status == "3 bars found"
    report.page.keyboard.press("Enter")
    assert report.status == "1 of 3 bars"
    assert "fixture, setup" in report.details
    report.page.keyboard.press("Shift+Enter")
    assert report.status == "3 of 3 bars"
    assert "fixture, teardown" in report.details
    report.page.keyboard.press("Escape")
    assert report.status == ""


@pytest.mark.parametrize(
    "words",
    [
        pytest.param("test_feed.py::test_9", id="test"),
        pytest.param("conftest.py:37", id="path"),
        pytest.param("assert 404", id="message"),
        pytest.param("MODULE TESTS/TEST_LEDGER", id="loop"),
    ],
)
def test_a_search_finds(opened: Open, words: str) -> None:
    report = opened()
    report.page.fill("#search", words)
    assert re.fullmatch(r"[1-9]\d* bars found", report.status)


def test_letters_that_are_typed_into_the_search_field_are_no_keys(opened: Open) -> None:
    report = opened()
    report.page.focus("#search")
    report.page.keyboard.type("n+0")
    assert report.page.input_value("#search") == "n+0"
    assert report.details == ""


@pytest.mark.parametrize(
    ("select", "value", "status", "field"),
    [
        pytest.param("#module", "tests/test_feed.py", "18 of 72 tests", "module", id="module"),
        pytest.param("#backend", "asyncio", "60 of 72 tests", "backend", id="backend"),
        pytest.param("#outcome", "failed", "8 of 72 tests", None, id="outcome"),
    ],
)
def test_a_filter_leaves_what_it_names(
    opened: Open, select: str, value: str, status: str, field: str | None
) -> None:
    report = opened()
    report.page.select_option(select, value)
    assert report.status == status
    if field is not None:
        # What is wider than a module stays.
        assert {bar[field] for bar in report.drawn()} <= {value, None}
    report.page.select_option(select, "")
    assert report.status == ""


def test_only_what_ran_elsewhere_can_be_shown(opened: Open) -> None:
    report = opened()
    report.page.check("#differing")
    assert {bar["differs"] for bar in report.drawn()} == {True}


def test_findings_are_red_and_told_in_full(opened: Open) -> None:
    page = opened().page
    first = page.locator("#findings li").first
    assert "made on the loop of module tests/test_auth.py" in first.inner_text()
    red, green, blue = _rgb(first.locator("pre").evaluate("node => getComputedStyle(node).color"))
    assert red > 2 * green
    assert red > 2 * blue
    first.click()
    assert "made on the loop of module tests/test_auth.py" in page.inner_text("#details")


def test_findings_are_filtered_like_tests(opened: Open) -> None:
    report = opened()
    report.page.select_option("#module", "tests/test_feed.py")
    assert report.page.locator("#findings li").count() == 4
    assert len(report.page.evaluate("timeline.chart.sourceOf('marks').data.x")) == 4


def test_the_tables_are_there(opened: Open) -> None:
    page = opened().page
    slowest = page.locator("#slowest tbody tr").first.inner_text().split("\t")
    assert slowest[:4] == ["note", "function", "56", "769 ms"]
    scopes = page.locator("#loops tbody tr td:first-child").all_inner_texts()
    assert scopes == ["session", "module", "function"]
    page.locator("#slowest button", has_text="settings").click()
    assert page.inner_text("#status") == "3 bars found"


def test_what_was_cut_off_says_so(opened: Open) -> None:
    assert not opened().page.is_visible("#cut-off")
    report = opened("cut off")
    assert report.page.is_visible("#cut-off")
    report.point_at(hasEnded="false", kind="fixture", name="server")
    assert "had not ended" in report.tooltip


def _rgb(color: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", color)[:3]]


def test_it_is_as_light_or_dark_as_the_system(opened: Open) -> None:
    report = opened(color_scheme="light")

    def colors() -> tuple[list[int], str, str]:
        page = report.page.evaluate("getComputedStyle(document.body).backgroundColor")
        axis = "timeline.chart.plot.above[0].major_label_text_color"
        bar = "timeline.chart.sourceOf('bars').data.color[0]"
        return _rgb(page), report.page.evaluate(axis), report.page.evaluate(bar)

    light = colors()
    report.page.emulate_media(color_scheme="dark")
    report.until(lambda: colors()[1] != light[1])
    dark = colors()
    assert min(light[0]) > 200
    assert max(dark[0]) < 60
    assert light[2] != dark[2]


@pytest.mark.parametrize("run", ["realistic", "hostile", "workers"])
def test_a_phone_shows_it_without_scrolling_sideways(opened: Open, run: str) -> None:
    report = opened(run, **PHONE)
    width = report.page.evaluate("document.documentElement.scrollWidth")
    assert width <= PHONE["viewport"]["width"]  # type: ignore[index]
    box = report.page.locator("#plot canvas").first.bounding_box()
    assert box is not None
    assert box["width"] > 300


def test_a_tap_tells_what_hovering_does(opened: Open) -> None:
    report = opened(**PHONE)
    x, y = report.page.evaluate(
        """(() => {
            const {chart, run} = timeline;
            document.getElementById("chart").scrollIntoView({block: "center"});
            return chart.placeOf(chart.drawnBars.find((bar) => run.bar(bar).name === "server"
                && run.bar(bar).kind === "fixture"));
        })()"""
    )
    report.page.touchscreen.tap(x, y)
    report.until(lambda: "tests/conftest.py:37" in report.details)


def test_a_hostile_name_is_nothing_but_text(opened: Open) -> None:
    report = opened("hostile")
    page = report.page
    for kind in ("call", "fixture", "loop"):
        report.point_at(kind=kind)
        assert HOSTILE in report.tooltip
        page.mouse.down()
        page.mouse.up()
        assert HOSTILE in report.details
        page.mouse.move(5, 5)
    page.fill("#search", HOSTILE)
    assert page.inner_text("#status") != "0 bars found"
    for part in ("#findings", "#slowest", "#loops", "#lanes"):
        assert HOSTILE in page.inner_text(part)
    assert page.title() == "loopscope timeline"
    assert page.locator("img").count() == 0


def test_ten_thousand_tests_open_within_three_seconds(opened: Open) -> None:
    # Somebody else may use the machine meanwhile, so the best of three counts.
    times = [opened("large").page.evaluate("timeline.readyAfter") for _ in range(3)]
    assert min(times) < 3000


def test_ten_thousand_tests_can_be_moved_and_searched(opened: Open) -> None:
    report = opened("large")
    for _ in range(4):
        report.page.keyboard.press("+")
    before = report.range()
    x, y = _middle(report)
    report.page.mouse.move(x, y)
    report.page.mouse.down()
    report.page.mouse.move(x - 300, y, steps=10)
    report.page.mouse.up()
    assert report.range()[0] > before[0]
    report.page.fill("#search", "[9999-")
    assert report.status == "7 bars found"
    report.page.click("#next-match")
    assert "test_module_99.py" in report.details


def test_what_is_drawn_depends_on_the_screen_and_not_on_the_run(opened: Open) -> None:
    report = opened("large")
    assert len(report.drawn()) < 10_000


def test_a_failure_is_seen_among_ten_thousand_tests(opened: Open) -> None:
    report = opened("large")
    failed = [bar for bar in report.drawn() if bar["outcome"] == "failed" and bar["test"]]
    # As many as there are pixels for: some of the 209 share one.
    assert len(failed) > 180
