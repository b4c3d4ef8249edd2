// People in Home Assistant who are no residents: a button makes each of them one, and their page opens.

import { send } from "./panel.js";

const API = "do/api/v1/";
const SHOWN = 20; // of several hundred; the others are found by their name
const section = document.getElementById("candidates");
const search = section.querySelector("input");
let people = [];

export async function offer({ make, say, trying, admitted }) {
  people = (await trying(null, () => send("GET", `${API}persons`))) ?? [];
  section.hidden = people.length === 0;
  search.parentElement.hidden = people.length <= SHOWN;
  document
    .getElementById("persons")
    .replaceChildren(...people.map((one) => make("option", one.name, { value: one.person })));
  search.oninput = () => draw({ make, say, trying, admitted });
  search.oninput();
}

function draw({ make, say, trying, admitted }) {
  const wanted = search.value.trim().toLocaleLowerCase();
  const found = people.filter((one) => `${one.name}\n${one.person}`.toLocaleLowerCase().includes(wanted));
  section.querySelector("ul").replaceChildren(...found.slice(0, SHOWN).map((one) => {
    const row = make("li");
    const name = make("span", one.name || one.person, { class: "name" });
    const mark = make("span", one.new ? say("is_new") : "", { class: "state" });
    const button = make("button", say("admit"), { type: "button", class: "second" });
    button.setAttribute("aria-label", `${say("admit")}: ${one.name || one.person}`);
    button.addEventListener("click", () =>
      trying(null, async () => {
        button.disabled = true;
        try {
          await admitted(await send("POST", `${API}persons/residents`, { person: one.person }));
        } finally {
          button.disabled = false;
        }
      }),
    );
    row.append(name, mark, button);
    return row;
  }));
  const rest = section.querySelector(".rest");
  rest.hidden = found.length <= SHOWN;
  rest.textContent = `${say("more")} ${found.length - SHOWN}`;
}
