// Every view has an address after the #, so it can be linked to, and Back works. A dialog is part of the address too
// (`do=settings&of=NAME`): it opens over the page that is there.

const TITLE = "Ticket Status";
const scrolled = new Map();

let pages = [];
let dialogs = {};
let main = null;
let current = { key: null, stop: () => {} };
let open = { key: null, stop: () => {} };

/**
 * Start showing. `routes` is a list of [pattern, page]; a page is called with its place and fills `place.root`; what it
 * started ends when `place.signal` is aborted. `known` has the dialogs by name.
 */
export function start(root, routes, known) {
  main = root;
  pages = routes;
  dialogs = known;
  history.scrollRestoration = "manual";
  addEventListener("popstate", show);
  if (!location.hash.startsWith("#/")) history.replaceState(null, "", "#/overview");
  show();
}

/** An address: path segments are encoded, empty parts of the query left out. */
export function address(segments, query = {}) {
  const path = segments.map(encodeURIComponent).join("/");
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== null && value !== "");
  return `#/${path}${given.length ? `?${new URLSearchParams(given)}` : ""}`;
}

/** Go to an address. */
export function go(to) {
  if (to === location.hash) return;
  history.pushState({ from: location.hash }, "", to);
  show();
}

/** Open a dialog over the page that is there. */
export function openDialog(name, of) {
  const { segments, query } = parse();
  const again = query.do !== undefined;
  const to = address(segments, { ...query, do: name, of });
  if (again) history.replaceState(history.state, "", to);
  else history.pushState({ from: location.hash }, "", to);
  show();
}

/** Close the dialog: Back when it was opened here, so that Back does not open it again. */
export function closeDialog() {
  const { segments, query } = parse();
  if (query.do === undefined) return;
  if (history.state?.from !== undefined) {
    history.back();
  } else {
    const { do: _do, of: _of, ...rest } = query;
    history.replaceState(null, "", address(segments, rest));
    show();
  }
}

/** Note in the address what a page shows (a search, say), without going anywhere. */
export function note(changes) {
  const { segments, query } = parse();
  const to = address(segments, { ...query, ...changes });
  current.key = pageKey(to);
  history.replaceState(history.state, "", to);
}

/** Name the page in its tab. */
export function title(text) {
  document.title = `${text} · ${TITLE}`;
}

function parse(hash = location.hash) {
  const [path, query] = hash.slice(2).split("?");
  const segments = path.split("/").filter(Boolean).map(decode);
  return { segments, query: Object.fromEntries(new URLSearchParams(query ?? "")) };
}

function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** What makes a page another one: its address without the dialog. */
function pageKey(hash = location.hash) {
  const { segments, query } = parse(hash);
  const { do: _do, of: _of, ...rest } = query;
  return address(segments, rest);
}

function show() {
  if (!location.hash.startsWith("#/")) return; // a link within the page
  const key = pageKey();
  if (key !== current.key) showPage(key);
  showDialog();
}

function showPage(key) {
  if (current.key !== null) scrolled.set(current.key, scrollY);
  const first = current.key === null;
  current.stop();
  const ending = new AbortController();
  current = { key, stop: () => ending.abort() };
  const { segments, query } = parse();
  const page = find(segments);
  const root = document.createElement("div");
  root.className = "page";
  main.replaceChildren(root);
  markSection(segments[0]);
  page.show({ root, segments, query, signal: ending.signal, ready: () => restore(key, ending.signal) });
  if (!first) main.focus({ preventScroll: true });
  scrollTo(0, 0);
}

/** Where the reader was on this page before, once it is long enough again. */
function restore(key, signal) {
  if (!signal.aborted && scrolled.has(key)) scrollTo(0, scrolled.get(key));
}

function find(segments) {
  const fits = ([pattern]) =>
    pattern.length === segments.length && pattern.every((part, place) => part === "*" || part === segments[place]);
  return (pages.find(fits) ?? pages.at(-1))[1];
}

function markSection(section) {
  const shown = { violations: "scans", undefined: "overview" }[section] ?? section;
  for (const anchor of document.querySelectorAll("[data-section]")) {
    if (anchor.dataset.section === shown) anchor.setAttribute("aria-current", "page");
    else anchor.removeAttribute("aria-current");
  }
}

function showDialog() {
  const { query } = parse();
  const key = query.do && dialogs[query.do] && query.of ? `${query.do} ${query.of}` : null;
  if (key === open.key) return;
  open.stop();
  open = { key, stop: () => {} };
  if (key === null) {
    dispatchEvent(new Event("dialog-closed"));
    return;
  }
  const ending = new AbortController();
  open.stop = () => ending.abort();
  dialogs[query.do]({ name: query.of, signal: ending.signal });
}
