// The order of Services and the filters: the same as the server's.

// How Services stand, worst first, as the server has written them above the list.
export const STANDINGS = [...document.querySelectorAll("a.count")].map((a) => a.dataset.standing);

const compare = (one, other) => (one < other ? -1 : one > other ? 1 : 0);

function rank(item) {
  const since = item.since ? Date.parse(item.since) : null;
  return [...item.urgency, since === null, -since];
}

const KEYS = {
  worst: (item) => [...item.rank, item.namespace, item.service],
  name: (item) => [item.service, item.namespace],
  namespace: (item) => [item.namespace, item.service],
  since: (item) => [item.rank[2], item.rank[3], item.namespace, item.service],
  ready: (item) => [item.ready === null, item.ready ?? 0, item.namespace, item.service],
};

// The order that is asked for, if there is such a one.
export const nameOrder = (asked) => (Object.hasOwn(KEYS, asked ?? "") ? asked : "worst");

// Adds to an item what it is sorted and searched by.
export function prepare(item) {
  item.key = `${item.namespace}/${item.service}`;
  item.rank = rank(item);
  const labels = Object.entries(item.labels).map(([key, value]) => `${key}=${value}`);
  const codes = item.findings.map((note) => note.code);
  item.text = [item.key, item.type, item.standing, item.reason ?? "", ...codes, ...labels]
    .join("\n")
    .toLowerCase();
  return item;
}

export function sort(items, order) {
  const key = KEYS[nameOrder(order)];
  const keyed = [...items].map((item) => [key(item), item]);
  keyed.sort(([one], [other]) => {
    for (let at = 0; at < one.length; at++) {
      const result = compare(one[at], other[at]);
      if (result) return result;
    }
    return 0;
  });
  return keyed.map(([, item]) => item);
}

// The values of a parameter: it may be there several times, and have commas.
export const split = (asked, name) =>
  asked.getAll(name).flatMap((value) => value.split(",").map((part) => part.trim()).filter(Boolean));

function testLabel(text) {
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

// Gives the items that pass, and how many of each standing pass all other filters.
export function filter(items, asked) {
  const wanted = (name) => new Set(split(asked, name));
  const [namespaces, types, reasons] = ["namespace", "type", "reason"].map(wanted);
  const findings = split(asked, "finding");
  const standings = new Set([...split(asked, "standing"), ...split(asked, "state")]);
  const words = (asked.get("q") ?? "").toLowerCase().split(/\s+/).filter(Boolean);
  const labels = [...wanted("label")].map(testLabel);
  const holds = (set, value) => !set.size || set.has(value);
  const counts = Object.fromEntries(STANDINGS.map((standing) => [standing, 0]));
  const shown = items.filter((item) => {
    const passes =
      holds(namespaces, item.namespace) &&
      holds(types, item.type) &&
      holds(reasons, item.reason ?? "none") &&
      (!findings.length || item.findings.some((note) => findings.includes(note.code))) &&
      words.every((word) => item.text.includes(word)) &&
      labels.every((test) => test(item));
    if (passes) counts[item.standing] += 1;
    return passes && holds(standings, item.standing);
  });
  return { shown, counts };
}
