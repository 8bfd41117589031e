// What went wrong, in words that a person can act on.

import { ApiError, UnreachableError } from "./api.js";
import { group, t } from "./language.js";
import { SignedOutError } from "./session.js";
import { duration } from "./times.js";

const PROBLEMS = group("problem");
const WAYS = group("problem_way");

/** Title and text for an error. */
export function words(error) {
  if (error instanceof SignedOutError) return { title: error.message, text: t("trouble.sign_in") };
  if (error instanceof UnreachableError) return { title: t("trouble.unreachable"), text: t("trouble.unreachable_way") };
  if (error instanceof ApiError) return ofApi(error);
  return { title: t("trouble.page"), text: t("trouble.page_way", { message: error.message }) };
}

function ofApi(error) {
  if (PROBLEMS[error.code]) return { title: PROBLEMS[error.code], text: way(error) };
  if (error.status >= 500) return { title: t("trouble.service"), text: t("trouble.service_way") };
  return { title: t("trouble.refused"), text: sentence(error.message) };
}

function way(error) {
  if (error.code === "rate_limited") {
    return error.retryAfter ? t("trouble.paused_for", { time: duration(error.retryAfter) }) : t("trouble.paused");
  }
  if (error.code === "invalid_request") {
    const places = (error.problem.errors ?? []).map(({ pointer, detail }) => `${field(pointer)} ${detail}`);
    if (places.length) return places.map(sentence).join(" ");
  }
  return WAYS[error.code] ?? sentence(error.message);
}

function field(pointer) {
  return pointer.replace(/^#\/?/, "").replaceAll("_", " ");
}

/** A text as a sentence: a capital at its start, a stop at its end. */
export function sentence(text) {
  const trimmed = text.trim();
  if (!trimmed) return "";
  const stop = /[.!?…][”"’)]*$/.test(trimmed) ? "" : ".";
  return `${trimmed[0].toUpperCase()}${trimmed.slice(1)}${stop}`;
}
