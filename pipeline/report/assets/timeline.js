// What was promised and what is confirmed of one subject, over time, with the moves of deadlines drawn.

const day = (text) => (text ? new Date(`${text}T00:00:00Z`) : null);
const CHARTS = [["power.load", "MW", "Power, MW"], ["accelerators", "accelerator", "AI chips"]];
const MOVES = ["supersede.slipped", "supersede.pulled_forward", "supersede.grew", "supersede.shrank"];
const color = (row) => (row.confirmed ? "var(--confirmed)" : "var(--aspirational)");

function drawTimeline(data, subject, open) {
  const own = data.assertions.filter((assertion) => assertion.subject === subject);
  const moves = data.links.filter((link) => MOVES.includes(link.rule));
  const charts = CHARTS.map(([metric, , title]) => amounts(data, own.filter((row) => row.metric === metric && row.value !== null), moves, title, open));
  charts.push(steps(data, own.filter((row) => row.metric.startsWith("milestone.")), moves, open));
  const drawn = charts.filter(Boolean);
  byId("timeline").replaceChildren(...(drawn.length ? drawn : [el("p", { class: "faint" }, "Nothing dated is told of its power, chips or steps.")]));
}

function points(rows) {
  return rows.map((row) => ({ ...row, told: day(row.firstSeen), at: row.phase === "planned" ? day(row.due) || day(row.firstSeen) : day(row.firstSeen) }))
    .filter((row) => row.at);
}

function arrows(data, rows, moves) {
  const at = new Map(rows.map((row) => [row.index, row]));
  return moves.filter((link) => at.has(link.source) && at.has(link.target))
    .map((link) => ({ from: at.get(link.target), to: at.get(link.source), title: `${data.rules[link.rule]}${link.days ? `, ${link.days} days` : ""}` }));
}

function framed(title, plot, open, rows) {
  plot.setAttribute("role", "img");
  plot.setAttribute("aria-label", `${title}: ${rows.length} entries, listed in the table of the history`);
  plot.addEventListener("click", () => { if (plot.value) open(plot.value); });
  return el("div", { class: "chart" }, el("h3", {}, title), plot);
}

// The amount as it was told, with its bound; of a promise the date by which.
const told = (row) => [row.amount, row.phase === "planned" && row.due ? `by ${row.due}` : ""].filter(Boolean).join(" ");

function amounts(data, rows, moves, title, open) {
  const all = points(rows);
  if (!all.length) return null;
  const confirmed = all.filter((row) => row.confirmed).sort((a, b) => a.at - b.at);
  const planned = all.filter((row) => row.phase === "planned");
  const plot = Plot.plot({
    width: 900, height: 280, marginLeft: 70, marginRight: 190, x: { type: "utc", label: null }, y: { label: null, zero: true, grid: true, tickFormat: ",~r" },
    marks: [
      Plot.ruleX([day(data.asOf)].filter(Boolean), { stroke: "var(--faint)", strokeDasharray: "2,4" }),
      Plot.link(planned.filter((row) => row.told), { x1: "told", x2: "at", y1: "value", y2: "value", stroke: "var(--aspirational)", strokeDasharray: "5,4" }),
      Plot.lineY(confirmed, { x: "at", y: "value", curve: "step-after", stroke: "var(--confirmed)", strokeWidth: 2 }),
      Plot.arrow(arrows(data, all, moves), { x1: (d) => d.from.at, y1: (d) => d.from.value, x2: (d) => d.to.at, y2: (d) => d.to.value, stroke: "var(--cue)", bend: true, inset: 6, title: "title" }),
      Plot.dot(all, { x: "at", y: "value", r: 5, stroke: color, fill: (row) => (row.confirmed ? "var(--confirmed)" : "var(--card)"), strokeWidth: 2 }),
      Plot.text(all, { x: "at", y: "value", text: told, dx: 9, textAnchor: "start", fill: color, fontSize: 11, stroke: "var(--paper)", strokeWidth: 3 }),
      Plot.tip(all, Plot.pointer({ x: "at", y: "value", title: (row) => `${row.title}\n${row.sources} independent ${row.sources === 1 ? "source" : "sources"}, ${row.status}` })),
    ],
  });
  return framed(title, plot, open, all);
}

function steps(data, rows, moves, open) {
  const all = points(rows).map((row) => ({ ...row, at: day(row.due) || row.at, step: row.metric.slice(10).replaceAll("_", " ") }));
  if (!all.length) return null;
  const plot = Plot.plot({
    width: 900, marginLeft: 150, marginRight: 110, marginTop: 10, x: { type: "utc", label: null, grid: true }, y: { label: null, type: "band" },
    marks: [
      Plot.ruleX([day(data.asOf)].filter(Boolean), { stroke: "var(--faint)", strokeDasharray: "2,4" }),
      Plot.link(all.filter((row) => row.phase === "planned" && row.told), { x1: "told", x2: "at", y1: "step", y2: "step", stroke: "var(--aspirational)", strokeDasharray: "5,4" }),
      Plot.text(all.filter((row) => row.phase === "planned" && row.due), { x: "at", y: "step", text: told, dx: 10, textAnchor: "start", fill: color, fontSize: 11, stroke: "var(--paper)", strokeWidth: 3 }),
      Plot.arrow(arrows(data, all, moves), { x1: (d) => d.from.at, y1: (d) => d.from.step, x2: (d) => d.to.at, y2: (d) => d.to.step, stroke: "var(--cue)", bend: true, inset: 6, title: "title" }),
      Plot.dot(all, { x: "at", y: "step", r: 6, stroke: color, fill: (row) => (row.confirmed ? "var(--confirmed)" : "var(--card)"), strokeWidth: 2 }),
      Plot.tip(all, Plot.pointer({ x: "at", y: "step", title: (row) => `${row.title}\n${row.status}` })),
    ],
  });
  return framed("Steps", plot, open, all);
}

function drawLargest(data, open) {
  const sums = new Map();
  for (const row of data.assertions) {
    if (row.metric !== "power.load" || row.value === null || row.company || !["open", "stands"].includes(row.status)) continue;
    if (row.phase === "actual" && !row.confirmed) continue;
    const key = `${row.subject} ${row.phase}`;
    const known = sums.get(key);
    if (!known || known.vague > row.vague || (known.vague === row.vague && known.value < row.value)) sums.set(key, row); // vague only if nothing else
  }
  const top = [...sums.values()].sort((a, b) => b.value - a.value).slice(0, 24);
  if (!top.length) { byId("largest").replaceChildren(el("p", { class: "faint" }, "No power is told.")); return; }
  const names = [...new Set(top.map((row) => row.subject))].slice(0, 12);
  const rows = top.filter((row) => names.includes(row.subject)).map((row) => ({ ...row, name: shorten(data.subjects[row.subject]) }));
  const longest = (row) => Math.max(...rows.filter((other) => other.name === row.name).map((other) => other.value));
  const plot = Plot.plot({
    width: 560, marginLeft: 170, marginRight: 115, height: 40 + 30 * names.length, x: { label: "MW", grid: true, tickFormat: ",~r" },
    y: { label: null, domain: names.map((name) => shorten(data.subjects[name])) },
    marks: [
      Plot.barX(rows.filter((row) => row.phase === "planned"), { x: "value", y: "name", fill: "none", stroke: "var(--aspirational)", strokeDasharray: "4,3", insetTop: 2, insetBottom: 2 }),
      Plot.barX(rows.filter((row) => row.phase === "actual"), { x: "value", y: "name", fill: "var(--confirmed)", insetTop: 6, insetBottom: 6 }),
      ...["planned", "actual"].map((phase, index) => Plot.text(rows.filter((row) => row.phase === phase), { x: longest, y: "name", text: "amount", textAnchor: "start", dx: 5, dy: 10 * index - 5, fontSize: 10, fill: color })),
      Plot.tip(rows, Plot.pointerY({ x: "value", y: "name", title: "title" })),
    ],
  });
  byId("largest").replaceChildren(framed("", plot, open, rows));
}

const shorten = (name) => (name.length > 26 ? `${name.slice(0, 25)}…` : name);
