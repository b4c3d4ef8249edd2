// Who is responsible: purposes are lines of one field, and an empty number is nought.

import { Problem, send, tell } from "./panel.js";

const form = document.getElementById("responsible");
form?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const { name, contact, officer, purposes, people, filed_on: filed } = form.elements;
  const body = {
    name: name.value.trim(),
    contact: contact.value.trim(),
    officer: officer.value.trim(),
    purposes: purposes.value.split("\n").map((line) => line.trim()).filter(Boolean),
    people: Number(people.value),
    filed_on: filed.value,
  };
  try {
    await send("PUT", "do/api/v1/papers/responsible", body);
    location.reload();
  } catch (problem) {
    tell(problem instanceof Problem ? problem.message : String(problem), true);
  }
});
