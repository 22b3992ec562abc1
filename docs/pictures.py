"""Take the pictures in docs/pictures of the example suite, as it runs just now: `make pictures`."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.terminal_theme import DIMMED_MONOKAI
from rich.text import Text

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.browser.chromium import launched  # noqa: E402

if TYPE_CHECKING:
    from playwright.sync_api import Browser

PICTURES = ROOT / "docs" / "pictures"
SUITE = ROOT / "examples" / "shared_client"
# As a reader has it who has nothing but loopscope.
OTHERS = [f"-pno:{name}" for name in ("asyncio", "anyio", "trio", "randomly", "cacheprovider")]
TERMINAL = """<meta charset="utf-8"><style>
body {{ margin: 0; background: {background} }}
pre {{ display: inline-block; margin: 0; padding: 18px 22px; color: {foreground};
       font: 15px/1.45 "DejaVu Sans Mono", monospace }}
{stylesheet}</style><pre>{code}</pre>"""


def main() -> None:
    """Take all pictures."""
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, launched() as browser:
        report = Path(folder) / "report.html"
        run(f"--loopscope-report={report}")
        for scheme, name in (("light", "timeline.png"), ("dark", "timeline-dark.png")):
            page = browser.new_page(color_scheme=scheme, viewport={"width": 1240, "height": 690})
            page.goto(report.as_uri())
            page.locator("html[data-ready]").wait_for(state="attached")
            page.wait_for_timeout(300)
            page.screenshot(path=PICTURES / name)
            page.close()
        lines = run("--loopscope-ladder", "--collect-only", "--color=yes").splitlines()
        begin = next(number for number, line in enumerate(lines) if "loopscope ladder" in line)
        end = next(number for number in range(begin, len(lines)) if not lines[number].strip())
        picture_of("\n".join(lines[begin:end]), browser, PICTURES / "ladder.png")


def run(*options: str) -> str:
    """Run the example suite, and return what it prints."""
    command = [sys.executable, "-m", "pytest", *OTHERS, *options]
    environment = {**os.environ, "COLUMNS": "80", "TERM": "xterm-256color"}
    ran = subprocess.run(
        command, cwd=SUITE, env=environment, capture_output=True, text=True, check=True
    )
    return ran.stdout


def picture_of(text: str, browser: Browser, path: Path) -> None:
    """Write what a terminal shows of `text` into a picture."""
    console = Console(record=True, width=100, file=StringIO(), color_system="truecolor")
    console.print(Text.from_ansi(text))
    page = browser.new_page(viewport={"width": 800, "height": 100}, device_scale_factor=1.5)
    page.set_content(console.export_html(theme=DIMMED_MONOKAI, code_format=TERMINAL))
    page.locator("pre").screenshot(path=path)
    page.close()


if __name__ == "__main__":
    main()
