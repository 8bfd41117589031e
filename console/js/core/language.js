// The language of the page and its words, one file for each language in js/words.

import DE from "../words/de.js";
import EN from "../words/en.js";
import { keep, kept } from "./kept.js";

const WORDS = { en: EN, de: DE };
const KEPT = "ticket-status-language";

/** The languages there are, in their own words. */
export const LANGUAGES = { en: "English", de: "Deutsch" };

/** The one that is spoken: what the reader chose, else the first that their browser asks for, else English. */
export const LANGUAGE = chosen();

/** The reader's own kind of it, for dates and numbers: `en-GB`, say. */
export const LOCALE = navigator.languages.find((language) => base(language) === LANGUAGE) ?? { en: "en-GB", de: "de" }[LANGUAGE];

const NUMBER = new Intl.NumberFormat(LOCALE);
const PLURAL = new Intl.PluralRules(LOCALE);
const PLACE = /\{(\w+)\}/;

/** The words for this key. `values` take the places in braces; `n` also chooses between one and many. */
export function t(key, values = {}) {
  return parts(key, values).join("");
}

/** The same where nodes take places: a list of texts and nodes, as `element` takes them. */
export function rich(key, values) {
  return parts(key, values).filter((part) => part !== "");
}

/** All words whose keys begin so, by what follows the dot: those for the codes of the API. */
export function group(name) {
  const keys = Object.keys(WORDS[LANGUAGE]).filter((key) => key.startsWith(`${name}.`));
  return Object.fromEntries(keys.map((key) => [key.slice(name.length + 1), t(key)]));
}

/** Speak another language from now on; the page begins anew. */
export function speak(language) {
  keep(KEPT, language);
  location.reload();
}

function parts(key, values) {
  const words = WORDS[LANGUAGE][key];
  const form = typeof words === "string" ? words : words[PLURAL.select(values.n)] ?? words.other;
  return form.split(PLACE).map((part, place) => (place % 2 ? spelled(values[part], part) : part));
}

/** A place that nothing is given for stays as it is: `group` reads words before their values are known. */
function spelled(value, name) {
  if (value === undefined) return `{${name}}`;
  return typeof value === "number" ? NUMBER.format(value) : value;
}

function base(language) {
  return language.split("-")[0].toLowerCase();
}

function chosen() {
  const wanted = [kept(KEPT) ?? "", ...navigator.languages];
  return wanted.map(base).find((language) => language in WORDS) ?? "en";
}
