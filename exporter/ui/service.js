// A Service's page: what the server wrote, kept up to date, and commands that can be copied.

import { follow, make, say } from "./app.js";

const content = document.getElementById("content");
const policy = self.trustedTypes?.createPolicy("exporter", { createHTML: (text) => text });

async function copy(command, button) {
  try {
    await navigator.clipboard.writeText(command.textContent);
  } catch {
    // Over plain HTTP there is no clipboard: what is selected can still be copied.
    getSelection().selectAllChildren(command);
    document.execCommand("copy");
  }
  button.textContent = "Copied";
  say("Copied");
  setTimeout(() => (button.textContent = "Copy"), 2000);
}

function addButtons(within) {
  for (const item of within.querySelectorAll("li.command")) {
    if (item.querySelector("button")) continue;
    const command = item.querySelector("code");
    const button = make("button", { type: "button", "aria-label": `Copy: ${command.textContent}` });
    button.textContent = "Copy";
    button.addEventListener("click", () => copy(command, button));
    item.append(button);
  }
}

const plain = (section) => {
  const bare = section.cloneNode(true);
  for (const button of bare.querySelectorAll("button")) button.remove();
  return bare.innerHTML;
};

// The server escapes every value; scripts that a parser makes don't run in any case.
function parse(text) {
  const trusted = policy ? policy.createHTML(text) : text;
  return new DOMParser().parseFromString(trusted, "text/html");
}

function take(text) {
  const fresh = parse(text).getElementById("content");
  const focus = document.activeElement;
  const place = focus?.closest("section");
  const index = place ? [...place.querySelectorAll("a, button")].indexOf(focus) : -1;
  const old = new Map([...content.children].map((section) => [section.id, section]));
  const sections = [...fresh.children].map((section) => {
    const held = old.get(section.id);
    if (held && plain(held) === section.innerHTML && held.className === section.className) {
      return held;
    }
    const own = document.adoptNode(section);
    addButtons(own);
    return own;
  });
  const same = sections.length === content.children.length;
  sections.forEach((section, at) => {
    const here = content.children[at];
    if (here === section) return;
    if (same && here) here.replaceWith(section);
    else content.insertBefore(section, here ?? null);
  });
  while (content.children.length > sections.length) content.lastElementChild.remove();
  if (place && !place.isConnected && index >= 0) {
    document.getElementById(place.id)?.querySelectorAll("a, button")[index]?.focus();
  }
}

let reading = false;
let again = false;

async function refresh() {
  again = reading;
  if (reading) return;
  reading = true;
  try {
    const answer = await fetch(location.href);
    if (answer.ok || answer.status === 404) take(await answer.text());
  } catch {
    say("Not live: the exporter does not answer");
  }
  reading = false;
  if (again) refresh();
}

const [namespace, service] = location.pathname.split("/").slice(-2).map(decodeURIComponent);
const about = (one) => one.namespace === namespace && one.service === service;

addButtons(content);
follow(({ changed, gone }) => {
  if (changed.some(about) || gone.some(about)) refresh();
}, refresh);
setInterval(() => document.hidden || refresh(), 10000);
