// The list: all Services in memory, filtered as one types, kept up to date by the stream.

import { follow, make, root, say } from "./app.js";
import { filter, nameOrder, prepare, sort, split } from "./items.js";
import { go, show } from "./rows.js";

const PAGE = 1000;

const form = document.getElementById("filters");
const count = document.getElementById("count");

let all = new Map(); // "namespace/name" → item
let order = []; // all, sorted
let asked = new URLSearchParams(location.search);
let loaded = false; // whether all of it was read once
let loading = null; // what comes by the stream while the list is read

const keep = (item) => all.set(prepare(item).key, item);

// ── what is shown ───────────────────────────────────────────────────────────────────────────

function update() {
  if (!all.size && !loaded) return; // what the server wrote is still there
  const { shown, counts } = filter(order, asked);
  show(shown);
  if (!loaded) return; // of a part no number is true
  showCounts(counts, [...split(asked, "standing"), ...split(asked, "state")]);
  const number = (value) => value.toLocaleString("en");
  const text =
    shown.length === all.size
      ? `${number(all.size)} Service${all.size === 1 ? "" : "s"}`
      : `${number(shown.length)} of ${number(all.size)} Services`;
  if (count.textContent !== text) count.textContent = text;
}

function showCounts(counts, chosen) {
  for (const link of document.querySelectorAll("a.count")) {
    const standing = link.dataset.standing;
    const on = chosen.length === 1 && chosen[0] === standing;
    link.querySelector("b").textContent = counts[standing].toLocaleString("en");
    link.toggleAttribute("aria-current", on);
    if (on) link.setAttribute("aria-current", "true");
    const target = new URLSearchParams(asked);
    target.delete("page");
    target.delete("state");
    target.delete("standing");
    if (!on) target.set("standing", standing);
    link.href = `./?${target}`;
  }
}

// ── what can be chosen ──────────────────────────────────────────────────────────────────────

function showOptions(name, words) {
  const select = form.elements[name];
  const present = [...select.options].slice(1).map((option) => option.value);
  if (present.join("\n") === words.join("\n") || document.activeElement === select) return;
  select.replaceChildren(select.options[0], ...words.map((word) => make("option", {}, word)));
  select.value = split(asked, name).length === 1 ? split(asked, name)[0] : "";
}

function showAllOptions() {
  const of = (name) => [...new Set(order.map((item) => item[name]).filter(Boolean))].sort();
  showOptions("namespace", of("namespace"));
  showOptions("reason", [...of("reason"), "none"]);
  const findings = order.flatMap((item) => item.findings.map((note) => note.code));
  showOptions("finding", [...new Set(findings)].sort());
}

function showForm() {
  form.elements.q.value = asked.get("q") ?? "";
  form.elements.label.value = asked.getAll("label").join(",");
  for (const name of ["namespace", "type", "reason", "finding"]) {
    const chosen = split(asked, name);
    form.elements[name].value = chosen.length === 1 ? chosen[0] : "";
  }
  form.elements.sort.value = nameOrder(asked.get("sort"));
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
  if (name === "sort") order = sort(all.values(), asked.get("sort"));
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
  order = sort(all.values(), asked.get("sort"));
  update();
});

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const search = form.elements.q;
  if (event.key === "/" && !event.target.closest("input, select, textarea")) {
    event.preventDefault();
    search.focus();
    search.select();
  } else if (event.target === search && ["ArrowDown", "Enter"].includes(event.key)) {
    event.preventDefault();
    go(0);
  } else if (event.key === "Escape" && event.target.closest("#services")) search.focus();
});

// ── what comes from the server ──────────────────────────────────────────────────────────────

function apply({ changed, gone }) {
  for (const item of changed) keep(item);
  for (const { namespace, service } of gone) all.delete(`${namespace}/${service}`);
}

function refresh() {
  order = sort(all.values(), asked.get("sort"));
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

form.classList.add("quick");
showForm();
follow(take, load);
load();
