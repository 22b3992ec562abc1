"""Reports in a real browser: Chromium, without a window, driven by Playwright."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from loopscope.report.timeline import write_report
from tests.browser.chromium import CHROMIUM, launched
from tests.report import traces

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from playwright.sync_api import Browser, ConsoleMessage, Page

    from loopscope.trace.events import Event

RUNS: dict[str, Callable[[], Sequence[Sequence[Event]]]] = {
    "realistic": lambda: [traces.realistic()],
    "cut off": lambda: [traces.cut_off(traces.realistic())],
    "workers": lambda: [traces.realistic(f"gw{number}", number) for number in range(3)],
    "hostile": lambda: [traces.hostile(), traces.hostile()],
    "empty": list,
    "large": lambda: [traces.large()],
}


@dataclass
class Report:
    """An open report, and all that the browser had to say about it."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def listen(self, message: ConsoleMessage) -> None:
        """Take note of what the console says, if it is an error."""
        if message.type == "error":
            self.complaints.append(message.text)

    def until(self, condition: Callable[[], bool]) -> None:
        """Wait until the page has come to fulfil a condition."""
        # The page's own policy keeps Playwright from waiting inside of it.
        for _ in range(500):
            if condition():
                return
            self.page.wait_for_timeout(20)
        pytest.fail("the page does not get there")

    def range(self) -> tuple[float, float]:
        """Return from when to when the chart shows the run."""
        start, end = self.page.evaluate("[timeline.chart.range.start, timeline.chart.range.end]")
        return start, end

    def drawn(self) -> list[dict[str, Any]]:
        """Return the bars that are drawn, those of plans left out."""
        drawn: list[dict[str, Any]] = self.page.evaluate(
            "timeline.chart.drawnBars.map((bar) => timeline.run.bar(bar))"
        )
        return drawn

    def point_at(self, **like: str) -> None:
        """Move the mouse to the first bar that is `like` this, and that the mouse can hit."""
        x, y = self.page.evaluate(
            """(like) => {
                const {chart, run} = timeline;
                const index = chart.drawnBars.find((bar) => Object.entries(like).every(
                    ([name, value]) => String(run.bar(bar)[name]).includes(value)));
                return chart.placeOf(index);
            }""",
            like,
        )
        self.page.mouse.move(x, y - 1)
        self.page.mouse.move(x, y)

    @property
    def tooltip(self) -> str:
        """What the tooltip says, once there is one."""
        card = self.page.locator("body > .bk-Tooltip .card, #plot .card").first
        card.wait_for()
        return card.inner_text()

    @property
    def details(self) -> str:
        return self.page.inner_text("#details")

    @property
    def status(self) -> str:
        return self.page.inner_text("#status")


@pytest.fixture(scope="session")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Return the path of the report of one of RUNS."""
    pytest.importorskip("bokeh", reason="bokeh, which draws the timeline, is not installed")
    folder = tmp_path_factory.mktemp("reports")

    def report(run: str) -> Path:
        path = folder / f"{run}.html"
        if not path.exists():
            write_report(path, RUNS[run]())
        return path

    return report


# Not wider than a module: as long as Playwright is on, no other loop can run in this thread.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Return Chromium."""
    pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("chromium is not installed (Debian: apt-get install chromium)")
    with launched() as browser:
        yield browser


@pytest.fixture
def opened(browser: Browser, reports: Callable[[str], Path]) -> Iterator[Callable[..., Report]]:
    """Open the report of one of RUNS; whatever is done to it, the browser must not complain."""
    all_opened: list[Report] = []

    def open_report(run: str = "realistic", **context: Any) -> Report:
        context.setdefault("viewport", {"width": 1280, "height": 900})
        report = Report(browser.new_page(**context))
        all_opened.append(report)
        page = report.page
        page.on("pageerror", lambda error: report.complaints.append(str(error)))
        page.on("console", report.listen)
        page.on("request", lambda request: report.requests.append(request.url))
        page.goto(reports(run).as_uri())
        page.locator("html[data-ready]").wait_for(state="attached")
        return report

    yield open_report
    for report in all_opened:
        report.page.close()
        assert report.complaints == []
        # The page itself, and nothing else.
        assert [url for url in report.requests if not url.startswith(("file:", "data:"))] == []
