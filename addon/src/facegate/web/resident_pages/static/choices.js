// Choosing a level, and being erased: both ask once more, and the second one hands over the certificate.

import { begin, keep, send } from "./pages.js";

const level = document.getElementById("level");
const chosen = level.querySelector("input:checked").value;
level.addEventListener("change", () => {
  level.querySelector("button").disabled = level.elements.level.value === chosen;
});
level.addEventListener("submit", (event) => {
  event.preventDefault();
  const button = level.querySelector("button");
  if (!window.confirm(button.dataset.confirm)) return;
  begin(button, async () => {
    const answer = await send("level", { level: level.elements.level.value });
    if (answer.to) location.assign(answer.to);
    else location.reload();
  });
});

const erase = document.getElementById("erase");
const certificate = document.getElementById("certificate");

function show(answer) {
  const put = (name, text) => {
    certificate.querySelector(`[data-of="${name}"]`).textContent = text;
  };
  put("at", new Date(answer.at * 1000).toLocaleString(document.documentElement.lang));
  put("resident", answer.resident);
  put("templates", String(answer.rows.templates ?? 0));
  put("rows", String(Object.values(answer.rows).reduce((sum, count) => sum + count, 0)));
  put("keys", Object.values(answer.keys).join(", "));
  put("signature", answer.signature);
  for (const part of document.querySelectorAll("main > .card, main > h1, nav")) part.hidden = part !== certificate;
  const button = document.getElementById("keep");
  button.addEventListener("click", () =>
    keep(new Blob([JSON.stringify(answer, null, 2)], { type: "application/json" }), button.dataset.name),
  );
  certificate.scrollIntoView();
  certificate.querySelector("h2").setAttribute("tabindex", "-1");
  certificate.querySelector("h2").focus();
}

erase.addEventListener("submit", (event) => {
  event.preventDefault();
  const button = erase.querySelector("button");
  if (!window.confirm(button.dataset.confirm)) return;
  begin(button, async () => show(await send("erase", { confirm: "erase" })));
});
