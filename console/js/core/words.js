// What the API's codes are called, and how they look: the same in every view. The words themselves are in js/words.

import { group, t } from "./language.js";

export const RESOURCE_TYPES = group("resource_type");
export const TYPES_OF_RESOURCES = group("resource_types");

/** Why a status is Unknown: in the cell; on hover; what to do about it. */
export const UNKNOWN = group("unknown_reason");
export const UNKNOWN_WHY = group("unknown_why");
export const UNKNOWN_MEND = group("unknown_mend");

/** Why a ticket is not refreshed, as a standing fact of it. */
export const REFRESH_STATES = group("refresh_state");

/** What a refresh came to for one ticket, when it did not ask Jira or got no answer. */
export const REFRESH_REASONS = group("refresh_reason");

export const INSTALLATIONS = group("installation");
export const AUTH_TYPES = group("auth_type");
export const TRIGGERS = group("trigger");
export const CATEGORIES = group("category");
export const CHECKS = group("check");

export const HEALTH = toned("health", { HEALTHY_INTEGRATION: "good", FAULTY_CONFIGURATION: "bad", PENDING_AUTHORIZATION: "waiting" });
export const RUN_STATES = toned("run_state", { running: "active", paused: "waiting", succeeded: "good", failed: "bad", cancelled: "off" });
export const WEBHOOKS = toned("webhook_state", { off: "off", awaiting: "waiting", live: "good", silent: "bad", failing: "bad", expired: "bad" });

/** A switch, on or off. */
export function onOff(on) {
  return on ? { word: t("common.on"), tone: "good" } : { word: t("common.off"), tone: "off" };
}

/** How an integration connects, in a few words. */
export function kind(integration) {
  return t("kind", { installation: INSTALLATIONS[integration.installation_type], auth: AUTH_TYPES[integration.auth_type] });
}

function toned(name, tones) {
  return Object.fromEntries(Object.entries(group(name)).map(([code, word]) => [code, { word, tone: tones[code] }]));
}
