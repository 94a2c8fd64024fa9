// Who supplies whom: the companies with most deals as a graph, all deals as a table.

const NODES = 60;

function drawNetwork(data, open) {
  const degree = new Map();
  for (const { supplier, customer } of data.deals) {
    degree.set(supplier, (degree.get(supplier) || 0) + 1);
    degree.set(customer, (degree.get(customer) || 0) + 1);
  }
  const names = [...degree.keys()].sort((a, b) => degree.get(b) - degree.get(a) || (a < b ? -1 : 1)).slice(0, NODES);
  const nodes = names.map((name) => ({ id: name, degree: degree.get(name) }));
  const kept = new Set(names);
  const edges = data.deals.filter((deal) => kept.has(deal.supplier) && kept.has(deal.customer))
    .map((deal) => ({ source: deal.supplier, target: deal.customer, deal }));
  if (!nodes.length) { byId("graph").replaceChildren(el("p", { class: "faint" }, "No confirmed deal names a supplier and a customer.")); return; }
  const width = 960, height = Math.min(160 + nodes.length * 12, 720);
  d3.forceSimulation(nodes).force("link", d3.forceLink(edges).id((node) => node.id).distance(130))
    .force("charge", d3.forceManyBody().strength(-420)).force("x", d3.forceX(width / 2).strength(0.05))
    .force("y", d3.forceY(height / 2).strength(0.11)).force("apart", d3.forceCollide(26)).stop().tick(300);
  for (const node of nodes) {
    node.x = Math.min(Math.max(node.x, 60), width - 110);
    node.y = Math.min(Math.max(node.y, 20), height - 20);
  }
  const head = svg("marker", { id: "head", viewBox: "0 0 8 8", refX: 8, refY: 4, markerWidth: 7, markerHeight: 7, orient: "auto" },
    svg("path", { d: "M0,0L8,4L0,8Z", fill: "var(--faint)" }));
  const lines = edges.map(({ source, target, deal }) => {
    const length = Math.hypot(target.x - source.x, target.y - source.y) || 1, back = radius(target) + 3;
    const line = svg("line", { class: "edge", x1: source.x, y1: source.y, "stroke-width": 1 + Math.min(deal.sources, 4) / 2, "marker-end": "url(#head)",
      x2: target.x - ((target.x - source.x) / length) * back, y2: target.y - ((target.y - source.y) / length) * back },
      svg("title", {}, `${deal.supplier} supplies ${deal.customer}`));
    line.addEventListener("click", () => open(deal));
    return line;
  });
  const circles = nodes.map((node) => {
    const group = svg("g", { class: "node", transform: `translate(${node.x},${node.y})` },
      svg("circle", { r: radius(node) }), svg("text", { y: -radius(node) - 4, "text-anchor": "middle" }, shorten(node.id)), svg("title", {}, `${node.id}: ${node.degree} deals`));
    group.addEventListener("click", () => open({ name: node.id, claims: data.deals.filter((deal) => [deal.supplier, deal.customer].includes(node.id)).flatMap((deal) => deal.claims) }));
    return group;
  });
  byId("graph").replaceChildren(svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": "Graph of suppliers and customers; the table below lists every deal" },
    svg("defs", {}, head), ...lines, ...circles));
  if (degree.size > NODES) byId("graph").append(el("p", { class: "faint" }, `The ${NODES} companies with most deals of ${degree.size}; the table has all.`));
}

const radius = (node) => 5 + Math.sqrt(node.degree) * 2.5;
