"use strict";
const segments = [...document.querySelectorAll(".text [data-near], .text [data-hit], .text [data-at]")];
const cards = [...document.querySelectorAll(".card")];
const numbers = (element, name) => (element.dataset[name] || "").split(" ").filter(Boolean);

function clear() {
  for (const element of document.querySelectorAll(".near, .hit, .scope, .lit")) {
    element.classList.remove("near", "hit", "scope", "lit");
  }
}

function show(card) {
  clear();
  const claim = card.dataset.claim;
  card.classList.add("lit");
  document.getElementById(card.dataset.row)?.classList.add("lit");
  for (const segment of segments) {
    if (numbers(segment, "hit").includes(claim)) segment.classList.add("hit");
    else if (numbers(segment, "near").includes(claim)) segment.classList.add("near");
  }
}

function govern(cue) {
  const [start, end] = cue.dataset.scope.split(" ").map(Number);
  for (const segment of segments) {
    const at = Number(segment.dataset.at);
    if (at >= start && at < end) segment.classList.add("scope");
  }
}

function bringIntoView(element) {
  element?.scrollIntoView({ block: "nearest" });
}

for (const card of cards) {
  const first = () => segments.find((segment) => numbers(segment, "hit").includes(card.dataset.claim));
  card.addEventListener("mouseenter", () => show(card));
  card.addEventListener("focusin", () => { show(card); bringIntoView(first()); });
  card.addEventListener("click", () => bringIntoView(first()));
  card.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const next = step && cards[cards.indexOf(card) + step];
    if (next) { event.preventDefault(); next.focus(); }
  });
}

for (const segment of segments) {
  segment.addEventListener("mouseenter", () => {
    const claim = numbers(segment, "hit")[0] ?? numbers(segment, "near")[0];
    const card = cards.find((candidate) => candidate.dataset.claim === claim);
    if (card) { show(card); bringIntoView(card); } else clear();
    if (segment.dataset.scope) govern(segment);
  });
}

for (const pin of document.querySelectorAll(".pin")) {
  const card = document.getElementById(pin.hash.slice(1));
  pin.addEventListener("focus", () => show(card));
  pin.addEventListener("click", (event) => { event.preventDefault(); card.focus(); });
}

document.addEventListener("keydown", (event) => { if (event.key === "Escape") clear(); });
