// What every page of the panel does: sends what a form or a button says, and tells in words what came of it.
//
//   <form data-send="PATCH do/api/v1/…" data-then="reload">   its fields become one JSON object
//   <button data-send="POST …" data-body='{…}' data-confirm="Really?" data-done="Done.">
//
// data-fresh adds the moment of the wish. A field with data-number or data-list is sent as such, an empty one with
// data-optional not at all. {name} in the address is replaced by the field with data-part="name".

const form = document.querySelector('meta[name="facegate-form"]')?.content ?? "";
const news = document.getElementById("news");
const problems = new Map(
  [...document.querySelectorAll("#problems dt")].map((term) => [term.textContent, term.nextElementSibling.textContent]),
);

export function tell(text, wrong = false) {
  news.textContent = text;
  news.classList.toggle("wrong", wrong);
  if (wrong) news.scrollIntoView({ block: "nearest" });
}

export class Problem extends Error {
  constructor(answer) {
    const kind = (answer.type ?? "").replace("urn:facegate:problem:", "");
    super(problems.get(kind) ?? problems.get("fault"));
    this.kind = kind;
    this.answer = answer;
    this.detail = answer.detail ?? "";
  }
}

export async function send(method, address, body) {
  const headers = { "X-FaceGate-Form": form };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (method === "POST") headers["Idempotency-Key"] = key();
  let answer;
  try {
    answer = await fetch(address, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
  } catch {
    throw new Problem({ type: "urn:facegate:problem:unreachable" });
  }
  const content = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Problem(content);
  return content;
}

// A page over plain HTTP has no crypto.randomUUID, but it has random numbers.
function key() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function fieldsOf(element) {
  const body = {};
  for (const field of element.elements) {
    if (!field.name || field.disabled || field.closest("[hidden]")) continue;
    if (field.type === "radio" && !field.checked) continue;
    if ("optional" in field.dataset && field.value === "") continue;
    let value = field.type === "checkbox" && !("list" in field.dataset) ? field.checked : field.value;
    if ("number" in field.dataset) value = Number(value);
    if ("time" in field.dataset) value = value === "" ? null : new Date(value).getTime() / 1000;
    if ("list" in field.dataset) {
      body[field.name] ??= [];
      if (field.checked) body[field.name].push(field.value);
    } else body[field.name] = value;
  }
  return body;
}

async function act(element, button) {
  const { send: what, confirm: question, done, then, body: fixed } = element.dataset;
  if (question && !window.confirm(question)) return;
  const [method, pattern] = what.split(" ");
  const address = pattern.replace(/\{(\w+)\}/g, (_, name) =>
    encodeURIComponent(element.querySelector(`[data-part="${name}"]`).value),
  );
  let body = element instanceof HTMLFormElement ? fieldsOf(element) : undefined;
  if (fixed) body = { ...JSON.parse(fixed), ...body };
  if ("fresh" in element.dataset) body = { ...body, issued_at: Date.now() };
  button.disabled = true;
  try {
    const answer = await send(method, address, body);
    element.dispatchEvent(new CustomEvent("answered", { bubbles: true, detail: answer }));
    if (then === "reload") location.reload();
    else if (then) location.assign(then);
    else if (done) tell(done);
  } catch (problem) {
    tell(problem instanceof Problem ? problem.message : String(problem), true);
  } finally {
    button.disabled = false;
  }
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-send]");
  if (button) act(button, button);
});
document.addEventListener("submit", (event) => {
  if (!event.target.dataset.send) return;
  event.preventDefault();
  act(event.target, event.submitter ?? event.target.querySelector("button"));
});
document.addEventListener("change", (event) => {
  const shown = event.target.dataset.shows && document.getElementById(event.target.dataset.shows);
  if (shown) shown.hidden = shown.dataset.for !== event.target.value;
});

// In Home Assistant the panel stands in a frame, and a device can link to the page around it alone: ?gate=… there asks
// for a gate's own page. It is taken away at once, so that the way back does not lead there again.
function askedGate() {
  try {
    const around = window.parent;
    const gate = new URLSearchParams(around.location.search).get("gate");
    if (around === window || gate === null) return null;
    around.history.replaceState(around.history.state, "", around.location.pathname);
    return gate;
  } catch {
    return null; // the frame is another site's, which asks for nothing
  }
}

const asked = document.body.dataset.role === "owner" ? askedGate() : null;
if (asked !== null) location.replace(`gate?id=${encodeURIComponent(asked)}`);
