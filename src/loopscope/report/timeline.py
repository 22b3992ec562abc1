"""The timeline as a page: one file, that needs nothing else and no network.

Bokeh draws; its JavaScript comes with its Python package and is written into the page. What is
shown is in the page once, as data (`columns`), and the scripts in `assets/` hand it to Bokeh and
to the page's controls. Whatever a user can name gets into the page as JSON in which `<`, `>` and
`&` are escaped, and from there into the document by `textContent`: nothing of it is ever markup.
"""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Any

from loopscope.errors import LoopscopeError
from loopscope.report.columns import columns
from loopscope.report.view import view

if TYPE_CHECKING:
    from collections.abc import Sequence

    from loopscope.report.model import Lane, Timeline
    from loopscope.trace.events import Event

ASSETS = Path(__file__).parent / "assets"

# Pixels: of one row of bars, of the line above a lane with its name, and between two lanes.
ROW, HEADING, GAP = 16, 16, 6
AXIS = 44


class ReportError(LoopscopeError):
    """A report that cannot be made; the message says what to do about it."""


def write_report(path: Path, processes: Sequence[Sequence[Event]]) -> None:
    """Write the timeline of a run into a page; its folder is made if it is missing.

    Args:
        path: where to.
        processes: the events of each process that ran tests.

    Raises:
        ReportError: the libraries that draw it are not installed.
        OSError: the file cannot be written.
    """
    text = page(view(processes))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")


def page(timeline: Timeline) -> str:
    """Return `timeline` as a page of HTML.

    Raises:
        ReportError: the libraries that draw it are not installed.
    """
    try:
        from bokeh.embed import json_item
        from bokeh.resources import Resources
        from jinja2 import Environment, FileSystemLoader, StrictUndefined
        from markupsafe import Markup
    except ImportError as exc:
        raise ReportError(
            f"the timeline needs {exc.name}: pip install 'pytest-loopscope[cli]'"
        ) from exc
    environment = Environment(
        loader=FileSystemLoader(ASSETS),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
    )
    environment.policies["json.dumps_kwargs"] = {"separators": (",", ":")}
    tops, height = _heights(timeline.lanes)
    library = Resources(mode="inline", components=["bokeh"], log_level="warn")
    return environment.get_template("page.html").render(
        asset=lambda name: Markup((ASSETS / name).read_text(encoding="utf-8")),
        bokeh=library.js_raw,
        data={**columns(timeline), "tops": tops, "row": ROW, "heading": HEADING},
        nonce=secrets.token_urlsafe(16),
        plot=json_item(_plot(timeline.end, height)),
    )


def _heights(lanes: Sequence[Lane]) -> tuple[list[int], int]:
    """Return how far down each lane begins, and where the last one ends, in pixels."""
    tops, height = [], 0
    for lane in lanes:
        tops.append(height)
        height += HEADING + lane.rows * ROW + GAP
    return tops, max(height, HEADING + ROW)


def _plot(end: float, height: int) -> Any:
    """Return the plot, still without data: the page fills its sources."""
    from bokeh.models import (
        BasicTickFormatter,
        ColumnDataSource,
        HoverTool,
        Range1d,
        TapTool,
        WheelZoomTool,
    )
    from bokeh.plotting import figure

    margin = max(end, 1e-3) * 0.01
    outer = -margin, max(end, 1e-3) + margin
    plot = figure(
        name="timeline",
        height=height + AXIS,
        sizing_mode="stretch_width",
        min_border=0,
        outline_line_color=None,
        x_range=Range1d(start=outer[0], end=outer[1], bounds=outer, min_interval=2e-6),
        y_range=Range1d(start=height, end=0),
        x_axis_label="seconds",
        x_axis_location="above",
        toolbar_location=None,
        tools="xpan",
        active_drag="xpan",
        background_fill_alpha=0,
        border_fill_alpha=0,
        lod_threshold=None,
    )
    plot.yaxis.visible = False
    plot.ygrid.visible = False
    plot.xaxis.formatter = BasicTickFormatter(use_scientific=False)

    def layer(glyph: Any, name: str, *columns: str, **style: Any) -> Any:
        source = ColumnDataSource({column: [] for column in (*columns, "color", "alpha")})
        return glyph(*columns, source=source, name=name, **style)

    def quads(name: str, **style: Any) -> Any:
        return layer(plot.quad, name, "left", "right", "top", "bottom", **style)

    quads("plans", fill_color=None, line_color="color", line_alpha="alpha")
    bars = quads("bars", fill_color="color", fill_alpha="alpha", line_color=None)
    quads("cut", fill_color=None, line_color=None, hatch_pattern="/", hatch_alpha=0.45)
    quads("differing", fill_color=None, line_width=2, line_alpha="alpha")
    quads("current", fill_color=None, line_width=2)
    layer(
        plot.text,
        "labels",
        "x",
        "y",
        "text",
        text_alpha="alpha",
        text_font_size="11px",
        text_baseline="middle",
        x_offset=4,
    )
    marks = layer(plot.scatter, "marks", "x", "y", marker="diamond", size=14)
    wheel = WheelZoomTool(dimensions="width")
    plot.add_tools(
        wheel,
        HoverTool(
            name="hover",
            renderers=[bars, marks],
            point_policy="follow_mouse",
            attachment="vertical",
            show_arrow=False,
        ),
        TapTool(name="tap", behavior="inspect", renderers=[bars, marks]),
    )
    plot.toolbar.active_scroll = wheel
    return plot
