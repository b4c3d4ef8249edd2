// Adds a gate, and shows the secrets of its node this once.

import { download, secretLines } from "./download.js";
import { Problem, send, tell } from "./panel.js";

const form = document.getElementById("new");
const boards = [...form.querySelectorAll("[data-board]")];
const chosen = () => boards.find((board) => board.dataset.board === form.elements.board.value);

if (new URLSearchParams(location.search).get("kind") === "real") {
  form.elements.kind.value = "real";
  form.elements.kind.dispatchEvent(new Event("change", { bubbles: true }));
}

form.elements.board.addEventListener("change", () => {
  for (const board of boards) board.hidden = board !== chosen();
});

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const body = { name: form.elements.name.value.trim() };
  if (form.elements.kind.value === "trial") body.trial = true;
  else {
    const features = [...chosen().querySelectorAll("input:checked")].map((box) => box.value);
    body.node = { board: form.elements.board.value, lock: form.elements.lock.value, features };
  }
  const button = form.querySelector("button");
  button.disabled = true;
  try {
    const made = await send("POST", "do/api/v1/gates", body);
    const shown = document.getElementById("made");
    const files = shown.querySelector(".files");
    files.hidden = !made.node_files;
    if (made.node_files) {
      files.querySelector("pre").textContent = secretLines(made.node_files.secrets);
      files.querySelector(".guessed").hidden = !made.node_files.guessed;
      files.querySelector("button").addEventListener("click", () => download(made.node_files.file, made.node_files.yaml));
    }
    shown.querySelector("a").href = `gate?id=${encodeURIComponent(made.id)}`;
    form.hidden = true;
    shown.hidden = false;
    shown.focus();
  } catch (problem) {
    tell(problem instanceof Problem ? [problem.message, problem.kind === "invalid" ? problem.detail : ""].join(" ") : String(problem), true);
  } finally {
    button.disabled = false;
  }
});
