// The page Enrol: who, the notice, the yes, and then the camera at the gate or pictures from a file.

import { Problem, send, tell } from "./panel.js";

const API = "do/api/v1/";
const EVERY = 350; // milliseconds between two looks at how it stands
const find = (id) => document.getElementById(id);
const words = new Map([...document.querySelectorAll("#words dt")].map((term) => [term.textContent, term.nextElementSibling.textContent]));
const form = find("enrol");
let residents = [];
let running = null;

function show(name) {
  for (const part of ["before", "live", "result"]) find(part).hidden = part !== name;
  find(`${name}-title`)?.focus({ preventScroll: true });
  window.scrollTo(0, 0);
}

function told(problem) {
  tell(problem instanceof Problem ? `${problem.message} ${problem.detail}`.trim() : String(problem), true);
}

async function load() {
  residents = await send("GET", `${API}residents`);
  const wanted = location.hash.slice(1);
  for (const one of residents) {
    const option = new Option(one.flat ? `${one.name} (${one.flat})` : one.name, one.id, false, one.id === wanted);
    find("resident").append(option);
  }
  await offer();
  adapt();
}

// Whoever is a person of Home Assistant alone can be chosen, too; the only one who can be is.
async function offer() {
  const people = await send("GET", `${API}persons`);
  const group = Object.assign(document.createElement("optgroup"), { label: words.get("persons") });
  for (const one of people) {
    const option = new Option(one.name || one.person, one.person);
    option.dataset.person = one.person;
    group.append(option);
  }
  if (people.length) find("resident").append(group);
  const choices = find("resident").querySelectorAll("option:not([value=''])");
  if (choices.length === 1) find("resident").value = choices[0].value;
}

// A person becomes a resident when everything else is said, so that nobody is one by having been looked at here.
async function admit() {
  const [option] = find("resident").selectedOptions;
  if (option.dataset.person) {
    const { resident } = await send("POST", `${API}persons/residents`, { person: option.dataset.person });
    option.value = resident;
    delete option.dataset.person;
  }
}

function adapt() {
  const chosen = residents.find((one) => one.id === find("resident").value);
  const guardian = find("guardian");
  guardian.hidden = guardian.disabled = !chosen?.minor;
  const note = chosen?.level === "no_face" ? "no_face" : chosen?.level === "strict" ? "strict_level" : "";
  find("level").hidden = !note;
  find("level").textContent = words.get(note) ?? "";
  for (const text of document.querySelectorAll("[data-notice]")) text.hidden = text.lang !== find("language").value;
  const pictures = find("way").value === "pictures";
  find("at").hidden = pictures;
  find("files").hidden = form.elements.pictures.disabled = !pictures;
  if (pictures) find("channel").value = "paper";
  find("seen").hidden = find("channel").value !== "paper";
}

form.addEventListener("change", adapt);
find("print").addEventListener("click", () => window.print());
find("again").addEventListener("click", () => location.reload());
find("cancel").addEventListener("click", () => {
  const id = running;
  running = null;
  show("before");
  if (id) send("DELETE", `${API}standings/${id}`).catch(told);
});
// Whoever leaves the page ends it, too; a session that nobody ends times out by itself.
window.addEventListener("pagehide", () => {
  const key = document.querySelector('meta[name="facegate-form"]').content;
  if (running) fetch(`${API}standings/${running}`, { method: "DELETE", keepalive: true, headers: { "X-FaceGate-Form": key } });
});

function given() {
  const fields = form.elements;
  const shown = document.querySelector(`[data-notice][lang="${fields.language.value}"]`);
  const said = { notice: shown.dataset.notice, language: fields.language.value, channel: fields.channel.value };
  if (!find("guardian").disabled) said.guardian = { name: form.querySelector("input[name=guardian]").value.trim(), relation: fields.relation.value };
  const remark = fields.remark.value.trim();
  if (remark && said.channel === "paper") said.remark = remark;
  return said;
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = event.submitter ?? form.querySelector("button:not([type])");
  button.disabled = true;
  tell("");
  try {
    await admit();
    await (form.elements.way.value === "pictures" ? upload() : stand());
  } catch (problem) {
    told(problem);
  } finally {
    button.disabled = false;
  }
});

async function upload() {
  const body = new FormData();
  body.append("given", JSON.stringify(given()));
  for (const file of form.elements.pictures.files) body.append("pictures", file);
  const key = document.querySelector('meta[name="facegate-form"]').content;
  const address = `${API}residents/${form.elements.resident.value}/pictures`;
  const answer = await fetch(address, { method: "POST", headers: { "X-FaceGate-Form": key }, body });
  const content = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Problem(content);
  const lines = content.pictures.map(({ name, refused, hints, detail }) => {
    const why = [...refused, ...hints].map((reason) => words.get(`reason.${reason}`)).join(" ");
    return `${name}: ${why || words.get("accepted")}${detail ? ` (${detail})` : ""}`;
  });
  finish(content.duplicate ? "refused" : content.accepted ? "stored" : "none", content, lines);
}

async function stand() {
  const begun = await send("POST", `${API}standings`, { resident: form.elements.resident.value, camera: form.elements.camera.value, ...given() });
  running = begun.id;
  show("live");
  while (running === begun.id) {
    const state = await send("GET", `${API}standings/${begun.id}`);
    if (running !== begun.id) return;
    if (["done", "refused", "failed", "timed_out", "cancelled"].includes(state.stage)) {
      running = null;
      const end = state.stage !== "done" ? state.stage : state.share ? "strict" : state.recognised ? "done" : "unsure";
      finish(end, state, []);
      send("DELETE", `${API}standings/${begun.id}`).catch(told);
      return;
    }
    tellHow(state);
    await new Promise((resolve) => setTimeout(resolve, EVERY));
  }
}

function tellHow({ stage, wanted, says, views, kept, picture, left }) {
  const asked = stage === "looking" ? `view.${wanted ?? "front"}` : stage;
  say(find("wanted"), words.get(asked));
  say(find("says"), stage !== "looking" ? "" : kept ? words.get("good") : says.length ? words.get(`live.${says[0]}`) : "");
  find("left").textContent = stage === "looking" ? words.get("left").replace("{seconds}", Math.ceil(left)) : "";
  document.querySelector(".glass").classList.toggle("good", kept || stage !== "looking");
  if (picture) find("picture").src = `data:image/jpeg;base64,${picture}`;
  for (const item of document.querySelectorAll("[data-view]")) item.classList.toggle("got", stage !== "looking" || views.includes(item.dataset.view));
}

// Told once, or a screen reader would say the same every moment.
function say(element, text) {
  if (element.textContent !== (text ?? "")) element.textContent = text ?? "";
}

function finish(end, { duplicate, alike, share }, lines) {
  find("picture").removeAttribute("src");
  find("result-title").textContent = words.get(end);
  find("result-about").textContent = (words.get(`${end}.about`) ?? "").replace("{other}", duplicate ?? "");
  const warnings = alike.map(({ name, score }) => words.get("alike").replace("{name}", name).replace("{score}", score.toFixed(2)));
  find("result-list").replaceChildren(...[...lines, ...warnings].map((text) => Object.assign(document.createElement("li"), { textContent: text })));
  find("share").hidden = !share;
  if (share) find("share-code").src = `data:image/svg+xml,${encodeURIComponent(share)}`;
  show("result");
}

load().catch(told);
