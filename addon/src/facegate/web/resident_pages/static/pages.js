// What every page of the residents does: sends what a form or a button says, and tells in words what came of it.
//
//   <form data-send="path" data-then="reload">   its fields become one JSON object
//   <button data-send="path" data-body='{…}' data-confirm="Really?" data-done="Done.">

const form = document.querySelector('meta[name="facegate-form"]').content;
const news = document.getElementById("news");
const problems = new Map(
  [...document.querySelectorAll("#problems dt")].map((term) => [term.textContent, term.nextElementSibling.textContent]),
);

export function tell(text, wrong = false) {
  news.textContent = text;
  news.classList.toggle("wrong", wrong);
  news.scrollIntoView({ block: "nearest" });
}

export class Problem extends Error {
  constructor(answer) {
    const kind = (answer.type ?? "").replace("urn:facegate:problem:", "");
    super(problems.get(answer.reason) ?? problems.get(kind) ?? problems.get("fault"));
    this.kind = kind;
    this.answer = answer;
  }
}

async function post(path, body) {
  const raw = body instanceof Blob;
  const headers = { "X-FaceGate-Form": form, "Content-Type": raw ? body.type : "application/json" };
  let answer;
  try {
    answer = await fetch(path, { method: "POST", headers, body: raw ? body : JSON.stringify(body) });
  } catch {
    throw new Problem({ type: "urn:facegate:problem:unreachable" });
  }
  if (!answer.ok) throw new Problem(await answer.json().catch(() => ({})));
  return answer;
}

// Posts JSON, or a Blob as it is, and returns the JSON that is answered; throws Problem.
export async function send(path, body = {}) {
  return (await post(path, body)).json().catch(() => ({}));
}

// Hands something to the browser to keep as a file.
export function keep(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

// Posts, and keeps what is answered as a file; throws Problem.
export async function save(path, name) {
  keep(await (await post(path, {})).blob(), name);
}

// Runs something that a button has asked for; the button waits, and a failure is told.
export async function begin(button, work) {
  button.disabled = true;
  try {
    await work();
  } catch (problem) {
    if (!(problem instanceof Problem)) throw problem;
    tell(problem.message, true);
  } finally {
    button.disabled = false;
  }
}

function fieldsOf(element) {
  const body = {};
  for (const field of element.elements) {
    if (!field.name || field.disabled || field.closest("[hidden]")) continue;
    if (field.type === "radio" && !field.checked) continue;
    body[field.name] = field.type === "checkbox" ? field.checked : field.value;
  }
  return body;
}

function act(element, button) {
  const { send: path, confirm: question, done, then, body: fixed } = element.dataset;
  if (question && !window.confirm(question)) return;
  const fields = element instanceof HTMLFormElement ? fieldsOf(element) : {};
  begin(button, async () => {
    const answer = await send(path, { ...(fixed ? JSON.parse(fixed) : {}), ...fields });
    element.dispatchEvent(new CustomEvent("answered", { bubbles: true, detail: answer }));
    if (then === "reload") location.reload();
    else if (then) location.assign(then);
    else if (done) tell(done);
  });
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-send]");
  if (button) act(button, button);
});
document.addEventListener("submit", (event) => {
  event.preventDefault();
  if (event.target.dataset.send) act(event.target, event.submitter ?? event.target.querySelector("button"));
});
