// What has just happened at a gate. Nothing from before the page was opened, and nothing for longer than this: whoever
// looks at the wall sees what is, and no list of who came and went.

export const SHOWN_MS = 15000;
export const FORCED_MS = 60000;

const EVENTS = ["event.access", "event.passage"];
const TONES = {
  access_granted: "good",
  access_denied: "bad",
  passed: "good",
  not_passed: "plain",
  tailgated: "bad",
  forced: "bad",
};

/** Follows the events of one gate. Times are this browser's own, so that a tablet with a wrong clock is right, too. */
export class Now {
  constructor() {
    this._seen = new Map();
    this._shown = null;
  }

  /** Take in the gate's events as they stand now; returns whether one of them is new. */
  follow(hass, gate, at) {
    let fresh = false;
    for (const key of EVENTS) {
      const event = hass.states[gate.entities[key]];
      const moment = event && !["unknown", "unavailable"].includes(event.state) ? event.state : undefined;
      const known = this._seen.get(key);
      // Only what changes while somebody looks is new: what stood there before has happened before.
      if (known !== undefined && moment !== undefined && moment !== known.moment) {
        this._shown = { event, at };
        fresh = true;
      }
      this._seen.set(key, { moment: moment ?? known?.moment });
    }
    return fresh;
  }

  /** What is to be shown at this time: {event, tone}, or null. */
  at(time) {
    if (this._shown === null) return null;
    const type = this._shown.event.attributes.event_type;
    const lasts = type === "forced" ? FORCED_MS : SHOWN_MS;
    if (time - this._shown.at >= lasts) this._shown = null;
    return this._shown && { event: this._shown.event, type, tone: TONES[type] ?? "plain" };
  }
}
