// A link's secret stands behind the '#', which no browser sends anywhere by itself. It is taken out of the address
// before anything else happens, so that it stays in no history, and sent once.

import { begin, send } from "./pages.js";

const place = document.getElementById("arrive");
const button = document.getElementById("begin");
const secret = location.hash.slice(1);
history.replaceState(null, "", location.pathname);

async function open() {
  await begin(button, async () => {
    const answer = await send("session", { secret });
    location.replace(answer.to);
  });
}

if (/^[\w-]{43}$/.test(secret)) {
  button.disabled = false;
  button.addEventListener("click", open);
  // An invitation is good once, so that it waits for somebody's own hand.
  if (place.dataset.kind === "personal") open();
} else {
  button.hidden = true;
  document.getElementById("empty").hidden = false;
}
