// Everything that is wrong at any gate now, on top and unmistakable; and when nothing is, that says so.
import { alarmsOf, answers, changed, gatesOf } from "./gates.js";
import { FORCED_MS, Now } from "./now.js";
import { card, make } from "./style.js";
import { text } from "./texts.js";

const ICONS = {
  alarm_fire: "mdi:fire-alert",
  alarm_forced: "mdi:run-fast",
  alarm_tamper: "mdi:shield-alert",
  alarm_held: "mdi:door-open",
  alarm_node: "mdi:lan-disconnect",
  alarm_camera: "mdi:camera-off",
  alarm_answer: "mdi:server-off",
};
const GRAVEST_FIRST = Object.keys(ICONS);
const BROKEN = new Set(["alarm_node", "alarm_camera", "alarm_answer"]); // somebody has to repair, nobody has to run

export class FaceGateAlarms extends HTMLElement {
  setConfig() {
    this._body ??= card(this);
    this._nows = new Map();
  }

  getGridOptions() {
    return { columns: "full", rows: "auto" };
  }

  getCardSize() {
    return 2;
  }

  set hass(hass) {
    const gates = gatesOf(hass);
    const forced = this._follow(hass, gates);
    const ids = gates.flatMap((gate) => Object.values(gate.entities)).concat(this._siteId(hass) ?? []);
    const same = this._gates?.length === gates.length && !forced;
    if (same && !changed(this._hass, hass, ids)) {
      this._hass = hass;
      return;
    }
    [this._hass, this._gates] = [hass, gates];
    this._draw();
  }

  disconnectedCallback() {
    clearTimeout(this._later);
  }

  _follow(hass, gates) {
    let forced = false;
    for (const gate of gates) {
      const now = this._nows.get(gate.device) ?? new Now();
      this._nows.set(gate.device, now);
      forced = now.follow(hass, gate, performance.now()) || forced;
    }
    return forced;
  }

  _siteId(hass) {
    const site = Object.values(hass.entities).find(
      (entity) => entity.platform === "facegate" && entity.translation_key === "site_inside",
    );
    return site?.entity_id;
  }

  _draw() {
    const [hass, time] = [this._hass, performance.now()];
    const say = (key, values) => text(hass.language, key, values);
    const silent = this._gates.length > 0 && this._gates.every((gate) => !answers(hass, gate));
    const alarms = silent
      ? [{ key: "alarm_answer", name: null }] // once, and not once more at every gate
      : this._gates.flatMap((gate) =>
          this._keys(hass, gate, time).map((key) => ({ key, name: gate.name })),
        );
    alarms.sort((one, other) => GRAVEST_FIRST.indexOf(one.key) - GRAVEST_FIRST.indexOf(other.key));
    const list = alarms.map(({ key, name }) =>
      make(
        "li",
        { "data-alarm": key, class: BROKEN.has(key) ? "broken" : "grave" },
        make("ha-icon", { icon: ICONS[key] }),
        make("div", {}, name === null ? null : make("strong", {}, name), say(key)),
      ),
    );
    const inside = hass.states[this._siteId(hass)]?.state;
    const calm = make(
      "div",
      { class: "calm" },
      make("ha-icon", { icon: this._gates.length ? "mdi:check-circle" : "mdi:information" }),
      make("span", {}, say(this._gates.length ? "no_alarms" : "no_gates")),
      /^\d+$/.test(inside ?? "") ? make("span", { class: "figures" }, say("people_inside", { count: inside })) : null,
    );
    const content = list.length ? make("div", { role: "alert" }, make("ul", {}, ...list)) : calm;
    this._body.replaceChildren(content);
    clearTimeout(this._later);
    if (alarms.some(({ key }) => key === "alarm_forced")) this._later = setTimeout(() => this._draw(), FORCED_MS + 50);
  }

  _keys(hass, gate, time) {
    const forced = this._nows.get(gate.device)?.at(time)?.type === "forced";
    return [...(forced ? ["alarm_forced"] : []), ...alarmsOf(hass, gate)];
  }
}
