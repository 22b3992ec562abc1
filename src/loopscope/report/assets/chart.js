"use strict";
/* Hands a run to Bokeh, and moves its ranges.
 *
 * Bokeh gets what is in sight and a bit around it, and of the bars narrower than a pixel, for each
 * pixel of a row, the one that matters most. So what is drawn depends on the size of the screen,
 * not on that of the run. Whenever the view leaves what Bokeh has, it gets more. */

const STYLES = {"set up": "setup", "torn down": "teardown", planned: "plan"};
const CHARACTER = 6.1; // pixels, on average, of what is written into bars

class Chart extends EventTarget {
  constructor(run, layout) {
    super();
    this.run = run;
    this.shown = new Uint8Array(run.size).fill(1);
    this.found = [...run.findings.keys()];
    this.matched = null; // a mask, while somebody searches
    this._tops = [];
    for (const [number, lane] of run.lanes.entries()) {
      for (let row = 0; row < lane.rows; row += 1) {
        this._tops.push(layout.tops[number] + layout.heading + row * layout.row);
      }
    }
    this._weights = run.looks.map(weight);
    this._layout = layout;
    this._drawn = null;
    this._pending = false;
    this.drawnBars = [];
    this._inSight = [];
  }

  async draw(target, item, describe) {
    await Bokeh.embed.embed_item(item, target);
    const document_ = Bokeh.documents[Bokeh.documents.length - 1];
    const named = (name) => document_.get_model_by_name(name);
    this.plot = named("timeline");
    this.view = Bokeh.index.roots.find((view) => view.model === this.plot);
    this.range = this.plot.x_range;
    this._full = [this.range.start, this.range.end];
    this._sources = Object.fromEntries(
      ["plans", "bars", "cut", "differing", "current", "labels", "marks"].map((name) => [
        name,
        named(name).data_source,
      ]),
    );
    this._layers = (name) => named(name);
    const barOf = (source, index) => (source === this._sources.bars ? this.drawnBars[index] : null);
    named("hover").tooltips = (source, {index}) =>
      source === this._sources.marks
        ? describe({finding: this.run.findings[this._marked[index]]})
        : describe({bar: this.run.bar(barOf(source, index))});
    named("tap").callback = {
      execute: (_, {source}) => {
        const [index] = source.inspected.indices;
        if (index === undefined) return;
        if (source === this._sources.marks) this._emit("finding", this._marked[index]);
        else this.choose(barOf(source, index));
      },
    };
    this.range.change.connect(() => this._later());
    new ResizeObserver(() => this._later()).observe(target);
    // On a touch screen the page scrolls up and down over the chart, and the chart moves sideways.
    const touch = document.createElement("style");
    touch.textContent = ".bk-events { touch-action: pan-y !important; }";
    this.view.canvas_view.shadow_el.append(touch);
    this.colour();
    const scheme = matchMedia("(prefers-color-scheme: dark)");
    scheme.addEventListener("change", () => this.colour());
  }

  /** Take all colours from the style sheet. */
  colour() {
    const style = getComputedStyle(document.documentElement);
    const value = (name) => style.getPropertyValue(`--${name}`).trim();
    this._colors = this.run.looks.map(({kind, outcome}) =>
      value(this._style(kind, outcome)),
    );
    const [axis] = this.plot.above;
    axis.setv({
      axis_label_text_color: value("quiet"),
      major_label_text_color: value("quiet"),
      axis_line_color: value("edge"),
      major_tick_line_color: value("edge"),
      minor_tick_line_color: null,
    });
    for (const grid of this.plot.center) grid.grid_line_color = value("grid");
    this._layers("cut").glyph.hatch_color = value("plan");
    this._layers("differing").glyph.line_color = value("off-plan");
    this._layers("current").glyph.line_color = value("text");
    this._layers("labels").glyph.text_color = value("bar-text");
    this._layers("marks").glyph.setv({fill_color: value("finding"), line_color: value("page")});
    this.refresh();
  }

  _style(kind, outcome) {
    if (outcome === "failed" || outcome === "skipped") return outcome;
    return kind === "call" ? outcome : STYLES[kind] ?? kind;
  }

  /** Show the bars of a mask and some of the findings only, at the next `highlight`. */
  keep(mask, findings) {
    this.shown = mask;
    this.found = findings;
  }

  /** Let all bars but those of a mask step back; none do if it is null. */
  highlight(mask) {
    this.matched = mask;
    this.refresh();
  }

  /** Outline a bar, and say so. */
  choose(bar) {
    this.current = bar;
    this._fill("current", bar === null ? [] : [bar]);
    this._emit("choice", bar);
  }

  /** Show a bar, and some of what is around it, and choose it. */
  reveal(bar) {
    const {left, right} = this.run;
    const around = Math.max((right[bar] - left[bar]) * 2, 4 * this._pixel, 1e-4);
    const middle = (left[bar] + right[bar]) / 2;
    const width = Math.min(this.range.end - this.range.start, 2 * around);
    this.move(middle - width / 2, middle + width / 2);
    this.choose(bar);
  }

  /** Show a moment in the middle. */
  centre(time) {
    const width = Math.min(this.range.end - this.range.start, (this._full[1] - this._full[0]) / 8);
    this.move(time - width / 2, time + width / 2);
  }

  zoom(factor) {
    const {start, end} = this.range;
    const middle = (start + end) / 2;
    const half = Math.max(((end - start) / 2) * factor, 1e-6);
    this.move(middle - half, middle + half);
  }

  pan(fraction) {
    const {start, end} = this.range;
    const by = (end - start) * fraction;
    this.move(start + by, end + by);
  }

  reset() {
    this.move(...this._full);
  }

  move(start, end) {
    const [first, last] = this._full;
    const width = Math.min(end - start, last - first);
    const from = Math.min(Math.max(start, first), last - width);
    this.range.setv({start: from, end: from + width});
  }

  /** Where the middle of a bar is in the window. */
  placeOf(bar) {
    const {left, right, row} = this.run;
    return this.pointOf((left[bar] + right[bar]) / 2, row[bar]);
  }

  /** Where a moment in a row is in the window. */
  pointOf(time, row) {
    const {frame, canvas_view: canvas} = this.view;
    const {x, y} = canvas.el.getBoundingClientRect();
    return [
      x + frame.x_scale.compute(time),
      y + frame.y_scale.compute(this._tops[row] + this._layout.row / 2),
    ];
  }

  sourceOf(layer) {
    return this._sources[layer];
  }

  _emit(type, detail) {
    this.dispatchEvent(new CustomEvent(type, {detail}));
  }

  get _pixel() {
    return (this.range.end - this.range.start) / (this.view.frame?.bbox.width || 1000);
  }

  _later() {
    if (this._pending) return;
    this._pending = true;
    requestAnimationFrame(() => {
      this._pending = false;
      this._update();
    });
  }

  /** Give Bokeh more if the view has left what it has, and write names into bars. */
  _update() {
    const {start, end} = this.range;
    const drawn = this._drawn;
    const ratio = drawn === null ? 0 : this._pixel / drawn.pixel;
    if (drawn === null || start < drawn.start || end > drawn.end || ratio < 0.5 || ratio > 1.5) {
      this.refresh();
    } else {
      this._label();
    }
  }

  refresh() {
    const {start, end} = this.range;
    const margin = (end - start) / 2;
    const pixel = this._pixel;
    this._drawn = {start: start - margin, end: end + margin, pixel};
    const {run} = this;
    const layers = {plans: [], around: [], bars: [], failed: [], cut: [], differing: []};
    for (const bar of this._inView(this._drawn)) {
      const {kind, outcome, differs, hasEnded} = run.looks[run.look[bar]];
      if (kind === "planned") layers.plans.push(bar);
      else if (outcome === "failed") layers.failed.push(bar);
      else if (kind === "setup" || kind === "teardown") layers.around.push(bar);
      else layers.bars.push(bar);
      if (!hasEnded) layers.cut.push(bar);
      if (differs) layers.differing.push(bar);
    }
    // Where several share a pixel, a test covers what is around it, and a failure is never covered.
    this.drawnBars = layers.around.concat(layers.bars, layers.failed);
    this._wide = this.drawnBars.filter((bar) => run.right[bar] - run.left[bar] > 12 * pixel);
    this._fill("plans", layers.plans);
    this._fill("bars", this.drawnBars);
    this._fill("cut", layers.cut);
    this._fill("differing", layers.differing);
    this._fill("current", this.current === undefined || this.current === null ? [] : [this.current]);
    this._mark();
    this._label();
  }

  /** The bars to be drawn between two moments, in the order in which they began. */
  _inView({start, end, pixel}) {
    const {byBegin, left, right, row} = this.run;
    const width = Math.ceil((end - start) / pixel) + 1;
    const narrow = new Map(); // by row and pixel, where in `found` the bar is that stands for it
    const found = [];
    for (const bar of byBegin) {
      if (left[bar] > end) break;
      if (right[bar] < start || this.shown[bar] === 0) continue;
      if (right[bar] - left[bar] >= pixel) {
        found.push(bar);
        continue;
      }
      const place = row[bar] * width + Math.floor((left[bar] - start) / pixel);
      const other = narrow.get(place);
      if (other === undefined) narrow.set(place, found.push(bar) - 1);
      else if (this._weight(bar) > this._weight(found[other])) found[other] = bar;
    }
    return found;
  }

  _weight(bar) {
    return this._weights[this.run.look[bar]] + (this.matched !== null && this.matched[bar] ? 10 : 0);
  }

  _fill(layer, bars) {
    const {run, matched} = this;
    const pixel = this._drawn?.pixel ?? this._pixel;
    const height = this._layout.row;
    const inset = layer === "plans" || layer === "current" || layer === "differing" ? 0 : 1.5;
    this._sources[layer].data = {
      left: Float64Array.from(bars, (bar) => run.left[bar]),
      right: Float64Array.from(bars, (bar) => Math.max(run.right[bar], run.left[bar] + pixel)),
      top: Float64Array.from(bars, (bar) => this._tops[run.row[bar]] + inset),
      bottom: Float64Array.from(bars, (bar) => this._tops[run.row[bar]] + height - inset),
      color: bars.map((bar) => this._colors[run.look[bar]]),
      alpha: Float64Array.from(bars, (bar) => (matched === null || matched[bar] ? 1 : 0.18)),
    };
  }

  /** Put a mark at each finding that is in sight; of those that cover each other, at the first. */
  _mark() {
    const {tops, heading, row} = this._layout;
    const {findings} = this.run;
    const {start, end, pixel} = this._drawn;
    const taken = new Set();
    this._marked = this.found.filter((index) => {
      const {time, lane} = findings[index];
      const place = `${lane} ${Math.floor(time / (3 * pixel))}`;
      if (time < start || time > end || taken.has(place)) return false;
      taken.add(place);
      return true;
    });
    this._sources.marks.data = {
      x: this._marked.map((index) => findings[index].time),
      y: this._marked.map((index) => tops[findings[index].lane] + heading + row / 2),
    };
  }

  /** Write the names into the bars that are wide enough, where they are in sight. */
  _label() {
    const {start, end} = this.range;
    const {run} = this;
    const pixel = this._pixel;
    const rows = {x: [], y: [], text: [], alpha: []};
    for (const bar of this._wide) {
      const from = Math.max(run.left[bar], start);
      const room = Math.floor(((Math.min(run.right[bar], end) - from) / pixel - 8) / CHARACTER);
      if (room < 3) continue;
      const text = shortName(run.bar(bar));
      rows.x.push(from);
      rows.y.push(this._tops[run.row[bar]] + this._layout.row / 2);
      rows.text.push(text.length <= room ? text : `${text.slice(0, room - 1)}…`);
      rows.alpha.push(this.matched === null || this.matched[bar] ? 1 : 0.25);
    }
    this._sources.labels.data = rows;
  }
}

/** How much a bar matters where there is room for only one. */
function weight({kind, outcome, differs, hasEnded}) {
  if (outcome === "failed") return 4;
  if (differs || !hasEnded) return 3;
  if (outcome === "skipped") return 2;
  return kind === "call" ? 1 : 0;
}

/** What is written into a bar. */
function shortName({kind, name, test}) {
  if (kind === "set up" || kind === "setup") return "setup";
  if (kind === "torn down" || kind === "teardown") return "teardown";
  if ((kind === "call" || kind === "loop") && test !== null) return test.id.slice(test.id.indexOf("::") + 2);
  return name;
}
