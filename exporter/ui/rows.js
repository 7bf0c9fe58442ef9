// The table: of all rows those that can be seen are in the document, and keys go from row to row.

import { age, make, mark, root } from "./app.js";

const SPARE = 10; // rows kept ready above and below what can be seen

const table = document.getElementById("services");
const body = table.tBodies[0];
const above = make("tr", { class: "pad", role: "presentation" });
const below = make("tr", { class: "pad", role: "presentation" });
const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);

let shown = null; // the items of all rows; none before the first are there
let drawn = new Map(); // "namespace/name" → its row in the document
let current = 0; // the row that the keys move from

function link(item) {
  return `${root}services/${encodeURIComponent(item.namespace)}/${encodeURIComponent(item.service)}`;
}

function fill(row, item) {
  const known = item.ready !== null && item.not_ready !== null;
  const warnings = item.findings.filter((note) => note.weight === "warning");
  const words = [item.reason, item.detail, item.remark, ...warnings.map((note) => note.text)]
    .filter(Boolean)
    .join(" · ");
  const cells = row.cells;
  cells[0].firstChild.href = link(item);
  cells[0].firstChild.title = item.key;
  cells[0].firstChild.replaceChildren(
    make("span", { class: "ns" }, `${item.namespace}/`),
    item.service,
  );
  cells[1].replaceChildren(mark(item.standing));
  cells[2].textContent = words || "–";
  cells[2].title = words;
  cells[4].textContent = known ? `${item.ready}/${item.ready + item.not_ready}` : "unknown";
  cells[5].textContent = item.type;
  row.item = item;
}

function showAge(row) {
  const since = row.item.since;
  const text = since ? age(Date.parse(since)) : "–";
  if (row.cells[3].textContent === text) return;
  row.cells[3].replaceChildren(
    since ? make("time", { datetime: since, title: since }, text) : text,
  );
}

function makeRow() {
  const row = make("tr", { role: "row" });
  for (let at = 0; at < 6; at++) row.append(make("td", { role: "cell", class: `c${at}` }));
  row.cells[0].append(make("a"));
  return row;
}

// All rows are equally high: measured where there is one, for zoom and fonts have their say.
function rowHeight() {
  const row = body.querySelector("tr:not(.pad)");
  const measured = row ? row.getBoundingClientRect().height : 0;
  return measured || parseFloat(getComputedStyle(table).getPropertyValue("--row")) * rem;
}

function draw() {
  const height = rowHeight();
  const top = -body.getBoundingClientRect().top;
  const most = Math.max(0, shown.length - 1);
  const first = Math.min(Math.max(0, Math.floor(top / height) - SPARE), most);
  const last = Math.min(shown.length, Math.ceil((top + innerHeight) / height) + SPARE);
  const rows = new Map();
  for (let at = first; at < last; at++) {
    const item = shown[at];
    const row = drawn.get(item.key) ?? makeRow();
    if (row.item !== item) fill(row, item);
    row.setAttribute("aria-rowindex", at + 2);
    showAge(row);
    rows.set(item.key, row);
  }
  const focused = document.activeElement?.closest?.("tr");
  if (focused?.item && !rows.has(focused.item.key)) table.focus({ preventScroll: true });
  place(rows);
  above.style.height = `${first * height}px`;
  below.style.height = `${Math.max(0, shown.length - Math.max(last, first)) * height}px`;
  drawn = rows;
}

// Puts rows into the document in order, and moves none that is in its place: the focus stays.
function place(rows) {
  if (body.firstChild !== above) body.replaceChildren(above, below);
  for (const [key, row] of drawn) if (rows.get(key) !== row) row.remove();
  let at = above.nextSibling;
  for (const row of rows.values()) {
    if (row === at) at = at.nextSibling;
    else body.insertBefore(row, at);
  }
  while (at !== below) {
    const next = at.nextSibling;
    at.remove();
    at = next;
  }
}

let due = false;

function drawSoon() {
  if (due) return;
  due = true;
  requestAnimationFrame(() => {
    due = false;
    if (shown) draw();
  });
}

export function show(items) {
  shown = items;
  table.setAttribute("aria-rowcount", shown.length + 1);
  drawSoon();
}

export function go(to) {
  if (!shown?.length) return;
  current = Math.min(Math.max(0, to), shown.length - 1);
  const height = rowHeight();
  const top = body.getBoundingClientRect().top + current * height;
  const head = 3 * rem;
  if (top < head) scrollBy({ top: top - head, behavior: "instant" });
  else if (top + height > innerHeight) {
    scrollBy({ top: top + height - innerHeight + rem, behavior: "instant" });
  }
  draw();
  drawn.get(shown[current].key)?.cells[0].firstChild.focus({ preventScroll: true });
}

table.addEventListener("keydown", (event) => {
  if (!shown || event.ctrlKey || event.metaKey || event.altKey) return;
  const item = event.target.closest("tr")?.item;
  if (item) current = shown.indexOf(item);
  const page = Math.max(1, Math.floor(innerHeight / rowHeight()) - 2);
  const moves = {
    ArrowDown: current + 1,
    ArrowUp: current - 1,
    PageDown: current + page,
    PageUp: current - page,
    Home: 0,
    End: shown.length - 1,
  };
  if (!(event.key in moves)) return;
  event.preventDefault();
  go(moves[event.key]);
});

table.tabIndex = -1;
addEventListener("scroll", drawSoon, { passive: true });
addEventListener("resize", drawSoon);
document.addEventListener("visibilitychange", drawSoon);
setInterval(() => document.hidden || drawSoon(), 1000); // ages grow
