// Rules of accessibility that a machine can check (WCAG 2.2 A and AA, as axe words them).
// Evaluated in the page; gives a line for each thing that is wrong.
() => {
  const wrong = [];
  const visible = (element) => element.checkVisibility({ visibilityProperty: true });
  const name = (element) =>
    (
      element.getAttribute("aria-label") ||
      [...(element.labels ?? [])].map((label) => label.textContent).join(" ") ||
      element.textContent ||
      element.title
    ).trim();
  const tell = (rule, element) => wrong.push(`${rule}: ${element.outerHTML.slice(0, 120)}`);

  if (!document.documentElement.lang) wrong.push("html-has-lang");
  if (!document.title) wrong.push("document-title");
  if (document.querySelectorAll("main").length !== 1) wrong.push("landmark-one-main");
  if (document.querySelectorAll("h1").length !== 1) wrong.push("page-has-heading-one");
  const viewport = document.querySelector("meta[name=viewport]")?.content ?? "";
  if (/user-scalable|maximum-scale/.test(viewport)) wrong.push("meta-viewport");

  let level = 0;
  for (const heading of document.querySelectorAll("h1, h2, h3, h4")) {
    const own = Number(heading.tagName[1]);
    if (own > level + 1) tell("heading-order", heading);
    level = own;
  }
  const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
  for (const id of ids.filter((id, at) => ids.indexOf(id) !== at)) wrong.push(`duplicate-id: ${id}`);
  for (const element of document.querySelectorAll("a[href], button, summary")) {
    if (visible(element) && !name(element)) tell("link-name", element);
  }
  for (const element of document.querySelectorAll("input:not([type=hidden]), select, textarea")) {
    if (!name(element)) tell("label", element);
  }
  for (const element of document.querySelectorAll("img:not([alt]), svg:not([aria-label]):not([aria-hidden])")) {
    tell("image-alt", element);
  }
  for (const element of document.querySelectorAll("[tabindex]")) {
    if (element.tabIndex > 0) tell("tabindex", element);
  }
  for (const element of document.querySelectorAll("[aria-hidden=true] a, [aria-hidden=true] button")) {
    tell("aria-hidden-focus", element);
  }
  for (const table of document.querySelectorAll("table")) {
    if (!table.caption?.textContent) tell("table-name", table);
    for (const head of table.querySelectorAll("th")) if (!head.scope) tell("th-scope", head);
    for (const row of table.querySelectorAll("[role=rowgroup] > tr")) {
      if (!["row", "presentation"].includes(row.getAttribute("role"))) tell("row-role", row);
    }
  }

  // Contrast of all text that can be seen, against the first background that is no glass.
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const colour = (text) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = text;
    canvas.fillRect(0, 0, 1, 1);
    return canvas.getImageData(0, 0, 1, 1).data;
  };
  const luminance = ([red, green, blue]) => {
    const part = (value) => {
      const share = value / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    };
    return 0.2126 * part(red) + 0.7152 * part(green) + 0.0722 * part(blue);
  };
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const found = colour(getComputedStyle(at).backgroundColor);
      if (found[3] === 255) return found;
    }
    return [255, 255, 255, 255];
  };
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    const box = element.getBoundingClientRect();
    if (!own || !visible(element) || box.width < 2 || box.right < 0) continue;
    if (element.tagName === "OPTION") continue;
    const [one, other] = [colour(getComputedStyle(element).color), ground(element)]
      .map(luminance)
      .sort((a, b) => b - a);
    const ratio = (one + 0.05) / (other + 0.05);
    if (ratio < 4.5) tell(`color-contrast ${ratio.toFixed(2)}`, element);
  }

  // Targets of a finger are at least 24 pixels high (2.5.8), but for links within text.
  for (const element of document.querySelectorAll("button, input:not([type=hidden]), select, a.count")) {
    const box = element.getBoundingClientRect();
    if (visible(element) && (box.height < 24 || box.width < 24)) tell("target-size", element);
  }
  return wrong;
}
