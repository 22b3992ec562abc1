"""Take the pictures in docs/pictures: `make pictures`, or with a trace of your own as argument."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from loopscope.report.timeline import write_report  # noqa: E402
from loopscope.trace import file  # noqa: E402
from tests.browser.chromium import launched  # noqa: E402
from tests.report import traces  # noqa: E402

PICTURES = ROOT / "docs" / "pictures"
SIZE = {"width": 1240, "height": 690}


def main(trace: Path | None) -> None:
    """Take the pictures of a run, or of one that was made up."""
    processes = [traces.realistic()] if trace is None else file.read(trace).processes
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, launched() as browser:
        report = Path(folder) / "report.html"
        write_report(report, processes)
        for scheme, name in (("light", "timeline.png"), ("dark", "timeline-dark.png")):
            page = browser.new_page(color_scheme=scheme, viewport=SIZE)
            page.goto(report.as_uri())
            page.locator("html[data-ready]").wait_for(state="attached")
            page.wait_for_timeout(300)
            page.screenshot(path=PICTURES / name)
            page.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
