// Activity: follows what happens, and asks for the reason before names are shown. Every text is put in as text.

import { Problem, send, tell } from "./panel.js";

const LIVE_MS = 5000;
const words = new Map(
  [...document.querySelectorAll("#words dt")].map((term) => [term.textContent, term.nextElementSibling.textContent]),
);
const live = document.getElementById("live");
const why = document.getElementById("why");
let named = false;

async function follow() {
  const pages = live.dataset.before; // older pages stand still
  if (named || pages || why?.open || document.hidden) return;
  try {
    const address = new URL(location.href);
    address.searchParams.set("live", "1");
    const answer = await fetch(address, { headers: { Accept: "text/html" } });
    if (!answer.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("live");
    if (fresh && !named && !why?.open && fresh.innerHTML !== live.innerHTML) live.replaceChildren(...fresh.childNodes);
  } catch {
    // The next look is in a moment; the page says what it knew.
  }
}
setInterval(follow, LIVE_MS);

function fail(problem) {
  const short = problem instanceof Problem && problem.kind === "invalid";
  tell(short ? words.get("activity.reason_short") : problem.message, true);
}

function nameOf(record) {
  const parts = [record.name, record.note].filter(Boolean);
  if (!parts.length && record.pseudonym) parts.push(somebody(record));
  return parts.join(" · ");
}

function somebody(record) {
  return words.get("activity.somebody").replace("{name}", record.pseudonym.slice(0, 6));
}

function row(record) {
  const item = document.createElement("li");
  item.className = record.kind;
  const put = (tag, className, text) => {
    const element = item.appendChild(document.createElement(tag));
    element.className = className;
    element.textContent = text;
    return element;
  };
  const at = new Date(record.at * 1000); // below in Swedish, which writes times as the rest of the page does
  put("time", "", at.toLocaleString("sv")).dateTime = at.toISOString();
  put("span", "what", record.says.map((key) => words.get(`activity.${key}`) ?? key).join(" · "));
  const where = [words.get(`gate.${record.gate}`) ?? record.gate, words.get(`direction.${record.direction}`)];
  if (record.method !== "none") where.push(words.get(`activity.method.${record.method}`) ?? record.method);
  put("span", "where", where.join(" · "));
  put("span", "who", record.note ?? "");
  return item;
}

document.getElementById("ask")?.addEventListener("click", () => why.showModal());
document.getElementById("why-not")?.addEventListener("click", () => why.close());
document.getElementById("why-form")?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const { from, to, gate, kind, before } = live.dataset;
  const body = { reason: event.target.reason.value.trim(), from: Number(from), to: Number(to) };
  if (gate) body.gate = gate;
  if (kind) body.kind = kind;
  const newest = live.querySelector("[data-number]")?.dataset.number;
  body.before = before ? Number(before) : Number(newest) + 1; // what has come since is not part of this look
  event.submitter.disabled = true;
  try {
    const { records } = await send("POST", "do/api/v1/activity/names", body);
    named = true;
    for (const record of records) {
      const cell = live.querySelector(`[data-number="${record.number}"] .who`);
      if (cell) cell.textContent = nameOf(record);
    }
    tell(words.get("activity.named"));
  } catch (problem) {
    fail(problem);
  } finally {
    why.close();
    event.submitter.disabled = false;
  }
});

document.getElementById("track")?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target;
  const day = (field) => new Date(`${form[field].value}T00:00:00`);
  const end = day("to");
  end.setDate(end.getDate() + 1);
  const body = { reason: form.reason.value.trim(), from: day("from") / 1000, to: end / 1000 };
  const list = document.getElementById("track-records");
  event.submitter.disabled = true;
  try {
    const address = `do/api/v1/residents/${encodeURIComponent(form.resident.value)}/looks`;
    const { records } = await send("POST", address, body);
    list.replaceChildren(...records.map(row));
    if (!records.length) list.append(Object.assign(document.createElement("li"), { textContent: words.get("activity.none") }));
    list.hidden = false;
    tell(words.get("activity.tracked"));
    list.scrollIntoView({ block: "nearest" });
  } catch (problem) {
    fail(problem);
  } finally {
    event.submitter.disabled = false;
  }
});
