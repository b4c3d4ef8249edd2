// Opens a gate: one key for one tap, so that however often it arrives, it opens once; and with its moment, so that a tap
// that comes late opens nothing.

import { begin, send, tell } from "./pages.js";

function key() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-gate]");
  if (!button) return;
  const { gate, direction, opened } = button.dataset;
  begin(button, async () => {
    await send("open-gate", { gate, direction, issued_at: Date.now(), key: key() });
    tell(opened);
  });
});
