// What went wrong, in words that a person can act on.

import { ApiError, UnreachableError } from "./api.js";
import { SignedOutError } from "./session.js";
import { duration } from "./times.js";

const BY_CODE = {
  missing_scope: ["You may not do this", "Your sign-in lacks the right for it. Ask an administrator of Ticket Status."],
  integration_not_found: ["There is no such integration", "It may have been deleted. The list of integrations has those there are."],
  violation_not_found: ["This violation has no ticket", "No Jira ticket was registered for it. Check the address, or open it from the Scans List."],
  sync_run_not_found: ["There is no such run", "Runs are forgotten after a while."],
  retrieval_disabled: ["Retrieval is switched off", "Switch on “Retrieve Jira Tickets” in the integration's Settings first."],
  pending_authorization: ["The integration was never authorised", "Grant access first: Edit Integration leads through it."],
  missing_scopes: ["Permissions are missing in Jira", "The integration's OAuth 2.0 app may not read tickets yet."],
  jira_connection_failed: ["The connection to Jira failed", null],
  different_site: ["This address is another Jira site", "The tickets are not there. Create a new integration for that site."],
  changed_meanwhile: ["Somebody else is changing the integration", "Wait a moment, then try again."],
  auth_type_mismatch: ["This integration needs no authorisation", null],
  too_many_requests: ["Too many requests", "The service is busy. Wait a moment, then try again."],
};

/** Title and text for an error. */
export function words(error) {
  if (error instanceof SignedOutError) return { title: error.message, text: "Sign in to go on." };
  if (error instanceof UnreachableError) {
    return { title: "The service cannot be reached", text: "Check your connection, then try again." };
  }
  if (error instanceof ApiError) return ofApi(error);
  return { title: "The page has a fault", text: `Reload it. If that does not help, report this: ${error.message}` };
}

function ofApi(error) {
  if (error.code === "rate_limited") {
    const wait = error.retryAfter ? `Try again in ${duration(error.retryAfter)}.` : "Try again in a while.";
    return { title: "Jira asked for a pause", text: `Nothing was asked, so nothing has changed. ${wait}` };
  }
  if (error.code === "invalid_request") {
    const places = (error.problem.errors ?? []).map(({ pointer, detail }) => `${field(pointer)} ${detail}`);
    return { title: "This does not fit", text: places.map(sentence).join(" ") || sentence(error.message) };
  }
  if (BY_CODE[error.code]) {
    const [title, text] = BY_CODE[error.code];
    return { title, text: text ?? sentence(error.message) };
  }
  const fault = "The service has a fault. Try again in a minute; if it stays, tell its operator.";
  return error.status >= 500 ? { title: "The service could not answer", text: fault } : { title: "This was refused", text: sentence(error.message) };
}

function field(pointer) {
  return pointer.replace(/^#\/?/, "").replaceAll("_", " ");
}

/** A text as a sentence: a capital at its start, a stop at its end. */
export function sentence(text) {
  const trimmed = text.trim();
  if (!trimmed) return "";
  const stop = /[.!?…]$/.test(trimmed) ? "" : ".";
  return `${trimmed[0].toUpperCase()}${trimmed.slice(1)}${stop}`;
}
