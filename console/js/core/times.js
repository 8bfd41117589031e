// Times as their reader lives them: own time zone, own order of day and month.

import { element } from "./dom.js";
import { LOCALE, t } from "./language.js";

const SHORT = new Intl.DateTimeFormat(LOCALE, { dateStyle: "medium", timeStyle: "short" });
const FULL = new Intl.DateTimeFormat(LOCALE, { dateStyle: "full", timeStyle: "long" });
const DAY = new Intl.DateTimeFormat(LOCALE, { dateStyle: "medium" });
const BRIEF = new Intl.DateTimeFormat(LOCALE, { day: "numeric", month: "short" });
const CLOCK = new Intl.DateTimeFormat(LOCALE, { timeStyle: "medium" });
const RELATIVE = new Intl.RelativeTimeFormat(LOCALE, { numeric: "auto" });
const UNITS = [["day", 86400], ["hour", 3600], ["minute", 60]];
const NUMBER = new Intl.NumberFormat(LOCALE);
const SHARE = new Intl.NumberFormat(LOCALE, { style: "percent", maximumFractionDigits: 0 });

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

/** A day for the axis of a chart, and for a table. */
export function briefDay(date) {
  return BRIEF.format(date);
}

/** A day as text. */
export function dayText(date) {
  return DAY.format(date);
}

/** How long ago, in words: "3 minutes ago". */
export function ago(text) {
  const seconds = (new Date(text) - Date.now()) / 1000;
  const [unit, size] = UNITS.find(([, each]) => Math.abs(seconds) >= each) ?? ["second", 1];
  if (unit === "second") return seconds > 1 ? t("time.in_seconds", { n: Math.round(seconds) }) : t("time.just_now");
  return RELATIVE.format(Math.trunc(seconds / size), unit);
}

/** A length of time in words: "14 seconds". */
export function duration(seconds) {
  if (seconds < 90) return count("second", Math.max(1, Math.round(seconds)));
  if (seconds < 5400) return count("minute", Math.round(seconds / 60));
  return count("hour", Math.round(seconds / 3600));
}

/** Seconds between two moments. */
export function between(from, to) {
  return (new Date(to) - new Date(from)) / 1000;
}

/** A number with its noun: "1,300 tickets". */
export function count(noun, n) {
  return t(`count.${noun}`, { n });
}

/** A number for a table. */
export function figure(number) {
  return NUMBER.format(number);
}

/** A part of a whole: "12%". */
export function share(part, whole) {
  return SHARE.format(whole ? part / whole : 0);
}

/** Whose time the times of a page are. */
export function zone() {
  return element("p", { class: "aside zone" }, t("time.zone", { zone: TIME_ZONE }));
}
