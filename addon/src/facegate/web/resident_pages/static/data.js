// Fetches the archive and hands it to the browser to keep.

import { begin, save, tell } from "./pages.js";

const button = document.getElementById("export");
button.addEventListener("click", () =>
  begin(button, async () => {
    await save("export", button.dataset.name);
    tell(button.dataset.done);
  }),
);
