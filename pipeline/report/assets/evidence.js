// The dialog that shows the sentences behind a number.

const MANY = 100;

function showEvidence(data, title, claims) {
  byId("evidence-title").textContent = title;
  const shown = claims.slice(0, MANY).map((index) => claimCard(data, index));
  if (claims.length > MANY) shown.push(el("p", {}, `${claims.length - MANY} more are in the table of claims.`));
  if (!claims.length) shown.push(el("p", {}, "No claim stands behind this."));
  byId("passages").replaceChildren(...shown);
  byId("evidence").showModal();
  byId("evidence").scrollTop = 0;
}

function claimCard(data, index) {
  const { claims, documents } = data;
  const [title, publisher, url, published] = documents[claims.document[index]];
  const label = claims.label[index] ? "confirmed" : "aspirational";
  const facts = [publisher, published || "no publication date", claims.says[index]].filter(Boolean).join(" · ");
  return el("article", { class: "claim" },
    el("p", {}, el("strong", { class: label }, label), ` ${data.subjects[claims.subject[index]]}: ${claims.what[index]}`,
      claims.date[index] ? ` · ${claims.date[index]}` : ""),
    ...claims.passages[index].map(passage),
    el("p", { class: "faint" }, `${claims.decision[index]} · ${facts}`),
    claims.correction[index] ? el("p", {}, el("span", { class: "fix" }, `corrected: ${claims.correction[index]}`)) : null,
    el("p", {}, title ? `${title} ` : "", url ? link(url) : el("span", { class: "faint" }, "no address known")));
}

function passage([text, marks]) {
  // Offsets count code points, as in the records.
  const points = Array.from(text);
  const quote = el("blockquote", {});
  let at = 0;
  for (const [start, end, kind, note] of marks) {
    if (start < at) continue;
    quote.append(points.slice(at, start).join(""));
    quote.append(el("mark", { class: kind, title: note || kind }, points.slice(start, end).join("")));
    at = end;
  }
  quote.append(points.slice(at).join(""));
  return quote;
}
