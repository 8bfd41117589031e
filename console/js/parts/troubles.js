// What keeps statuses from being fresh, and the way to mend it: banners above the first pages.

import { button, link, quoted } from "../core/dom.js";
import { t } from "../core/language.js";
import { sentence } from "../core/problems.js";
import { address, openDialog } from "../core/router.js";
import { may } from "../core/session.js";
import { clock, dayText } from "../core/times.js";
import { notice } from "./states.js";

/** The banners for an integration, the worst first; none while it is switched off. `webhook` may be unknown. */
export function troublesOf(integration, webhook) {
  if (!integration.retrieve_jira_tickets) return [];
  return [healthTrouble(integration), ...expiries(integration), pauseTrouble(integration), webhookTrouble(integration, webhook)].filter(Boolean);
}

function healthTrouble({ connection_name: name, health }) {
  if (health.status === "FAULTY_CONFIGURATION") return notice("bad", t("banner.broken", { name }), quoted(sentence(health.reason ?? "")), " ", way(name));
  return health.status === "PENDING_AUTHORIZATION" ? notice("waiting", t("banner.pending", { name }), way(name)) : null;
}

function expiries({ connection_name: name, health }) {
  return (health.warnings ?? []).map(({ at }) => {
    const title = new Date(at) < new Date() ? t("banner.expired", { name }) : t("banner.expires", { name });
    return notice("waiting", title, t("banner.expires_at", { day: dayText(new Date(at)) }), " ", way(name));
  });
}

function pauseTrouble({ connection_name: name, paused_until: until }) {
  if (!until || new Date(until) < new Date()) return null;
  return notice("plain", t("banner.paused", { name }), t("banner.paused_until", { time: clock(until).textContent }));
}

function webhookTrouble({ connection_name: name }, webhook) {
  const title = { silent: "banner.webhook_silent", failing: "banner.webhook_failing", expired: "banner.webhook_expired" }[webhook?.state];
  if (!title) return null;
  const open = may("admin") ? button(t("banner.open_webhook", { name }), () => openDialog("webhook", name), { class: "as-link", data: { key: `webhook ${name}` } }) : way(name);
  return notice("waiting", t(title, { name }), quoted(sentence(webhook.reason)), ` ${t("banner.webhook_way")} `, open);
}

function way(name) {
  return link(address(["integrations", name]), {}, t("banner.open", { name }));
}
