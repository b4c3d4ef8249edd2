// Shows one picture, once its reason is written down.
import { send, tell } from "./panel.js";

for (const wish of document.querySelectorAll("[data-snapshot]")) {
  wish.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      const answer = await send("POST", wish.dataset.snapshot, { reason: wish.elements.reason.value });
      const shown = wish.querySelector("img");
      shown.src = `data:image/jpeg;base64,${answer.picture}`;
      shown.hidden = false;
    } catch (problem) {
      tell(problem.message, true);
    }
  });
}
