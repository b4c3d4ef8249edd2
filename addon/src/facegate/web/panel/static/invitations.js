// The page Invitations: who is invited, and the sheets, which are shown this once and are nowhere else.

import { Problem, send, tell } from "./panel.js";

const API = "do/api/v1/";
const find = (id) => document.getElementById(id);
const list = find("list");

function told(problem) {
  tell(problem instanceof Problem ? `${problem.message} ${problem.detail}`.trim() : String(problem), true);
}

async function load() {
  const residents = await send("GET", `${API}residents`);
  const byFlat = (one, other) => one.flat.localeCompare(other.flat, undefined, { numeric: true }) || one.name.localeCompare(other.name);
  for (const one of residents.sort(byFlat)) {
    const item = document.createElement("li");
    const label = document.createElement("label");
    const box = Object.assign(document.createElement("input"), { type: "checkbox", value: one.id, checked: one.state === "invited" });
    label.append(box, one.flat ? `${one.flat}: ${one.name}` : one.name);
    item.append(label);
    list.append(item);
  }
}

function tick(checked) {
  for (const box of list.querySelectorAll("input")) box.checked = checked;
}

function draw({ invitations, expires_at: expires }) {
  const until = (language) => new Date(expires * 1000).toLocaleString(language, { dateStyle: "long", timeStyle: "short" });
  const sheets = new Map();
  for (const one of invitations) {
    const key = one.flat || one.resident; // nobody's neighbour reads along: without a flat, a sheet each
    if (!sheets.has(key)) {
      const sheet = find("sheet").content.cloneNode(true).firstElementChild;
      sheet.querySelector("h2").textContent = one.flat || one.name;
      sheets.set(key, sheet);
    }
    const shown = find("one").content.cloneNode(true).firstElementChild;
    shown.querySelector("h3").textContent = one.name;
    shown.querySelector("img").src = `data:image/svg+xml,${encodeURIComponent(one.qr)}`;
    for (const place of shown.querySelectorAll(".until")) place.textContent = until(place.closest("[lang]").lang);
    shown.querySelector(".address").textContent = one.url;
    sheets.get(key).querySelector(".ones").append(shown);
  }
  find("sheets").replaceChildren(...sheets.values());
  find("print").hidden = false;
}

find("all").addEventListener("click", () => tick(true));
find("nobody").addEventListener("click", () => tick(false));
find("print").addEventListener("click", () => window.print());
find("who").addEventListener("submit", async (event) => {
  event.preventDefault();
  const residents = [...list.querySelectorAll("input:checked")].map((box) => box.value);
  try {
    draw(await send("POST", `${API}invitations`, { residents }));
    find("sheets").scrollIntoView();
  } catch (problem) {
    told(problem);
  }
});
load().catch(told);
