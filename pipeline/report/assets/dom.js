"use strict";
// Everything that comes from an article goes into the page through `el` or `svg`, as text; never as markup.

function el(tag, properties, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties || {})) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

function svg(tag, attributes, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

const byId = (id) => document.getElementById(id);

async function readData() {
  const packed = Uint8Array.from(atob(byId("data").textContent), (char) => char.charCodeAt(0));
  byId("data").remove();
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return JSON.parse(await new Response(stream).text());
}

function link(url) {
  let safe = false;
  try { safe = ["http:", "https:"].includes(new URL(url).protocol); } catch { safe = false; }
  return safe ? el("a", { href: url, rel: "noopener noreferrer nofollow", target: "_blank" }, url) : el("span", {}, url);
}
