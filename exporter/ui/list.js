// The list: all Services in memory, those that can be seen in the document.

import { age, follow, make, mark, root, say } from "./app.js";

const PAGE = 1000;
const SPARE = 10; // rows kept ready above and below what can be seen
const STATES = ["down", "unknown", "degraded", "new", "ready", "intended"];
const SEVERITIES = { critical: 0, "": 1, warning: 1, info: 2 };
const FILTERS = ["namespace", "type", "state", "reason", "label"];

const form = document.getElementById("filters");
const table = document.getElementById("services");
const body = table.tBodies[0];
const count = document.getElementById("count");
const above = make("tr", { class: "pad", role: "presentation" });
const below = make("tr", { class: "pad", role: "presentation" });

let all = new Map(); // "namespace/name" → item
let order = []; // all, sorted
let shown = []; // those that pass the filters
let drawn = new Map(); // "namespace/name" → its row in the document
let asked = new URLSearchParams(location.search);
let loaded = false; // whether all of it was read once
let loading = null; // what comes by the stream while the list is read

// ── order and filters: the same as the server's ─────────────────────────────────────────────

const compare = (one, other) => (one < other ? -1 : one > other ? 1 : 0);

function rank(item) {
  const since = item.since ? Date.parse(item.since) : null;
  return [STATES.indexOf(item.state), SEVERITIES[item.severity] ?? 1, since === null, -since];
}

const KEYS = {
  worst: (item) => [...item.rank, item.namespace, item.service],
  name: (item) => [item.service, item.namespace],
  namespace: (item) => [item.namespace, item.service],
  since: (item) => [item.rank[2], item.rank[3], item.namespace, item.service],
  ready: (item) => [item.ready === null, item.ready ?? 0, item.namespace, item.service],
};

function sort() {
  const key = KEYS[asked.get("sort")] ?? KEYS.worst;
  const keyed = [...all.values()].map((item) => [key(item), item]);
  keyed.sort(([one], [other]) => {
    for (let at = 0; at < one.length; at++) {
      const result = compare(one[at], other[at]);
      if (result) return result;
    }
    return 0;
  });
  order = keyed.map(([, item]) => item);
}

function keep(item) {
  item.key = `${item.namespace}/${item.service}`;
  item.rank = rank(item);
  const labels = Object.entries(item.labels).map(([key, value]) => `${key}=${value}`);
  item.text = [item.key, item.type, item.state, item.reason ?? "", ...labels]
    .join("\n")
    .toLowerCase();
  all.set(item.key, item);
}

const split = (name) =>
  asked.getAll(name).flatMap((value) => value.split(",").map((part) => part.trim()).filter(Boolean));

function labelTest(text) {
  const pair = /^([^!=]+)(!=|==|=)(.*)$/.exec(text);
  if (pair) {
    const [, key, verb, value] = pair.map((part) => part.trim());
    return verb === "!="
      ? (item) => item.labels[key] !== value
      : (item) => item.labels[key] === value;
  }
  const key = text.replace(/^!/, "").trim();
  return (item) => Object.hasOwn(item.labels, key) !== text.startsWith("!");
}

function filter() {
  const wanted = Object.fromEntries(FILTERS.map((name) => [name, new Set(split(name))]));
  const words = (asked.get("q") ?? "").toLowerCase().split(/\s+/).filter(Boolean);
  const labels = [...wanted.label].map(labelTest);
  const holds = (set, value) => !set.size || set.has(value);
  const counts = Object.fromEntries(STATES.map((state) => [state, 0]));
  shown = [];
  for (const item of order) {
    if (
      holds(wanted.namespace, item.namespace) &&
      holds(wanted.type, item.type) &&
      holds(wanted.reason, item.reason ?? "none") &&
      words.every((word) => item.text.includes(word)) &&
      labels.every((test) => test(item))
    ) {
      counts[item.state] += 1;
      if (holds(wanted.state, item.state)) shown.push(item);
    }
  }
  if (!loaded) return; // of a part no number is true
  showCounts(counts, wanted.state);
  const number = (value) => value.toLocaleString("en");
  const text =
    shown.length === all.size
      ? `${number(all.size)} Service${all.size === 1 ? "" : "s"}`
      : `${number(shown.length)} of ${number(all.size)} Services`;
  if (count.textContent !== text) count.textContent = text;
}

function showCounts(counts, chosen) {
  for (const link of document.querySelectorAll("a.count")) {
    const state = link.dataset.state;
    const on = chosen.size === 1 && chosen.has(state);
    link.querySelector("b").textContent = counts[state].toLocaleString("en");
    link.toggleAttribute("aria-current", on);
    if (on) link.setAttribute("aria-current", "true");
    const target = new URLSearchParams(asked);
    target.delete("page");
    target.delete("state");
    if (!on) target.set("state", state);
    link.href = `./?${target}`;
  }
}

// ── rows ────────────────────────────────────────────────────────────────────────────────────

function link(item) {
  return `${root}services/${encodeURIComponent(item.namespace)}/${encodeURIComponent(item.service)}`;
}

function fill(row, item) {
  const known = item.ready !== null && item.not_ready !== null;
  const words = [item.reason, item.detail, ...item.notes].filter(Boolean).join(" · ");
  const cells = row.cells;
  cells[0].firstChild.href = link(item);
  cells[0].firstChild.title = item.key;
  cells[0].firstChild.replaceChildren(
    make("span", { class: "ns" }, `${item.namespace}/`),
    item.service,
  );
  cells[1].replaceChildren(mark(item.state));
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

const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
let due = false;

function drawSoon() {
  if (due) return;
  due = true;
  requestAnimationFrame(() => {
    due = false;
    if (all.size || loaded) draw();
  });
}

function update() {
  filter();
  table.setAttribute("aria-rowcount", shown.length + 1);
  drawSoon();
}

// ── what can be chosen ──────────────────────────────────────────────────────────────────────

function showOptions(name, words) {
  const select = form.elements[name];
  const present = [...select.options].slice(1).map((option) => option.value);
  if (present.join("\n") === words.join("\n") || document.activeElement === select) return;
  select.replaceChildren(select.options[0], ...words.map((word) => make("option", {}, word)));
  select.value = split(name).length === 1 ? split(name)[0] : "";
}

function showAllOptions() {
  const of = (name) => [...new Set(order.map((item) => item[name]).filter(Boolean))].sort();
  showOptions("namespace", of("namespace"));
  showOptions("reason", [...of("reason"), "none"]);
}

function showForm() {
  form.elements.q.value = asked.get("q") ?? "";
  form.elements.label.value = asked.getAll("label").join(",");
  for (const name of ["namespace", "type", "reason"]) {
    const chosen = split(name);
    form.elements[name].value = chosen.length === 1 ? chosen[0] : "";
  }
  form.elements.sort.value = KEYS[asked.get("sort")] ? asked.get("sort") : "worst";
}

let writing = 0;

function remember() {
  clearTimeout(writing);
  writing = setTimeout(() => {
    const query = asked.toString();
    history.replaceState(null, "", query ? `?${query}` : location.pathname);
  }, 150);
}

function choose(name, value) {
  asked.delete("page");
  if (value) asked.set(name, value);
  else asked.delete(name);
  remember();
}

form.addEventListener("input", (event) => {
  const { name, value } = event.target;
  choose(name, name === "sort" && value === "worst" ? "" : value);
  if (name === "sort") sort();
  update();
});
form.addEventListener("submit", (event) => event.preventDefault());

document.addEventListener("click", (event) => {
  const target = event.target.closest("a.count, a.clear");
  if (!target || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  asked = new URL(target.href).searchParams;
  remember();
  showForm();
  sort();
  update();
});

// ── keys ────────────────────────────────────────────────────────────────────────────────────

let current = 0; // the row that the keys move from

function go(to) {
  if (!shown.length) return;
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

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const typing = event.target.closest("input, select, textarea");
  if (event.key === "/" && !typing) {
    event.preventDefault();
    form.elements.q.focus();
    form.elements.q.select();
    return;
  }
  if (event.target === form.elements.q && ["ArrowDown", "Enter"].includes(event.key)) {
    event.preventDefault();
    go(0);
    return;
  }
  if (typing || !event.target.closest("#services")) return;
  const item = event.target.closest("tr")?.item;
  if (item) current = shown.indexOf(item);
  const page = Math.max(1, Math.floor(innerHeight / 60));
  const moves = {
    ArrowDown: current + 1,
    ArrowUp: current - 1,
    PageDown: current + page,
    PageUp: current - page,
    Home: 0,
    End: shown.length - 1,
  };
  if (event.key in moves) {
    event.preventDefault();
    go(moves[event.key]);
  } else if (event.key === "Escape") form.elements.q.focus();
});

// ── what comes from the server ──────────────────────────────────────────────────────────────

function apply({ changed, gone }) {
  for (const item of changed) keep(item);
  for (const { namespace, service } of gone) all.delete(`${namespace}/${service}`);
}

function refresh() {
  sort();
  showAllOptions();
  update();
}

async function read(token) {
  const query = new URLSearchParams({ limit: PAGE });
  if (token) query.set("page", token);
  const answer = await fetch(`${root}api/v1/services?${query}`);
  if (!answer.ok) throw new Error(`the exporter answers ${answer.status}`);
  return answer.json();
}

async function load() {
  if (loading) {
    loading.again = true;
    return;
  }
  loading = { events: [], again: false };
  const before = all;
  const first = !loaded;
  all = new Map(first ? [] : all);
  const found = new Map();
  try {
    let token = null;
    do {
      const { items, next } = await read(token);
      for (const item of items) {
        keep(item);
        found.set(item.key, item);
      }
      if (!token && first) refresh(); // the worst are there: they can be looked at
      token = next;
    } while (token);
    all = found;
    loading.events.forEach(apply);
    loaded = true;
    document.getElementById("next")?.remove();
    refresh();
    document.body.dataset.loaded = all.size;
  } catch (error) {
    all = loaded ? before : all;
    say(`Not up to date: ${error.message}`);
    setTimeout(load, 5000);
  }
  const again = loading.again;
  loading = null;
  if (again) load();
}

function take(event) {
  if (loading) loading.events.push(event);
  apply(event);
  if (loaded) refresh();
}

table.tabIndex = -1;
form.classList.add("quick");
addEventListener("scroll", drawSoon, { passive: true });
addEventListener("resize", drawSoon);
setInterval(() => loaded && !document.hidden && drawSoon(), 1000);
document.addEventListener("visibilitychange", drawSoon);
showForm();
follow(take, () => load());
load();
