"use strict";
/* Reads what loopscope/report/columns.py wrote. Times are in seconds from here on. */

const PHASES = new Set(["setup", "call", "teardown"]);
const DIFFERS = 1;
const UNENDED = 2;

class Run {
  constructor(written) {
    Object.assign(this, {
      facts: written.facts,
      end: written.end / 1e6,
      isComplete: written.is_complete,
      lanes: written.lanes,
      slowestFixtures: written.slowest_fixtures,
      loopsPerScope: written.loops_per_scope,
    });
    const strings = [];
    for (const text of written.strings) {
      strings.push(Array.isArray(text) ? text[0] + strings[text[1]] + text[2] : text);
    }
    this.tests = written.tests.map(([id, module, backend, origin, vocabulary, planned, outcome]) => ({
      id: strings[id],
      module: strings[module],
      backend: strings[backend],
      origin: strings[origin],
      vocabulary: strings[vocabulary],
      planned: strings[planned],
      outcome,
    }));
    this.findings = written.findings.map(([lane, time, code, text, test]) => ({
      lane,
      time: time / 1e6,
      code: strings[code],
      text: strings[text],
      test: this.tests[test] ?? null,
    }));
    this.looks = written.looks.map(([kind, outcome, flags]) => ({
      kind,
      outcome,
      differs: (flags & DIFFERS) !== 0,
      hasEnded: (flags & UNENDED) === 0,
    }));
    this._strings = strings;
    this._subjects = written.subjects;
    this._notes = new Map(written.notes.map(([bar, text]) => [bar, strings[text]]));
    const {row, begin, length, look, subject} = written.bars;
    this.size = row.length;
    this.row = Uint32Array.from(row);
    this.look = Uint16Array.from(look);
    this.subject = Uint32Array.from(subject);
    this.left = Float64Array.from(begin, (time) => time / 1e6);
    this.right = Float64Array.from(length, (time, index) => (begin[index] + time) / 1e6);
    this.byBegin = Uint32Array.from(row.keys()).sort((a, b) => this.left[a] - this.left[b]);
    this.subjects = this._subjects.map((_, index) => this._subject(index));
  }

  /** What a bar is about, apart from its time and its look. */
  _subject(index) {
    const [name = 0, test = 0, observed = 0, planned = 0, origin = 0, module = 0, backend = 0] =
      this._subjects[index];
    const strings = this._strings;
    const of = this.tests[test] ?? null;
    const isPhase = name === 0 && of !== null;
    return {
      test: of,
      name: isPhase ? of.id : strings[name],
      observed: strings[observed],
      planned: isPhase ? of.planned : strings[planned],
      origin: strings[origin] ?? of?.origin ?? null, // a test's loop is where the test is
      module: of === null ? strings[module] : of.module,
      backend: of === null ? strings[backend] : of.backend,
    };
  }

  /** All that is known of one bar. */
  bar(index) {
    return {
      ...this.subjects[this.subject[index]],
      ...this.looks[this.look[index]],
      begin: this.left[index],
      seconds: this.right[index] - this.left[index],
      text: this._notes.get(index) ?? null,
    };
  }

  note(index) {
    return this._notes.get(index) ?? "";
  }
}

/** A duration as people say it: three digits, in the unit that fits. */
function duration(seconds) {
  if (seconds >= 99.95) return `${Math.round(seconds)} s`;
  if (seconds >= 0.9995) return `${seconds.toPrecision(3)} s`;
  if (seconds >= 0.9995e-3) return `${(seconds * 1e3).toPrecision(3)} ms`;
  return `${Math.round(seconds * 1e6)} µs`;
}

function moment(seconds) {
  return `${seconds.toFixed(3)} s`;
}

/** How a bar's kind, outcome and time are said in a line. */
function told(bar) {
  const kinds = {"set up": "fixture, setup", "torn down": "fixture, teardown", planned: "planned loop"};
  const words = [kinds[bar.kind] ?? bar.kind];
  if (bar.outcome) words.push(bar.outcome);
  words.push(duration(bar.seconds) + (bar.hasEnded ? "" : " (had not ended)"));
  words.push(`from ${moment(bar.begin)}`);
  return words.join(" · ");
}
