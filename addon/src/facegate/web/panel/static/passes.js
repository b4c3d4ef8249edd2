// The page Passes. What stands in a code is shown once, right after it was made, and is asked for nowhere again.

import { Problem, send, tell } from "./panel.js";

const API = "do/api/v1/";
const words = new Map(
  [...document.querySelectorAll("#words dt")].map((term) => [term.textContent, term.nextElementSibling.textContent]),
);
const say = (key) => words.get(key) ?? key;
const find = (selector) => document.querySelector(selector);
const form = find("#make");
const made = find("#made");
const moment = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" });
const at = (seconds) => moment.format(new Date(seconds * 1000));
const unix = (text) => (text ? new Date(text).getTime() / 1000 : null);
const local = (date) => new Date(date.getTime() - date.getTimezoneOffset() * 60000).toISOString().slice(0, 16);
let residents = new Map();
let passes = [];

function make(tag, text, attributes = {}) {
  const element = document.createElement(tag);
  if (text) element.textContent = text;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

async function trying(work) {
  try {
    return await work();
  } catch (problem) {
    tell(problem instanceof Problem ? `${problem.message} ${problem.detail ?? ""}`.trim() : String(problem), true);
    return undefined;
  }
}

const nameOf = (id) => (id ? (residents.get(id)?.name ?? "–") : say("house"));
const gatesOf = (known) => (known.gates.length ? known.gates.map((gate) => say(`gate.${gate}`)).join(", ") : say("everywhere"));

function span(known) {
  const parts = [];
  if (known.valid_from) parts.push(`${say("from")} ${at(known.valid_from)}`);
  parts.push(known.valid_until ? `${say("until")} ${at(known.valid_until)}` : say("no_end"));
  return parts.join(" · ");
}

const left = (known) => (known.uses === null ? say("unlimited") : `${say("left")}: ${known.uses}`);

function draw() {
  const past = find("#past").checked;
  const shown = passes.filter((known) => past || known.state === "good" || known.state === "later");
  find("#count").textContent = shown.length ? `${say("count")}: ${shown.length}` : say("none");
  find("#list").replaceChildren(...shown.map(row));
}

function row(known) {
  const kind = known.kind === "rotating" ? "phone" : known.guest ? "guest" : "own_paper";
  const element = make("li");
  const what = make("div", "", { class: "what" });
  const whose = known.guest ? `${say("vouched")} ${nameOf(known.resident)}` : nameOf(known.resident);
  what.append(make("strong", known.label || say(kind)), " ");
  what.append(make("span", say(`state.${known.state}`), { class: "state", "data-state": known.state }));
  what.append(make("small", [known.label ? say(kind) : "", whose].filter(Boolean).join(" · ")));
  const bounds = known.kind === "rotating" ? [] : [span(known), left(known)];
  what.append(make("small", [...bounds, gatesOf(known)].join(" · ")));
  element.append(what);
  if (known.state === "good" || known.state === "later") {
    const button = make("button", say("revoke"), {
      type: "button",
      class: "danger",
      "aria-label": `${say("revoke")}: ${known.label || nameOf(known.resident)}`,
    });
    button.addEventListener("click", () => {
      if (!window.confirm(say("revoke_sure"))) return;
      trying(async () => {
        await send("DELETE", `${API}passes/${known.id}`);
        await load();
        tell(say("revoked"));
      });
    });
    element.append(button);
  }
  return element;
}

async function load() {
  passes = (await trying(() => send("GET", `${API}passes`))) ?? [];
  draw();
}

function show(answer) {
  find("#made img").src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(answer.qr)}`;
  find("#made figcaption").textContent = answer.label;
  const facts = [
    [say("at"), gatesOf(answer)],
    [say("valid"), span(answer)],
    [say("left"), answer.uses === null ? say("unlimited") : String(answer.uses)],
  ];
  if (answer.passback) facts.push([say("again"), `${answer.passback / 60} ${say("minutes")}`]);
  find("#made dl").replaceChildren(...facts.flatMap(([term, text]) => [make("dt", term), make("dd", text)]));
  made.hidden = false;
  made.scrollIntoView();
  made.focus({ preventScroll: true });
}

function hide() {
  made.hidden = true;
  find("#made img").removeAttribute("src");
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const fields = form.elements;
  const own = fields.whose.value === "own";
  const body = {
    label: fields.label.value.trim(),
    gates: [...form.querySelectorAll('[name="gate"]:checked')].map((gate) => gate.value),
    valid_from: unix(fields.valid_from.value),
    uses: fields.uses.value ? Number(fields.uses.value) : null,
    passback: Number(fields.passback.value || 0) * 60,
  };
  if (fields.valid_until.value) body.valid_until = unix(fields.valid_until.value);
  if (!own && fields.resident.value) body.resident = fields.resident.value;
  if (own && !fields.resident.value) {
    tell(say("nobody"), true);
    fields.resident.focus();
    return;
  }
  const button = form.querySelector("button");
  button.disabled = true;
  hide();
  trying(async () => {
    const path = own ? `residents/${fields.resident.value}/passes` : "passes";
    show(await send("POST", API + path, body));
    await load();
  }).finally(() => {
    button.disabled = false;
  });
});
form.elements.whose.addEventListener("change", () => {
  const own = form.elements.whose.value === "own";
  form.elements.valid_until.required = !own;
  form.elements.resident.options[0].textContent = say(own ? "resident" : "house");
});
find("#past").addEventListener("change", draw);
find("#print").addEventListener("click", () => window.print());
find("#done").addEventListener("click", hide);

const tonight = new Date();
tonight.setHours(23, 59, 0, 0);
form.elements.valid_until.value = local(tonight);
const known = (await trying(() => send("GET", `${API}residents`))) ?? [];
residents = new Map(known.map((resident) => [resident.id, resident]));
form.elements.resident.append(
  ...known.map((resident) => make("option", resident.flat ? `${resident.name} (${resident.flat})` : resident.name, { value: resident.id })),
);
await load();
