// Prints what is shown; where an owner prints a document, that is kept.

import { send } from "./panel.js";

for (const button of document.querySelectorAll("[data-print]")) {
  button.addEventListener("click", async () => {
    if (button.dataset.print) await send("POST", "do/api/v1/papers/prints", { document: button.dataset.print }).catch(() => {});
    window.print();
  });
}
