// The page Residents: the list is asked for and shown here, so that no name stands in the page's own text.
// It is long because all its parts show the one resident who is open, and draw the one list anew.

import { Problem, send, tell } from "./panel.js";
import { departures } from "./leaving.js";
import { offer } from "./persons.js";

const API = "do/api/v1/";
const DAY = 86400;
const words = new Map(
  [...document.querySelectorAll("#words dt")].map((term) => [term.textContent, term.nextElementSibling.textContent]),
);
const say = (key) => words.get(key) ?? key;
const find = (selector, within = document) => within.querySelector(selector);
const list = find("#list");
const one = find("#one");
const properties = find("#properties");
const files = find("#import");
let residents = [];
let shown = null; // the resident in the dialog; null for a new one

function make(tag, text, attributes = {}) {
  const made = document.createElement(tag);
  if (text) made.textContent = text;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

function whisper(dialog, text, wrong = false) {
  const said = find(".said", dialog);
  said.textContent = text;
  said.classList.toggle("wrong", wrong);
  if (text) said.scrollIntoView({ block: "nearest" });
}

// What goes wrong is said where somebody looks: in the dialog, or on the page. A detail is in English, so it comes last.
async function trying(dialog, work) {
  try {
    return await work();
  } catch (problem) {
    const text = problem instanceof Problem ? `${problem.message} ${problem.detail}`.trim() : String(problem);
    if (dialog?.open) whisper(dialog, text, true);
    else tell(text, true);
    return undefined;
  }
}

// The list

async function load() {
  residents = (await trying(null, () => send("GET", `${API}residents`))) ?? [];
  choices("#by-flat", [...new Set(residents.map((one) => one.flat).filter(Boolean))]);
  choices("#by-group", [...new Set(residents.flatMap((one) => one.groups))]);
  draw();
  ask();
  await Promise.all([
    departures({ make, say, trying, toDay, residents, reload: load }),
    offer({ make, say, trying, admitted }),
  ]);
}

async function admitted({ resident }) {
  await load();
  await open(resident);
  whisper(one, say("admitted"));
  find("#next").hidden = false;
}

function choices(selector, values) {
  const select = find(selector);
  const chosen = select.value;
  select.replaceChildren(select.options[0], ...values.sort(byText).map((value) => make("option", value, { value })));
  select.value = values.includes(chosen) ? chosen : "";
}

const byText = new Intl.Collator(document.documentElement.lang, { numeric: true }).compare;

function fits(resident) {
  const wanted = find("#search").value.trim().toLocaleLowerCase();
  const state = find("#by-state").value;
  const flat = find("#by-flat").value;
  const group = find("#by-group").value;
  const text = [resident.name, resident.flat, resident.person ?? "", ...resident.groups].join("\n").toLocaleLowerCase();
  return (
    text.includes(wanted) &&
    (!flat || resident.flat === flat) &&
    (!group || resident.groups.includes(group)) &&
    (!state || (state === "without" ? resident.without_way.length > 0 : resident.state === state))
  );
}

function draw() {
  const found = residents.filter(fits);
  list.replaceChildren(...found.map(row));
  find("#count").textContent = `${say("count")}: ${found.length}${found.length < residents.length ? ` / ${residents.length}` : ""}`;
}

function row(resident) {
  const made = find("#row").content.cloneNode(true);
  find(".name", made).textContent = resident.name;
  find(".flat", made).textContent = resident.flat;
  const state = find(".state", made);
  state.textContent = say(`state.${resident.state}`);
  state.dataset.state = resident.state;
  find(".has", made).textContent = resident.ways.map((way) => say(`way.${way}`)).join(" · ");
  const lack = find(".lack", made);
  if (resident.without_way.length) {
    lack.textContent = `${say("no_way_here")} ${resident.without_way.map((gate) => say(`gate.${gate}`)).join(", ")}`;
    lack.classList.toggle("urgent", resident.without_way.some((gate) => words.has(`reader.${gate}`)));
  }
  find("button", made).dataset.resident = resident.id;
  return made;
}

// What Home Assistant says of persons is asked, never done

function ask() {
  const asked = residents.filter((resident) => resident.person_gone || resident.person_renamed);
  find("#asked").hidden = asked.length === 0;
  find("#asked ul").replaceChildren(...asked.map(question));
}

function question(resident) {
  const made = make("li");
  const does = (key, work) => {
    const button = make("button", say(key), { type: "button", class: "second" });
    button.addEventListener("click", () =>
      trying(null, async () => {
        if ((await work()) !== false) await load();
      }),
    );
    return button;
  };
  const answer = (key, body) => does(key, () => send("PATCH", `${API}residents/${resident.id}`, body));
  const leaves = () =>
    window.confirm(say("moved_out_sure")) &&
    send("POST", `${API}persons/answers`, { person: resident.person, outcome: "moved_out" });
  const other = make("button", say("other"), { type: "button", class: "second", "data-resident": resident.id, "data-focus": "linked" });
  const open = make("button", say("forget"), { type: "button", class: "danger", "data-resident": resident.id, "data-focus": "erase" });
  const buttons = make("div", "", { class: "actions" });
  if (resident.person_gone) {
    made.append(make("p", `${resident.name}: ${say("gone")}`));
    buttons.append(answer("keep", { person: null }), other, does("moved_out", leaves), open);
  } else {
    made.append(make("p", `${resident.name}: ${say("renamed")} ${resident.person_renamed}`));
    buttons.append(
      answer("take_name", { name: resident.person_renamed }),
      answer("keep_name", { person: resident.person }),
    );
  }
  made.append(buttons);
  return made;
}

// One resident

const field = (name) => properties.elements[name];
const toDay = (at) => {
  if (at === null) return "";
  const day = new Date(at * 1000);
  return `${day.getFullYear()}-${String(day.getMonth() + 1).padStart(2, "0")}-${String(day.getDate()).padStart(2, "0")}`;
};
const fromDay = (day, through) => {
  if (!day) return null;
  const [year, month, date] = day.split("-").map(Number);
  return new Date(year, month - 1, date + (through ? 1 : 0)).getTime() / 1000;
};
const several = (text) => [...new Set(text.split(/[,，、;；]/).map((word) => word.trim()).filter(Boolean))];

function wish() {
  return {
    name: field("name").value.trim(),
    flat: field("flat").value.trim(),
    groups: several(field("groups").value),
    valid_from: fromDay(field("valid_from").value, false),
    valid_until: fromDay(field("valid_until").value, true),
    gates: field("every").value === "no" ? [...properties.querySelectorAll("[name=gate]:checked")].map((tick) => tick.value) : [],
    level: field("level").value,
    minor: field("minor").checked,
    residence_seen: field("residence_seen").checked,
    person: field("person").value.trim() || null,
  };
}

function fill(resident) {
  properties.reset();
  find("#one-title").textContent = resident?.name ?? say("new");
  find(".where", one).textContent = resident ? say(`state.${resident.state}`) : "";
  find("#more").hidden = !resident;
  find("#pause").hidden = !resident || !["invited", "enrolled", "withdrawn", "suspended"].includes(resident.state);
  if (!resident) return;
  for (const name of ["name", "flat"]) field(name).value = resident[name];
  field("groups").value = resident.groups.join(", ");
  field("person").value = resident.person ?? "";
  field("valid_from").value = toDay(resident.valid_from);
  field("valid_until").value = toDay(resident.valid_until === null ? null : resident.valid_until - 1);
  field("every").value = resident.gates.length ? "no" : "yes";
  for (const tick of properties.querySelectorAll("[name=gate]")) tick.checked = resident.gates.includes(tick.value);
  field("level").value = resident.level;
  for (const name of ["minor", "residence_seen"]) field(name).checked = resident[name];
  find("#pause").textContent = say(resident.state === "suspended" ? "resume" : "suspend");
}

async function open(id, part) {
  shown = residents.find((resident) => resident.id === id) ?? null;
  whisper(one, "");
  fill(shown);
  limitGates();
  find("#made").hidden = find("#code").hidden = true;
  find("#next").hidden = true;
  find("#enrol").href = find("#next a").href = `enrol#${shown?.id ?? ""}`;
  find("#erase").reset();
  find("#erase button").disabled = true;
  if (!one.open) one.showModal();
  if (part) find(`#${part} input`).focus();
  if (shown) await showWays();
}

async function refresh(resident) {
  await load();
  shown = residents.find((known) => known.id === resident.id) ?? null;
  fill(shown);
  limitGates();
  if (shown) await showWays();
}

function limitGates() {
  find("#gates").hidden = field("every").value !== "no";
}

properties.addEventListener("change", limitGates);
properties.addEventListener("submit", (event) => {
  event.preventDefault();
  trying(one, async () => {
    let body = wish();
    if (field("every").value === "no" && !body.gates.length) {
      whisper(one, say("choose_gate"), true); // no gate at all would mean every gate
      return;
    }
    if (shown) {
      const before = { ...shown };
      body = Object.fromEntries(Object.entries(body).filter(([name, value]) => !same(name, value, before[name])));
      if (body.level && !window.confirm(say("level_sure"))) return;
    }
    const kept = shown
      ? await send("PATCH", `${API}residents/${shown.id}`, body)
      : await send("POST", `${API}residents`, body);
    await refresh(kept);
    whisper(one, say("saved"));
  });
});

// A day stands for a time that may have been set more finely elsewhere: what was not touched is not sent.
function same(name, value, before) {
  if (name === "valid_from") return toDay(value) === toDay(before);
  if (name === "valid_until") return toDay(value && value - 1) === toDay(before && before - 1);
  if (Array.isArray(value)) return JSON.stringify([...value].sort()) === JSON.stringify([...before].sort());
  return value === before;
}

find("#pause").addEventListener("click", () =>
  trying(one, async () => {
    await refresh(await send("PATCH", `${API}residents/${shown.id}`, { suspended: shown.state !== "suspended" }));
    whisper(one, say("saved"));
  }),
);

// Ways without a face

async function showWays() {
  const owner = shown;
  const [credentials, passes] = (await trying(one, () =>
    Promise.all(["credentials", "passes"].map((kind) => send("GET", `${API}residents/${owner.id}/${kind}`))),
  )) ?? [[], []];
  if (shown !== owner) return;
  const found = [...credentials.map(way), ...passes.filter((pass) => !pass.guest && pass.state !== "revoked").map(pass)];
  find("#ways").replaceChildren(...(found.length ? found : [make("li", say("no_way"))]));
}

function takeAway(made, address) {
  const button = make("button", say("take_away"), { type: "button", class: "danger" });
  button.addEventListener("click", () => {
    if (!window.confirm(say("take_away_sure"))) return;
    trying(one, async () => {
      await send("DELETE", address);
      await refresh(shown);
    });
  });
  made.append(button);
  return made;
}

function times(thing) {
  const said = [];
  if (thing.valid_from !== null && thing.valid_from * 1000 > Date.now()) said.push(`${say("begins")} ${toDay(thing.valid_from)}`);
  if (thing.valid_until !== null) said.push(`${say("until")} ${toDay(thing.valid_until - 1)}`);
  return said;
}

function pass(known) {
  const where = known.gates.length ? known.gates.map((gate) => say(`gate.${gate}`)).join(", ") : say("everywhere");
  const about = [say("way.qr"), say(known.kind), known.label, where, ...times(known)].filter(Boolean);
  return takeAway(make("li", about.join(" · ")), `${API}residents/${shown.id}/passes/${known.id}`);
}

function way(credential) {
  const about = [say(`way.${credential.kind}`)];
  if (credential.hint) about.push(`…${credential.hint}`);
  about.push(credential.learned_at ? `${say("learned_at")} ${say(`gate.${credential.learned_at}`)}` : say("everywhere"));
  about.push(...times(credential));
  if (credential.windows.length) about.push(say("windows"));
  return takeAway(make("li", about.join(" · ")), `${API}residents/${shown.id}/credentials/${credential.id}`);
}

function announce(text) {
  const made = find("#made");
  made.textContent = text;
  made.hidden = false;
}

find("#card").addEventListener("submit", (event) => {
  event.preventDefault();
  const form = event.target;
  trying(one, async () => {
    await send("POST", `${API}residents/${shown.id}/credentials`, { kind: "card", number: form.elements.number.value.trim() });
    form.reset();
    await refresh(shown);
    whisper(one, say("saved"));
  });
});
find("#pin").addEventListener("click", () =>
  trying(one, async () => {
    const made = await send("POST", `${API}residents/${shown.id}/credentials`, { kind: "pin" });
    await refresh(shown);
    announce(`${say("pin_made")} ${made.pin}`);
  }),
);
find("#pass").addEventListener("click", () =>
  trying(one, async () => {
    const made = await send("POST", `${API}residents/${shown.id}/passes`, {});
    await refresh(shown);
    showCode(made.qr, made.text);
  }),
);
find("#lesson").addEventListener("submit", (event) => {
  event.preventDefault();
  const gate = event.target.elements.gate.value;
  const owner = shown;
  trying(one, async () => {
    let lesson = await send("POST", `${API}gates/${gate}/lessons`, { resident: owner.id });
    const { id } = lesson;
    announce(say("hold_card"));
    while (lesson.state === "waiting" && lesson.id === id && shown === owner && one.open) {
      await new Promise((done) => setTimeout(done, 1000));
      lesson = await send("GET", `${API}gates/${gate}/lessons`);
    }
    if (shown !== owner || lesson.id !== id) return;
    if (lesson.state === "learned") await refresh(owner);
    announce(say(lesson.state));
  });
});

// Links, and the end

function showCode(picture, text) {
  find("#code img").src = `data:image/svg+xml,${encodeURIComponent(picture)}`;
  find("#code input").value = text;
  find("#code").hidden = false;
  find("#code").scrollIntoView({ block: "nearest" });
}

for (const button of document.querySelectorAll("[data-link]"))
  button.addEventListener("click", () =>
    trying(one, async () => {
      const made = await send("POST", `${API}residents/${shown.id}/links`, { kind: button.dataset.link });
      showCode(made.qr, made.url);
    }),
  );
find("#erase").addEventListener("input", (event) => {
  find("#erase button").disabled = event.target.value.trim() !== shown?.name;
});
find("#erase").addEventListener("submit", (event) => {
  event.preventDefault();
  if (find("#erase").elements.name.value.trim() !== shown?.name) return;
  trying(one, async () => {
    await send("DELETE", `${API}residents/${shown.id}`);
    one.close();
    await load();
  });
});

// A list from a spreadsheet

let file = "";

async function base64(blob) {
  const bytes = new Uint8Array(await blob.arrayBuffer());
  let text = "";
  for (let at = 0; at < bytes.length; at += 0x8000) text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(text);
}

function preview(sheet) {
  const rows = sheet.lines.map((line) => {
    const made = make("tr");
    made.append(make("td", String(line.line)), make("th", line.name, { scope: "row" }), make("td", line.flat));
    const faults = line.faults.map((fault) => `${fault.column ? `${say(`column.${fault.column}`)}: ` : ""}${say(`fault.${fault.fault}`)} ${fault.value}`.trim());
    made.append(make("td", faults.join(" ") || say("good"), faults.length ? { class: "faulty" } : {}));
    return made;
  });
  find("tbody", files).replaceChildren(...rows);
  find(".scroll", files).hidden = false;
  find("#ignored").hidden = sheet.ignored.length === 0;
  find("#ignored").textContent = `${say("ignored")} ${sheet.ignored.join(", ")}`;
  const good = sheet.lines.filter((line) => !line.faults.length).length;
  find(".actions", files).hidden = good === 0;
  find('.actions [value="all"]', files).hidden = good < sheet.lines.length;
  find('.actions [value="good"]', files).hidden = good === sheet.lines.length;
}

find("form", files).addEventListener("submit", (event) => {
  event.preventDefault();
  trying(files, async () => {
    whisper(files, "");
    file = await base64(event.target.elements.file.files[0]);
    preview(await send("POST", `${API}residents/import`, { file }));
  });
});
for (const button of files.querySelectorAll(".actions button"))
  button.addEventListener("click", () =>
    trying(files, async () => {
      button.disabled = true;
      try {
        const done = await send("POST", `${API}residents/import`, { file, store: button.value });
        find(".actions", files).hidden = find(".scroll", files).hidden = true;
        whisper(files, `${say("imported")} ${done.stored}`);
        await load();
      } finally {
        button.disabled = false;
      }
    }),
  );

for (const control of document.querySelectorAll(".filters input, .filters select"))
  control.addEventListener("input", draw);
find("#add").addEventListener("click", () => open(null));
find("#open-import").addEventListener("click", () => files.showModal());
document.addEventListener("click", (event) => {
  const resident = event.target.closest("[data-resident]");
  if (resident) open(resident.dataset.resident, resident.dataset.focus);
  event.target.closest("[data-close]")?.closest("dialog").close();
});
one.addEventListener("close", () => {
  shown = null;
  find("#code img").removeAttribute("src");
  find("#code input").value = find("#made").textContent = "";
});
load();
