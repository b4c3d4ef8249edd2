// Offers the guards' dashboard where dashboards are added, so that nobody writes YAML. It is made anew from the gates
// that there are; whoever takes control of it gets ordinary cards to arrange.
import { FaceGateAlarms } from "./alarms-card.js";
import { FaceGateGate } from "./gate-card.js";
import { gatesOf } from "./gates.js";
import { text } from "./texts.js";

const COLUMNS = 3;

class FaceGateStrategy extends HTMLElement {
  static registryDependencies = ["entities", "devices"];

  static async generate(_config, hass) {
    const gates = gatesOf(hass).map(({ device }) => ({
      type: "grid",
      cards: [{ type: "custom:facegate-gate", device }],
    }));
    return {
      title: text(hass.language, "name"),
      views: [
        {
          title: text(hass.language, "gates"),
          path: "gates",
          icon: "mdi:gate",
          type: "sections",
          max_columns: COLUMNS,
          sections: [
            { type: "grid", column_span: COLUMNS, cards: [{ type: "custom:facegate-alarms" }] },
            ...gates,
          ],
        },
      ],
    };
  }
}

// Home Assistant may load this a second time after an update; a name can be given once.
function define(name, element) {
  if (!customElements.get(name)) customElements.define(name, element);
}

define("facegate-alarms", FaceGateAlarms);
define("facegate-gate", FaceGateGate);
define("ll-strategy-dashboard-facegate", FaceGateStrategy);

window.customStrategies ??= [];
if (!window.customStrategies.some(({ type }) => type === "facegate")) {
  window.customStrategies.push({
    type: "facegate",
    strategyType: "dashboard",
    documentationURL: "https://github.com/facegate/facegate/blob/main/docs/home-assistant/dashboard.md",
    // Asked when the dialog is opened, in the language that the page is in by then.
    get name() {
      return text(document.documentElement.lang, "name");
    },
    get description() {
      return text(document.documentElement.lang, "description");
    },
  });
}
