"""How the timeline of a large run behaves in Chromium: `python -m benchmarks.timeline [tests]`.

Software rendering, as in CI; a browser that has a GPU is faster. Times of frames are what
`requestAnimationFrame` sees while the mouse drags the chart.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

from loopscope.report.timeline import write_report
from tests.browser.chromium import launched
from tests.report import traces

OPENED = 5
WATCH = """() => {
    const times = [];
    let last = performance.now();
    let stop;
    window.frames_ = new Promise((done) => { stop = () => done(times); });
    window.stopped = false;
    const tick = () => {
        const now = performance.now();
        times.push(now - last);
        last = now;
        if (window.stopped) stop(); else requestAnimationFrame(tick);
    };
    requestAnimationFrame(tick);
}"""
TAKE = "() => { window.stopped = true; return window.frames_; }"


def main(tests: int) -> None:
    """Print a table of what was measured."""
    with tempfile.TemporaryDirectory() as folder, launched() as browser:
        path = Path(folder) / "report.html"
        events = traces.large(tests)
        began = time.perf_counter()
        write_report(path, [events])
        print(f"{tests} tests, {len(events)} events")
        print(f"written in      {time.perf_counter() - began:.2f} s")
        print(f"size            {path.stat().st_size / 1e6:.2f} MB")
        opened = []
        for _ in range(OPENED):
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            page.goto(path.as_uri())
            page.locator("html[data-ready]").wait_for(state="attached")
            opened.append(page.evaluate("timeline.readyAfter"))
        print(f"open after      {min(opened):.0f} to {max(opened):.0f} ms")
        box = page.locator("#plot").bounding_box()
        assert box is not None
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        for zoom in (1, 2, 8, 64):
            page.evaluate(f"timeline.chart.reset(), timeline.chart.zoom(1 / {zoom})")
            page.wait_for_timeout(200)
            page.evaluate(WATCH)
            page.mouse.move(x + 400, y)
            page.mouse.down()
            page.mouse.move(x - 400, y, steps=100)
            page.mouse.up()
            frames = sorted(page.evaluate(TAKE))
            print(
                f"panning, x{zoom:<3}   median {statistics.median(frames):.1f} ms, "
                f"95 % {frames[int(len(frames) * 0.95)]:.1f} ms, longest {frames[-1]:.1f} ms "
                f"({len(frames)} frames)"
            )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
