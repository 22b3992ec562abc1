"use strict";
/* Controls and keys. */

(async () => {
  const read = (id) => JSON.parse(document.getElementById(id).textContent);
  const layout = read("data");
  const run = new Run(layout);
  const chart = new Chart(run, layout);
  const at = (id) => document.getElementById(id);
  const [search, module, backend, outcome, differing] =
    ["search", "module", "backend", "outcome", "differing"].map(at);
  let matches = [];
  let findings = [];
  let match = -1;
  let finding = -1;

  fillTotals(run);
  fillLegend();
  fillTables(run, (name) => {
    search.value = name;
    find();
    at("chart").scrollIntoView({block: "nearest"});
    search.focus();
  });
  const options = (select, values) => {
    const known = [...new Set(values)].filter((value) => value !== null).sort();
    select.append(...known.map((value) => element("option", {value, text: value})));
  };
  options(module, run.tests.map((test) => test.module));
  options(backend, run.subjects.map((subject) => subject.backend));
  options(outcome, run.tests.map((test) => test.outcome));

  const keeps = ({test, module: inModule, backend: on}) =>
    (!module.value || inModule === null || inModule === module.value) &&
    (!backend.value || on === backend.value) &&
    (!outcome.value || test === null || test.outcome === outcome.value);

  function filter() {
    const kept = run.subjects.map(keeps);
    const mask = new Uint8Array(run.size);
    for (let bar = 0; bar < run.size; bar += 1) {
      const differs = run.looks[run.look[bar]].differs;
      mask[bar] = kept[run.subject[bar]] && (!differing.checked || differs) ? 1 : 0;
    }
    findings = [...run.findings.keys()].filter((index) => {
      const {test} = run.findings[index];
      return test === null ? !module.value && !outcome.value : keeps({test, ...test});
    });
    finding = -1;
    at("next-finding").disabled = findings.length === 0;
    fillFindings(findings.map((index) => ({finding: run.findings[index], index})), goTo);
    chart.keep(mask, findings);
    find();
  }

  function find() {
    const wanted = search.value.trim().toLowerCase();
    matches = [];
    match = -1;
    let mask = null;
    if (wanted) {
      const hit = run.subjects.map(({name, origin, observed, planned, test}) =>
        [name, origin, observed, planned, test?.id].some((text) => text?.toLowerCase().includes(wanted)));
      mask = new Uint8Array(run.size);
      for (const bar of run.byBegin) {
        if (chart.shown[bar] && (hit[run.subject[bar]] || run.note(bar).toLowerCase().includes(wanted))) {
          mask[bar] = 1;
          matches.push(bar);
        }
      }
    }
    chart.highlight(mask);
    at("next-match").disabled = matches.length === 0;
    report();
  }

  function report() {
    const shown = new Set();
    for (let bar = 0; bar < run.size; bar += 1) {
      const {test} = run.subjects[run.subject[bar]];
      if (chart.shown[bar] && test !== null) shown.add(test);
    }
    const words = [];
    if (shown.size !== run.tests.length) words.push(`${shown.size.toLocaleString("en")} of ${counted(run.tests.length, "test")}`);
    if (search.value.trim()) words.push(match < 0 ? counted(matches.length, "bar") + " found" : `${match + 1} of ${counted(matches.length, "bar")}`);
    at("status").textContent = words.join(", ");
  }

  function nextMatch(step) {
    if (matches.length === 0) return;
    match = (match + step + matches.length) % matches.length;
    chart.reveal(matches[match]);
    report();
  }

  function nextFinding(step) {
    if (findings.length === 0) return;
    finding = finding < 0 && step < 0 ? findings.length - 1 : (finding + step + findings.length) % findings.length;
    goTo(findings[finding]);
  }

  function goTo(index) {
    finding = findings.indexOf(index);
    chart.centre(run.findings[index].time);
    chart.choose(null);
    at("details").replaceChildren(card({finding: run.findings[index]}));
    at("chart").scrollIntoView({block: "nearest"});
  }

  chart.addEventListener("choice", ({detail: bar}) => {
    at("details").replaceChildren(...(bar === null ? [] : [card({bar: run.bar(bar)})]));
  });
  chart.addEventListener("finding", ({detail: index}) => goTo(index));

  await chart.draw(at("plot"), read("plot-model"), card);
  fillLanes(run, layout, chart.view.frame.bbox.top);
  filter();

  at("controls").addEventListener("submit", (event) => event.preventDefault());
  search.addEventListener("input", find);
  search.addEventListener("keydown", (event) => {
    if (event.key === "Enter") nextMatch(event.shiftKey ? -1 : 1);
    if (event.key === "Escape") {
      search.value = "";
      find();
      at("chart").focus();
    }
  });
  for (const control of [module, backend, outcome, differing]) control.addEventListener("change", filter);

  const actions = {
    "zoom-in": () => chart.zoom(0.5),
    "zoom-out": () => chart.zoom(2),
    reset: () => chart.reset(),
    "next-match": () => nextMatch(1),
    "next-finding": () => nextFinding(1),
  };
  for (const [id, action] of Object.entries(actions)) at(id).addEventListener("click", action);

  const anywhere = {
    "+": actions["zoom-in"],
    "=": actions["zoom-in"],
    "-": actions["zoom-out"],
    "0": actions.reset,
    "/": () => search.focus(),
    n: () => nextFinding(1),
    p: () => nextFinding(-1),
  };
  const onChart = {
    ArrowLeft: () => chart.pan(-0.2),
    ArrowRight: () => chart.pan(0.2),
    ArrowUp: actions["zoom-in"],
    ArrowDown: actions["zoom-out"],
    Home: () => chart.pan(-1e9),
    End: () => chart.pan(1e9),
    Escape: () => chart.choose(null),
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, select")) return;
    const action = anywhere[event.key] ?? (at("chart").contains(event.target) ? onChart[event.key] : undefined);
    if (action) {
      event.preventDefault();
      action();
    }
  });
  window.timeline = {run, chart, readyAfter: performance.now()};
  document.documentElement.dataset.ready = "true";
})();
