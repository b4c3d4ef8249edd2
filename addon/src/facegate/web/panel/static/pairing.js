// The page Gates: a pairing code for Home Assistant, shown to an owner and kept nowhere.

import { send, tell } from "./panel.js";

const shown = document.getElementById("pairing-code");

document.getElementById("pair").addEventListener("click", async (event) => {
  event.target.disabled = true;
  try {
    const { code, minutes } = await send("POST", "do/api/v1/pairing-codes");
    const told = document.createElement("strong");
    told.textContent = code;
    shown.replaceChildren(told, ` ${shown.dataset.told.replace("{minutes}", minutes)}`);
  } catch (problem) {
    tell(problem.message, true);
  } finally {
    event.target.disabled = false;
  }
});
