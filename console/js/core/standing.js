// Where tickets stand, summed up over integrations, and what runs found by day. Pure functions of what the API gave.


/** One summary by category: `{new, indeterminate, done, undefined, unknown, outside}`. */
export function byCategory(summary) {
  const sums = { new: 0, indeterminate: 0, done: 0, undefined: 0, unknown: 0, outside: summary.outside_window };
  for (const { ticket_status_category: category, tickets } of summary.by_status) sums[category ?? "undefined"] += tickets;
  for (const tickets of Object.values(summary.unknown)) sums.unknown += tickets;
  return sums;
}

/** The same over all that have a summary. */
export function total(standings) {
  const sums = { new: 0, indeterminate: 0, done: 0, undefined: 0, unknown: 0, outside: 0 };
  for (const { summary } of standings) {
    if (!summary) continue;
    for (const [part, tickets] of Object.entries(byCategory(summary))) sums[part] += tickets;
  }
  return sums;
}

/** Unknown tickets by reason, the most first: [{reason, tickets, integrations: [{name, tickets}]}]. */
export function unknownByReason(standings) {
  const reasons = new Map();
  for (const { name, summary } of standings) {
    for (const [reason, tickets] of Object.entries(summary?.unknown ?? {})) {
      const known = reasons.get(reason) ?? { reason, tickets: 0, integrations: [] };
      known.tickets += tickets;
      known.integrations.push({ name, tickets });
      reasons.set(reason, known);
    }
  }
  return [...reasons.values()].toSorted((one, other) => other.tickets - one.tickets);
}

/** The last `number` days of the reader's calendar, the oldest first, each as its midnight. */
export function lastDays(number, now) {
  return Array.from({ length: number }, (_, place) => new Date(now.getFullYear(), now.getMonth(), now.getDate() - number + 1 + place));
}

/** What the runs that ended on each of these days counted: [{day, runs, states, changed, deleted, inaccessible, failed}]. */
export function byDay(runs, days) {
  const found = days.map((day) => ({ day, runs: 0, states: { succeeded: 0, failed: 0, cancelled: 0 }, changed: 0, deleted: 0, inaccessible: 0, failed: 0 }));
  const places = new Map(days.map((day, place) => [day.getTime(), place]));
  for (const { completed_at: at, state, counts } of runs) {
    if (!at) continue;
    const ended = new Date(at);
    const one = found[places.get(new Date(ended.getFullYear(), ended.getMonth(), ended.getDate()).getTime())];
    if (!one) continue;
    one.runs += 1;
    one.states[state] += 1;
    for (const part of ["changed", "deleted", "inaccessible", "failed"]) one[part] += counts[part];
  }
  return found;
}

/**
 * What tickets showed at the end of each of these days, over all integrations: [{day, new, …, inaccessible}]. A day on
 * which no run counted an integration shows what the one before did. `past` of a standing is newest first.
 */
export function categoriesByDay(standings, days) {
  const found = days.map((day) => ({ day, new: 0, indeterminate: 0, done: 0, undefined: 0, inaccessible: 0 }));
  for (const { past } of standings) {
    const waiting = past.toReversed();
    let last = null;
    for (const one of found) {
      const end = new Date(one.day.getFullYear(), one.day.getMonth(), one.day.getDate() + 1);
      while (waiting.length && new Date(waiting[0].as_of) < end) last = waiting.shift();
      if (!last) continue;
      for (const [category, tickets] of Object.entries(last.by_category)) one[category] += tickets;
      one.inaccessible += last.inaccessible;
    }
  }
  return found;
}

/** A round number at or above this one, to end an axis with: 1, 2, 5, 10, 20 … */
export function roundAbove(number) {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, number)));
  return [1, 2, 5, 10].map((step) => step * power).find((step) => step >= number);
}
