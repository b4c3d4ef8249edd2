// One gate: what happens there now, a big button that asks before it opens, and how the gate is run.
import { answers, changed, gatesOf, part } from "./gates.js";
import { Now, SHOWN_MS, FORCED_MS } from "./now.js";
import { card, make } from "./style.js";
import { text } from "./texts.js";

const DONE_MS = 3000; // then the gate itself tells what came of it
const ASK_MS = 10000; // an unanswered question is gone before somebody else stands at the tablet
const ICONS = {
  access_granted: "mdi:check-bold",
  access_denied: "mdi:close-octagon",
  passed: "mdi:walk",
  not_passed: "mdi:account-off",
  tailgated: "mdi:account-multiple",
  forced: "mdi:run-fast",
};

export class FaceGateGate extends HTMLElement {
  setConfig(config) {
    if (!config.device) throw new Error("device is missing");
    this._config = config;
    this._body ??= card(this);
    this._now = new Now();
  }

  getGridOptions() {
    return { columns: 12, min_columns: 6, rows: "auto" };
  }

  getCardSize() {
    return 6;
  }

  set hass(hass) {
    const before = this._hass;
    const gate = gatesOf(hass).find((one) => one.device === this._config.device);
    this._hass = hass;
    const fresh = gate ? this._now.follow(hass, gate, performance.now()) : false;
    const same = gate && this._gate && gate.name === this._gate.name;
    this._gate = gate;
    if (fresh && !this._busy) this._said = null; // what the gate tells is newer
    if (fresh) this._drawAgain("_quiet", this._now.at(performance.now()).type === "forced" ? FORCED_MS : SHOWN_MS);
    if (!same || fresh || changed(before, hass, Object.values(gate.entities))) this._draw();
  }

  disconnectedCallback() {
    clearTimeout(this._quiet);
    clearTimeout(this._unasked);
    clearTimeout(this._unsaid);
  }

  _drawAgain(timer, after) {
    clearTimeout(this[timer]);
    this[timer] = setTimeout(() => this._draw(), after + 50);
  }

  _say(key, values = {}) {
    return text(this._hass.language, key, { gate: this._gate?.name, ...values });
  }

  _draw() {
    if (!this._gate) {
      this._body.replaceChildren(make("p", { class: "note" }, this._say("gone")));
      return;
    }
    const focused = this.shadowRoot.activeElement?.dataset.name; // drawing anew must not lose the keyboard's place
    this._body.replaceChildren(this._head(), this._happening(), this._question ? this._ask() : this._buttons());
    if (focused) this._body.querySelector(`[data-name="${focused}"]`)?.focus();
  }

  _head() {
    const figure = (sensor, key) => {
      const count = part(this._hass, this._gate, sensor)?.state;
      return /^\d+$/.test(count ?? "") ? this._say(key, { count }) : null;
    };
    const figures = [figure("sensor.passages", "passages_today"), figure("sensor.inside", "people_inside")];
    return make(
      "div",
      { class: "head" },
      make("h2", {}, this._gate.name),
      make("span", { class: "figures" }, figures.filter(Boolean).join(" · ")),
    );
  }

  _happening() {
    if (this._said) {
      return this._status(this._said.tone, this._said.icon, this._said.words, "");
    }
    const now = this._now.at(performance.now());
    if (!now) return this._status("plain", "mdi:bell-sleep-outline", this._say("quiet"), "");
    const tell = (attribute) => this._hass.formatEntityAttributeValue(now.event, attribute);
    // Of who was let in: by what; of who was not: why. Nothing tells who it was.
    const about = { access_granted: ["method", "direction"], access_denied: ["reason", "direction"] };
    const more = (about[now.type] ?? ["direction"]).map(tell).join(" · ");
    return this._status(now.tone, ICONS[now.type] ?? "mdi:gate", tell("event_type"), more);
  }

  _status(tone, icon, words, more) {
    return make(
      "div",
      { class: `now ${tone}`, role: "status" },
      make("ha-icon", { icon }),
      make("div", {}, make("strong", {}, words), make("span", {}, more)),
    );
  }

  _buttons() {
    const [hass, gate] = [this._hass, this._gate];
    const away = part(hass, gate, "binary_sensor.node")?.state === "off";
    const why = !answers(hass, gate) ? "unanswered" : away ? "silent" : null;
    const open = (key) =>
      gate.entities[`button.${key}`]
        ? make(
            "button",
            {
              class: "open",
              "data-name": key,
              disabled: why !== null || Boolean(this._busy),
              onclick: () => this._wonder(`${key}_question`, {}, () => this._press(key)),
            },
            make("ha-icon", { icon: key === "open" ? "mdi:lock-open-variant" : "mdi:exit-run" }),
            this._say(key),
          )
        : null;
    return make(
      "div",
      { style: "display: flex; flex-direction: column; gap: 12px; margin-top: auto" },
      make("div", { class: "row" }, open("open"), open("open_exit")),
      why ? make("p", { class: "note" }, this._say(why)) : null,
      this._modes(),
    );
  }

  _modes() {
    const [hass, mode] = [this._hass, part(this._hass, this._gate, "select.mode")];
    if (!mode || mode.state === "unavailable") return null;
    const buttons = mode.attributes.options.map((option) => {
      const words = hass.formatEntityState(mode, option);
      return make(
        "button",
        {
          class: option,
          "data-name": option,
          "aria-pressed": String(option === mode.state),
          disabled: Boolean(this._busy),
          onclick: () =>
            option !== mode.state &&
            this._wonder("mode_question", { mode: words }, () => this._setMode(mode.entity_id, option)),
        },
        words,
      );
    });
    return make("div", { class: "modes", role: "group", "aria-label": hass.formatEntityName?.(mode, "entity") ?? "" }, ...buttons);
  }

  _wonder(key, values, act) {
    this._question = { key, values, act };
    clearTimeout(this._unasked);
    this._unasked = setTimeout(() => this._answer(false), ASK_MS);
    this._draw();
    this._body.querySelector('[data-name="cancel"]').focus();
  }

  _ask() {
    const { key, values } = this._question;
    return make(
      "div",
      { class: "ask", role: "alertdialog", "aria-label": this._say(key, values), style: "margin-top: auto" },
      make("p", {}, this._say(key, values)),
      make(
        "div",
        { class: "row" },
        make("button", { "data-name": "cancel", onclick: () => this._answer(false) }, this._say("cancel")),
        make(
          "button",
          { class: "yes", "data-name": "confirm", onclick: () => this._answer(true) },
          this._say("confirm"),
        ),
      ),
    );
  }

  _answer(yes) {
    clearTimeout(this._unasked);
    const question = this._question;
    this._question = null;
    if (yes) question.act();
    else this._draw();
  }

  _press(key) {
    const entity_id = this._gate.entities[`button.${key}`];
    return this._do("opening", "opened", "button", "press", { entity_id });
  }

  _setMode(entity, option) {
    return this._do("changing", null, "select", "select_option", { entity_id: entity, option });
  }

  async _do(words, done, domain, service, data) {
    this._busy = true;
    this._tell("plain", "mdi:timer-sand", this._say(words));
    try {
      // The last argument: this card says itself what has gone wrong, and louder than a toast.
      await this._hass.callService(domain, service, data, undefined, false);
      this._busy = false;
      if (done) this._tell("good", "mdi:check-bold", this._say(done), DONE_MS);
      else this._tell(null);
    } catch (error) {
      this._busy = false;
      this._tell("bad", "mdi:close-octagon", await sentence(this._hass, error) || this._say("failed"), SHOWN_MS);
    }
  }

  _tell(tone, icon, words, lasts) {
    clearTimeout(this._unsaid);
    this._said = tone && { tone, icon, words };
    if (lasts) this._unsaid = setTimeout(() => this._tell(null), lasts);
    this._draw();
  }
}

/** What an action has failed of, as the integration says it, in the language of whoever looks. */
async function sentence(hass, error) {
  const { translation_domain: domain, translation_key: key, translation_placeholders: values } = error ?? {};
  if (!key || !hass.loadBackendTranslation) return error?.message;
  const localize = await hass.loadBackendTranslation("exceptions", domain);
  return localize(`component.${domain}.exceptions.${key}.message`, values) || error.message;
}
