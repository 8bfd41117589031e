// Building and updating the page. Texts only ever become text nodes: nothing from outside can become markup.

import { t } from "./language.js";

/**
 * An element. `properties`: `class`, `data` (an object), `on` (event listeners), everything else is an attribute;
 * false, null and undefined leave an attribute out, true gives an empty one.
 */
export function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name === "on") {
      for (const [event, listener] of Object.entries(value)) made.addEventListener(event, listener);
    } else if (name === "data") {
      Object.assign(made.dataset, value);
    } else if (value !== false && value !== null && value !== undefined) {
      made.setAttribute(name, value === true ? "" : String(value));
    }
  }
  made.append(...flat(children));
  return made;
}

/** What may stand among children: nodes, texts, lists of them; null and false are left out. */
function flat(children) {
  return children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false);
}

/** A text from outside: its direction of writing changes nothing around it. */
export function text(words) {
  return element("bdi", {}, words);
}

/** A sentence of the API, or of Jira through it: in English whatever the page speaks. */
export function quoted(words) {
  return element("bdi", { lang: "en" }, words);
}

/** A link. Addresses that are not http(s) or our own (#/…) are shown as text: Jira's data cannot run anything. */
export function link(address, properties, ...children) {
  return isSafe(address) ? element("a", { href: address, ...properties }, ...children) : element("span", {}, ...children);
}

/** A link that opens a tab of its own, which learns nothing of us. */
export function outside(address, ...children) {
  const hint = element("span", { class: "hidden-text" }, ` ${t("common.outside")}`);
  return link(address, { target: "_blank", rel: "noopener noreferrer", class: "outside" }, ...children, hint);
}

/** Whether an address may be followed. */
export function isSafe(address) {
  if (address.startsWith("#")) return true;
  try {
    return ["https:", "http:"].includes(new URL(address).protocol);
  } catch {
    return false;
  }
}

/** A button that is not a form's. */
export function button(label, onClick, properties = {}) {
  return element("button", { type: "button", on: { click: onClick }, ...properties }, label);
}

/**
 * Make `parent` show these children, keeping the nodes that look the same: focus, open menus and moving bars stay.
 * The children may be taken as a pattern only, so it is for what is drawn anew each time; nodes that somebody holds on
 * to are placed with `replaceChildren`.
 * An element with `data-live` looks after itself and is kept as it is while its `data-key` is the same.
 */
export function update(parent, ...children) {
  const wanted = flat(children);
  wanted.forEach((child, place) => {
    const node = typeof child === "string" ? document.createTextNode(child) : child;
    const there = parent.childNodes[place];
    if (there === undefined) parent.append(node);
    else adapt(there, node);
  });
  while (parent.childNodes.length > wanted.length) parent.lastChild.remove();
}

function adapt(there, node) {
  if (there === node || there.isEqualNode(node)) return;
  if (!isSameThing(there, node)) {
    there.replaceWith(node);
  } else if (there.nodeType === Node.TEXT_NODE) {
    there.data = node.data;
  } else if (!there.dataset.live) {
    // `open` of a disclosure is the reader's.
    for (const { name } of [...there.attributes]) if (name !== "open" && !node.hasAttribute(name)) there.removeAttribute(name);
    for (const { name, value } of node.attributes) if (there.getAttribute(name) !== value) there.setAttribute(name, value);
    update(there, ...node.childNodes);
  }
}

/** Whether one node can become the other: elements with listeners say with `data-key` what they are about. */
function isSameThing(there, node) {
  if (there.nodeType !== node.nodeType || there.nodeName !== node.nodeName) return false;
  return there.nodeType !== Node.ELEMENT_NODE || there.dataset.key === node.dataset.key;
}

/** Say something to those who listen to the page instead of looking at it. */
export function announce(text) {
  const announcer = document.getElementById("announcer");
  announcer.textContent = "";
  setTimeout(() => { announcer.textContent = text; }, 50);
}
