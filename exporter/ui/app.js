// What both pages share: ages, states, the banner, and the stream of changes.
// Values out of the cluster become text nodes, never markup.

export const root = document.body.dataset.root;
const live = document.getElementById("live");
const stale = document.getElementById("stale");

let ahead = 0; // of the server's clock before ours, in milliseconds

export const now = () => Date.now() + ahead;

export function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

export function say(text) {
  if (live.textContent !== text) live.textContent = text;
}

// An age as kubectl writes it: 45s, 3m20s, 5h10m, 12d.
export function age(moment) {
  const seconds = Math.max(0, Math.floor((now() - moment) / 1000));
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  const days = Math.floor(hours / 24);
  const both = (one, rest, unit) => (rest ? `${one}${rest}${unit}` : one);
  if (seconds < 120) return `${seconds}s`;
  if (minutes < 10) return both(`${minutes}m`, seconds % 60, "s");
  if (hours < 3) return `${minutes}m`;
  if (hours < 8) return both(`${hours}h`, minutes % 60, "m");
  if (hours < 48) return `${hours}h`;
  if (days < 8) return both(`${days}d`, hours % 24, "h");
  return `${days}d`;
}

export function mark(state) {
  return make(
    "span",
    { class: `state ${state}` },
    make("span", { class: "mark", "aria-hidden": "true" }),
    state,
  );
}

function showStatus(status) {
  ahead = Date.parse(status.now) - Date.now();
  stale.hidden = !status.stale;
  if (!status.stale) {
    stale.replaceChildren();
    return;
  }
  const errors = new Set(
    status.resources.filter((one) => one.required && one.error).map((one) => one.error),
  );
  const old = status.as_of ? `it is ${age(Date.parse(status.as_of))} old` : "nothing was read yet";
  stale.replaceChildren(
    make("b", {}, "The API server can’t be read."),
    ` What is shown may be out of date: ${old}. `,
    make("small", {}, [...errors].join("; ")),
  );
}

const AGAIN = 10000; // milliseconds until a refused stream is asked for again
const AWAY = 15000; // milliseconds in the background until the stream is let go

// Follows the stream while somebody looks. `changed` gets {changed, gone}; `missed` is called when
// something was missed, and all has to be read again.
export function follow(changed, missed) {
  let source = null;
  let timer = 0;

  const open = () => {
    let broken = false;
    source = new EventSource(`${root}api/v1/events`);
    source.addEventListener("open", () => {
      say("Live");
      // An answer that broke off before its first event has no id to go on from.
      if (broken) missed();
      broken = false;
    });
    source.addEventListener("services", (event) => changed(JSON.parse(event.data)));
    source.addEventListener("reset", missed);
    source.addEventListener("status", (event) => showStatus(JSON.parse(event.data)));
    source.addEventListener("error", () => {
      broken = true;
      say("Not live: the exporter does not answer");
      // Refused, not cut: the browser would not try again.
      if (source.readyState === EventSource.CLOSED) timer = setTimeout(reopen, AGAIN);
    });
  };
  const reopen = () => {
    clearTimeout(timer);
    source?.close();
    open();
    missed();
  };
  const leave = () => {
    source.close();
    source = null;
  };

  // A browser opens six connections to a server: tabs that nobody looks at must not hold them all.
  document.addEventListener("visibilitychange", () => {
    clearTimeout(timer);
    if (document.hidden) timer = setTimeout(leave, AWAY);
    else if (!source || source.readyState === EventSource.CLOSED) reopen();
  });
  open();
}
