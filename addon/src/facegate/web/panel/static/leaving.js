// Residents who will be erased within 30 days: whoever is told of it can put it right.

import { send } from "./panel.js";

const API = "do/api/v1/";
const section = document.getElementById("leaving");

export async function departures({ make, say, trying, toDay, residents, reload }) {
  const { doubted, leaving } = (await trying(null, () => send("GET", `${API}leaving`))) ?? { leaving: [] };
  const names = new Map(residents.map((one) => [one.id, one.name]));
  section.hidden = leaving.length === 0;
  section.querySelector(".doubted").hidden = !doubted;
  section.querySelector("ul").replaceChildren(
    ...leaving.map((one) => {
      const row = make("li");
      const about = `${say(`cause.${one.cause}`)} ${toDay(one.since)} · ${say("erased_on")} ${toDay(one.due)}`;
      row.append(make("span", names.get(one.resident) ?? one.resident, { class: "name" }), make("span", about, { class: "about" }));
      if (one.cause === "absent") {
        const stays = make("button", say("lives_here"), { type: "button", class: "second" });
        stays.addEventListener("click", () =>
          trying(null, async () => {
            await send("POST", `${API}residents/${one.resident}/stay`);
            await reload();
          }),
        );
        row.append(stays);
      } else row.append(make("button", say("change_date"), { type: "button", class: "second", "data-resident": one.resident, "data-focus": "validity" }));
      return row;
    }),
  );
}
