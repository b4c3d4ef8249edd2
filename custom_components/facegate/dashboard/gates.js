// What Home Assistant shows of FaceGate's gates, read from the states that every user's browser has anyway.

/** Each gate of FaceGate, by the device that stands for it: {device, name, entities: {key: entity_id}}. */
export function gatesOf(hass) {
  const gates = new Map();
  for (const entity of Object.values(hass.entities)) {
    if (entity.platform !== "facegate" || !entity.translation_key || !entity.device_id) continue;
    const gate = gates.get(entity.device_id) ?? { device: entity.device_id, entities: {} };
    gate.entities[`${entity.entity_id.split(".")[0]}.${entity.translation_key}`] = entity.entity_id;
    gates.set(entity.device_id, gate);
  }
  return [...gates.values()]
    .filter((gate) => "button.open" in gate.entities) // what has none is the recognizer itself
    .map((gate) => ({ ...gate, name: nameOf(hass, gate.device) }))
    .sort((one, other) => one.name.localeCompare(other.name, hass.language));
}

/** The state object of one part of a gate, such as "binary_sensor.fire". */
export function part(hass, gate, key) {
  return hass.states[gate.entities[key]];
}

/** Whether the recognizer answers for this gate. */
export function answers(hass, gate) {
  const state = part(hass, gate, "button.open")?.state;
  return state !== undefined && state !== "unavailable";
}

/** What is wrong at a gate now, the gravest first, as the keys of texts.js. */
export function alarmsOf(hass, gate) {
  if (!answers(hass, gate)) return ["alarm_answer"];
  const is = (key, state) => part(hass, gate, key)?.state === state;
  return [
    is("binary_sensor.fire", "on") && "alarm_fire",
    is("binary_sensor.tamper", "on") && "alarm_tamper",
    is("binary_sensor.held", "on") && "alarm_held",
    is("binary_sensor.node", "off") && "alarm_node",
    // A gate whose face reader is off may have no camera at all.
    is("binary_sensor.camera", "off") && is("switch.faces", "on") && "alarm_camera",
  ].filter(Boolean);
}

/** Whether anything that stands in these entities has changed. */
export function changed(before, after, ids) {
  return !before || before.language !== after.language || ids.some((id) => before.states[id] !== after.states[id]);
}

function nameOf(hass, device) {
  const { name_by_user: own, name } = hass.devices[device] ?? {};
  return own || name || device;
}
