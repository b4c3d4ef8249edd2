// Shows the pass on a resident's phone. The page is given codes for some minutes ahead, follows the recognizer's clock
// and not the phone's, and draws each code in its time; more are asked for long before they run out.

import { Problem, begin, send } from "./pages.js";

const AGAIN = 60; // seconds between two requests for more codes while there is a network
const QUIET = 4; // light modules around a code
const SVG = "http://www.w3.org/2000/svg";
const find = (id) => document.getElementById(id);
const words = new Map(
  [...document.querySelectorAll("#pass-words dt")].map((term) => [term.textContent, term.nextElementSibling.textContent]),
);
let codes = new Map();
let step = 15;
let origin = null; // seconds of the recognizer's clock when this page's own clock stood at nought
let asked = Number.NEGATIVE_INFINITY;
let shown = null;
let busy = false;

// Seconds since the page was opened. A phone that sleeps may stop the first clock, and people set the second one back.
const opened = Date.now() / 1000;
const running = () => Math.max(performance.now() / 1000, Date.now() / 1000 - opened);
const now = () => origin + running();

function tell(key) {
  const text = key ? words.get(key) : "";
  if (find("state").textContent !== text) find("state").textContent = text;
}

// Draws rows of 0 and 1 as one path: dark on white, also where the page is dark.
export function drawing(rows) {
  const side = rows.length + 2 * QUIET;
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", `0 0 ${side} ${side}`);
  svg.setAttribute("shape-rendering", "crispEdges");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  const parts = [];
  rows.forEach((row, y) => {
    for (const dark of row.matchAll(/1+/g)) parts.push(`M${dark.index + QUIET} ${y + QUIET}h${dark[0].length}v1h-${dark[0].length}z`);
  });
  path.setAttribute("d", parts.join(""));
  path.setAttribute("fill", "#000");
  svg.append(path);
  return svg;
}

async function fetchCodes(anew = false) {
  const before = running();
  const answer = await send("pass-codes", { anew });
  // The answer was made between the two: the middle errs by half of the way there and back.
  origin = answer.now - (before + running()) / 2;
  step = answer.seconds;
  codes = new Map(answer.codes);
  asked = running();
  shown = null;
  find("none").hidden = true;
  find("shown").hidden = find("another").hidden = false;
  tell("");
  show();
}

async function more() {
  if (busy || running() - asked < AGAIN) return;
  busy = true;
  asked = running();
  try {
    await fetchCodes();
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    if (problem.kind !== "unreachable" && problem.kind !== "rate_limited") {
      codes = new Map();
      find("code").replaceChildren();
      tell("gone");
    } else if (codes.size) tell(codes.has(Math.floor(now() / step)) ? "offline" : "over");
  } finally {
    busy = false;
  }
}

function show() {
  if (origin === null) return;
  const current = Math.floor(now() / step);
  const left = Math.max(1, Math.ceil((current + 1) * step - now()));
  find("seconds").textContent = String(left);
  document.querySelector("#countdown progress").value = left;
  const last = Math.max(...codes.keys());
  find("minutes").textContent = String(Math.max(0, Math.floor(((last + 1) * step - now()) / 60)) || 0);
  const known = codes.get(current);
  find("code").classList.toggle("over", !known);
  find("countdown").hidden = !known;
  if (!known && codes.size) tell("over");
  if (known && shown !== current) {
    shown = current;
    find("code").replaceChildren(drawing(known.split("/")));
  }
}

async function keepAwake() {
  // Browsers offer it to pages by HTTPS only; elsewhere the phone's own setting holds.
  if (document.visibilityState !== "visible" || !navigator.wakeLock) return;
  try {
    await navigator.wakeLock.request("screen");
  } catch (error) {
    if (error.name !== "NotAllowedError") throw error; // as with an almost empty battery
  }
}

find("make").addEventListener("click", (event) => begin(event.target, () => fetchCodes()));
find("anew").addEventListener("click", (event) => {
  if (window.confirm(event.target.dataset.question)) begin(event.target, () => fetchCodes(true));
});
document.addEventListener("visibilitychange", () => {
  keepAwake();
  show();
});
window.addEventListener("online", () => {
  asked = Number.NEGATIVE_INFINITY;
  if (origin !== null) more();
});
setInterval(() => {
  show();
  if (origin !== null || find("pass").dataset.has === "yes") more();
}, 250);
keepAwake();
if (find("pass").dataset.has === "yes") more();
