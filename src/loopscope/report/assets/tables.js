"use strict";
/* What stands above and below the chart. Texts become nodes by textContent, and in no other way. */

const MOST_FINDINGS = 300;

function element(tag, {text, ...properties} = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  if (text !== undefined) made.textContent = text;
  made.append(...children);
  return made;
}

function counted(number, noun) {
  return `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
}

function fillTotals(run) {
  const outcomes = new Map();
  for (const {outcome} of run.tests) outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  const totals = [[counted(run.tests.length, "test")]];
  for (const outcome of ["passed", "failed", "skipped", "unfinished"]) {
    const number = outcomes.get(outcome);
    if (number) totals.push([`${number.toLocaleString("en")} ${outcome}`, outcome === "failed"]);
  }
  const loops = run.loopsPerScope.reduce((sum, {opened}) => sum + opened, 0);
  totals.push([counted(loops, "loop")]);
  totals.push([counted(run.findings.length, "finding"), run.findings.length > 0]);
  totals.push([duration(run.end)]);
  const list = document.getElementById("totals");
  for (const [text, wrong] of totals) list.append(element("li", {text, className: wrong ? "wrong" : ""}));
  const facts = Object.entries(run.facts).map(([name, value]) => `${name} ${value}`);
  document.getElementById("facts").textContent = facts.join(" · ");
  document.getElementById("cut-off").hidden = run.isComplete;
}

function fillLegend() {
  const entries = [
    ["passed"], ["failed"], ["skipped"], ["setup"], ["teardown"], ["loop", "loop open"],
    ["task", "task of a scope"], ["fixture", "fixture alive"], ["plan", "planned", "hollow"],
    ["off-plan", "ran off its plan", "off-plan"], ["unfinished", "had not ended", "hatched"],
    ["finding", "finding", "diamond"],
  ];
  const list = document.getElementById("legend");
  for (const [color, text = color, className = ""] of entries) {
    const swatch = element("i", {className});
    swatch.style.background = `var(--${color})`;
    list.append(element("li", {}, swatch, text));
  }
}

function fillLanes(run, layout, top) {
  const list = document.getElementById("lanes");
  let process = null;
  for (const [number, lane] of run.lanes.entries()) {
    const item = element("li");
    if (lane.process && lane.process !== process) {
      item.append(element("b", {text: lane.process}));
      item.className = "process";
    }
    process = lane.process;
    item.append(lane.label);
    item.style.top = `${top + layout.tops[number]}px`;
    item.style.paddingLeft = `${8 + lane.depth * 14}px`;
    list.append(item);
  }
}

function table(columns, rows) {
  const head = element("tr", {}, ...columns.map(({title, className = ""}) => element("th", {text: title, className})));
  const body = rows.map((row) =>
    element("tr", {}, ...columns.map(({className = "", cell, wrong}) => {
      const content = cell(row);
      const td = element("td", {className: wrong?.(row) ? `${className} wrong` : className});
      td.append(content ?? "–");
      return td;
    })),
  );
  return element("div", {className: "scroll", tabIndex: 0},
    element("table", {}, element("thead", {}, head), element("tbody", {}, ...body)));
}

function fillTables(run, search) {
  const number = (title, cell, wrong) => ({title, cell, wrong, className: "number"});
  const slowest = document.getElementById("slowest");
  slowest.append(run.slowestFixtures.length === 0 ? nothing("No fixture was set up.") : table([
    {title: "fixture", cell: ({name}) => {
      const button = element("button", {type: "button", text: name, title: "search for it"});
      button.addEventListener("click", () => search(name));
      return button;
    }},
    {title: "scope", cell: ({scope}) => scope},
    number("times", ({times}) => times.toLocaleString("en")),
    number("setup", ({setup}) => duration(setup)),
    number("teardown", ({teardown}) => duration(teardown)),
    number("slowest", ({slowest: one}) => duration(one)),
    number("total", ({total}) => duration(total)),
    {title: "at", cell: ({origin}) => origin, className: "path"},
  ], run.slowestFixtures));
  const loops = document.getElementById("loops");
  loops.append(run.loopsPerScope.length === 0 ? nothing("No loop was planned or opened.") : table([
    {title: "scope", cell: ({scope}) => scope},
    {title: "backend", cell: ({backend}) => backend},
    number("planned", ({planned}) => planned?.toLocaleString("en")),
    number("opened", ({opened}) => opened.toLocaleString("en")),
    number("tests on them", ({tests}) => tests.toLocaleString("en")),
    number("of these off plan", ({differing}) => differing.toLocaleString("en"), ({differing}) => differing > 0),
    number("open for", ({seconds}) => duration(seconds)),
    {title: "because of", cell: ({because}) => because, className: "path"},
  ], run.loopsPerScope));
}

function nothing(text) {
  return element("p", {className: "nothing", text});
}

/** List the findings of a filter; the ones beyond the most are only counted. */
function fillFindings(findings, choose) {
  const section = document.getElementById("findings");
  section.querySelectorAll(":scope > :not(h2)").forEach((node) => node.remove());
  if (findings.length === 0) {
    section.append(nothing("Nothing was found to be wrong."));
    return;
  }
  const items = findings.slice(0, MOST_FINDINGS).map(({finding, index}) => {
    const message = element("span", {className: "message"}, element("pre", {text: finding.text}));
    if (finding.test !== null) message.append(element("span", {className: "of", text: finding.test.id}));
    const button = element("button", {type: "button"},
      element("time", {text: moment(finding.time)}),
      element("span", {className: "code", text: finding.code}),
      message);
    button.addEventListener("click", () => choose(index));
    return element("li", {}, button);
  });
  section.append(element("ol", {}, ...items));
  if (findings.length > MOST_FINDINGS) {
    section.append(nothing(`and ${(findings.length - MOST_FINDINGS).toLocaleString("en")} more: filter by module or outcome`));
  }
}

/** Describe a bar or a finding, for the tooltip and for the page. */
function card({bar, finding}) {
  const made = document.getElementById("card").content.cloneNode(true);
  const put = (name, text) => { made.querySelector(`.${name}`).textContent = text ?? ""; };
  const more = made.querySelector(".more");
  const line = (name, text, className = "") =>
    more.append(element("dt", {text: name}), element("dd", {text, className}));
  if (finding !== undefined) {
    put("name", finding.code);
    put("what", `finding · at ${moment(finding.time)}`);
    put("where", finding.test?.origin);
    put("text", finding.text);
    if (finding.test !== null) line("test", finding.test.id);
  } else {
    put("name", bar.name);
    put("what", told(bar));
    put("where", bar.origin);
    put("text", bar.text);
    if (bar.kind === "loop" || bar.kind === "planned") made.querySelector(".text").classList.add("plain");
    else if (bar.differs) {
      line("planned on", bar.planned);
      line("ran on", bar.observed, "wrong");
    } else if (bar.observed ?? bar.planned) line("loop", bar.observed ?? bar.planned);
    if (bar.test !== null && bar.test.id !== bar.name) line("test", bar.test.id);
    if (bar.test?.vocabulary) line("written for", bar.test.vocabulary);
  }
  return element("div", {}, made);
}
