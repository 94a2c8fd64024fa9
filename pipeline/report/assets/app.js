// Puts the parts of the page together.

const number = (value) => value.toLocaleString("en");
const dayCell = (text) => el("span", { class: "day" }, text || "–");

function unpackAssertions(data) {
  data.assertions = data.assertions.map(([subject, metric, phase, confirmed, value, amount, vague, due, firstSeen, sources, status, company, title, claims], index) =>
    ({ index, subject, metric, phase, confirmed: Boolean(confirmed), value, amount, vague: Boolean(vague), due, firstSeen, sources, status, company, title, claims }));
  data.links = data.links.map(([rule, source, target, days]) => ({ rule, source, target, days }));
  data.deals = data.deals.map(([supplier, customer, assertion]) => {
    const { claims, sources, firstSeen } = data.assertions[assertion];
    return { supplier, customer, claims, sources, firstSeen, name: `${supplier} supplies ${customer}` };
  });
}

function tiles(data, openAll) {
  const { claims, assertions } = data;
  const all = [...claims.id.keys()];
  const confirmed = all.filter((index) => claims.label[index]);
  const corroborated = assertions.filter((row) => row.sources > 1);
  const slipped = data.links.filter((link) => link.rule === "supersede.slipped").map((link) => assertions[link.source]);
  const disputed = data.links.filter((link) => link.rule.startsWith("contradict.")).flatMap((link) => [assertions[link.source], assertions[link.target]]);
  const claimsOf = (rows) => [...new Set(rows.flatMap((row) => row.claims))];
  const entries = [
    ["claims", all.length, all], ["confirmed", confirmed.length, confirmed],
    ["assertions", assertions.length, claimsOf(assertions)], ["told by several sources", corroborated.length, claimsOf(corroborated)],
    ["deadlines that slipped", slipped.length, claimsOf(slipped)], ["contradictions", disputed.length / 2, claimsOf(disputed)],
  ];
  byId("tiles").replaceChildren(...entries.map(([name, count, indexes]) => el("div", { class: "tile" },
    el("strong", {}, el("button", { type: "button", class: "number", onclick: () => openAll(name, indexes) }, number(count))), name)));
}

function historyTable(place, data, label, height) {
  return new VirtualTable(place, {
    label, height,
    columns: [
      { name: "Day", width: "5.6rem", cell: (row) => dayCell(row[0]), sort: (row) => row[0] },
      { name: "Subject", width: 4, cell: (row) => data.subjects[row[1]], sort: (row) => data.subjects[row[1]] },
      { name: "Metric", width: 3, cell: (row) => row[2], sort: (row) => row[2] },
      { name: "What", width: 4, cell: (row) => el("span", { class: row[6] ? "confirmed" : "aspirational" }, row[3]), sort: (row) => row[3] },
      { name: "Amount", width: 3, cell: (row) => row[4] || "–", sort: (row) => row[4] },
      { name: "Target", width: "5.6rem", cell: (row) => dayCell(row[5]), sort: (row) => row[5] },
    ],
    open: (row) => showEvidence(data, `${data.subjects[row[1]]}: ${row[2]}, ${row[3]}`, row[7]),
  });
}

function claimsTable(data) {
  const { claims, documents, subjects } = data;
  const published = (index) => documents[claims.document[index]][3];
  const table = new VirtualTable(byId("table"), {
    label: "Claims", height: 560,
    columns: [
      { name: "Label", width: 2.2, cell: (i) => el("span", { class: claims.label[i] ? "confirmed" : "aspirational" }, claims.label[i] ? "confirmed" : "aspirational"), sort: (i) => claims.label[i] },
      { name: "Kind", width: 2.2, cell: (i) => data.kinds[claims.kind[i]], sort: (i) => data.kinds[claims.kind[i]] },
      { name: "Subject", width: 3, cell: (i) => subjects[claims.subject[i]], sort: (i) => subjects[claims.subject[i]] },
      { name: "What", width: 5, cell: (i) => claims.what[i], sort: (i) => claims.value[i] ?? claims.what[i] },
      { name: "Date", width: 2.5, cell: (i) => claims.date[i] || "–", sort: (i) => claims.date[i] },
      { name: "Published", width: "5.6rem", cell: (i) => dayCell(published(i)), sort: published },
      { name: "Publisher", width: 2.5, cell: (i) => documents[claims.document[i]][1] || "–", sort: (i) => documents[claims.document[i]][1] },
    ],
    open: (i) => showEvidence(data, `${subjects[claims.subject[i]]}: ${claims.what[i]}`, [i]),
  });
  const texts = [];
  const text = (i) => (texts[i] ??= [subjects[claims.subject[i]], claims.what[i], claims.says[i], documents[claims.document[i]].join(" "), ...claims.passages[i].map(([words]) => words)].join(" ").toLowerCase());
  const filter = () => {
    const words = byId("search").value.toLowerCase().split(/\s+/).filter(Boolean);
    const label = byId("label").value, kind = byId("kind").value;
    const rows = [];
    for (let i = 0; i < claims.id.length; i += 1) {
      if (label && (label === "confirmed") !== Boolean(claims.label[i])) continue;
      if (kind && data.kinds[claims.kind[i]] !== kind) continue;
      if (words.length && !words.every((word) => text(i).includes(word))) continue;
      rows.push(i);
    }
    table.show(rows);
    byId("found").textContent = `${number(rows.length)} of ${number(claims.id.length)} claims`;
  };
  byId("kind").append(...data.kinds.map((kind) => el("option", {}, kind)));
  let waiting;
  byId("search").addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(filter, 150); });
  for (const id of ["label", "kind"]) byId(id).addEventListener("change", filter);
  filter();
}

function signalsTable(data) {
  const shown = (row) => el("button", { type: "button", class: "number", tabindex: "-1" }, row[4]);
  const table = new VirtualTable(byId("values"), {
    label: "Values of the signals", height: 560,
    columns: [
      { name: "Signal", width: 2, cell: (row) => row[0], sort: (row) => row[0] },
      { name: "About", width: 4, cell: (row) => `${row[3]} (${row[2]})`, sort: (row) => row[3] },
      { name: "Measure", width: 3, cell: (row) => row[1].replaceAll("_", " "), sort: (row) => row[1] },
      { name: "Value", width: 2, cell: shown, sort: (row) => row[5] },
      { name: "Rests on", width: 2, cell: (row) => `${row[6]} assertions`, sort: (row) => row[6] },
      { name: "Note", width: 6, cell: (row) => row[7] || "–", sort: (row) => row[7] },
    ],
    open: (row) => showEvidence(data, `${row[3]}: ${row[1].replaceAll("_", " ")}, ${row[4]}`, row[8]),
  });
  const filter = () => {
    const about = byId("about").value.toLowerCase(), signal = byId("signal").value, known = byId("known").checked;
    table.show(data.signals.filter((row) => row[3].toLowerCase().includes(about) && (!signal || row[0] === signal) && (!known || row[6])));
  };
  for (const id of ["about", "signal", "known"]) byId(id).addEventListener("input", filter);
  filter();
}

function dealsTable(data, open) {
  new VirtualTable(byId("deals"), {
    label: "Deals", height: 320,
    columns: [
      { name: "Supplier", width: 4, cell: (deal) => deal.supplier, sort: (deal) => deal.supplier },
      { name: "Customer", width: 4, cell: (deal) => deal.customer, sort: (deal) => deal.customer },
      { name: "First told", width: "5.6rem", cell: (deal) => dayCell(deal.firstSeen), sort: (deal) => deal.firstSeen },
      { name: "Independent sources", width: 2, cell: (deal) => String(deal.sources), sort: (deal) => deal.sources },
    ],
    open,
  }).show(data.deals);
}

function subjectPicker(data, open) {
  const told = new Map();
  const weight = (row) => (row.company ? 1e-6 : /^(power|acc)/.test(row.metric) ? 3 : row.metric.startsWith("milestone") ? 2 : 0.1);
  for (const row of data.assertions) told.set(row.subject, (told.get(row.subject) || 0) + weight(row)); // what has a timeline first
  const known = [...told.keys()].sort((a, b) => told.get(b) - told.get(a) || a - b).filter((index) => data.subjects[index] !== "–");
  const byName = new Map(known.map((index) => [data.subjects[index].toLowerCase(), index]).reverse());
  byId("subjects").append(...known.slice(0, 500).map((index) => el("option", { value: data.subjects[index] })));
  const table = historyTable(byId("history"), data, "History", 420);
  const choose = () => {
    const index = byName.get(byId("subject").value.trim().toLowerCase());
    if (index === undefined) { byId("subject-note").textContent = "no such site or company here"; return; }
    byId("subject-note").textContent = "";
    drawTimeline(data, index, open);
    table.show(data.history.filter((row) => row[1] === index));
  };
  byId("subject").addEventListener("change", choose);
  if (known.length) { byId("subject").value = data.subjects[known[0]]; choose(); }
}

function themeSwitch() {
  const dark = () => document.documentElement.dataset.theme ? document.documentElement.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  const tell = () => { byId("theme").setAttribute("aria-pressed", dark()); };
  byId("theme").addEventListener("click", () => { document.documentElement.dataset.theme = dark() ? "light" : "dark"; tell(); });
  tell();
}

(async () => {
  themeSwitch();
  for (const form of document.querySelectorAll("main form")) form.addEventListener("submit", (event) => event.preventDefault());
  const data = await readData();
  unpackAssertions(data);
  const open = (row) => showEvidence(data, row.title || row.name, row.claims);
  byId("facts").textContent = `${number(data.claims.id.length)} claims of ${number(data.documents.length)} articles, as of ${data.asOf || "no date"}`;
  tiles(data, (name, claims) => showEvidence(data, name, claims));
  drawLargest(data, open);
  historyTable(byId("changes"), data, "What changed last", 380).show(data.history.filter((row) => row[0]).toSorted((a, b) => (a[0] < b[0] ? 1 : a[0] > b[0] ? -1 : 0)).slice(0, 200));
  subjectPicker(data, open);
  claimsTable(data);
  drawNetwork(data, open);
  dealsTable(data, open);
  signalsTable(data);
  document.documentElement.dataset.ready = "yes";
})();
