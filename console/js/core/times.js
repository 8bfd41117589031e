// Times as their reader lives them: own time zone, own order of day and month.

import { element } from "./dom.js";

const LANGUAGE = navigator.languages.find((language) => language.startsWith("en")) ?? "en-GB";
const SHORT = new Intl.DateTimeFormat(LANGUAGE, { dateStyle: "medium", timeStyle: "short" });
const FULL = new Intl.DateTimeFormat(LANGUAGE, { dateStyle: "full", timeStyle: "long" });
const DAY = new Intl.DateTimeFormat(LANGUAGE, { dateStyle: "medium" });
const CLOCK = new Intl.DateTimeFormat(LANGUAGE, { timeStyle: "medium" });
const RELATIVE = new Intl.RelativeTimeFormat(LANGUAGE, { numeric: "auto" });
const UNITS = [["day", 86400], ["hour", 3600], ["minute", 60]];
const NUMBER = new Intl.NumberFormat(LANGUAGE);

/** The reader's time zone, by name. */
export const TIME_ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone;

/** A moment: date and time; all of it, with the zone, on hover. */
export function moment(text) {
  return timeElement(text, SHORT);
}

/** A moment's day; its time on hover. */
export function day(text) {
  return timeElement(text, DAY);
}

/** A moment of today: its time only. */
export function clock(text) {
  return timeElement(text, CLOCK);
}

function timeElement(text, format) {
  if (!text) return null;
  const date = new Date(text);
  return element("time", { datetime: text, title: FULL.format(date) }, format.format(date));
}

/** How long ago, in words: "3 minutes ago". */
export function ago(text) {
  const seconds = (new Date(text) - Date.now()) / 1000;
  const [unit, size] = UNITS.find(([, each]) => Math.abs(seconds) >= each) ?? ["second", 1];
  if (unit === "second") return seconds > 1 ? `in ${Math.round(seconds)} seconds` : "just now";
  return RELATIVE.format(Math.trunc(seconds / size), unit);
}

/** A length of time in words: "14 seconds". */
export function duration(seconds) {
  if (seconds < 90) return count(Math.max(1, Math.round(seconds)), "second");
  if (seconds < 5400) return count(Math.round(seconds / 60), "minute");
  return count(Math.round(seconds / 3600), "hour");
}

/** Seconds between two moments. */
export function between(from, to) {
  return (new Date(to) - new Date(from)) / 1000;
}

/** A number with its noun: "1,300 tickets". */
export function count(number, noun) {
  return `${NUMBER.format(number)} ${noun}${number === 1 ? "" : "s"}`;
}

/** A number for a table. */
export function figure(number) {
  return NUMBER.format(number);
}
