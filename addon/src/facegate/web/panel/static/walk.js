// The walk through a gate: shows where it stands, once a second while a step waits for something.

import { Problem, send, tell } from "./panel.js";

const list = document.getElementById("steps");
const start = document.getElementById("start");
const attest = document.getElementById("attest");
const waiting = document.getElementById("waiting");
const language = document.documentElement.lang;
const words = new Map(
  [...document.querySelectorAll("#words dt")].map((term) => [term.textContent, term.nextElementSibling.textContent]),
);
const say = (label) => label[language] ?? label.en;
let timer = 0;
let shown = "";

async function act(body) {
  try {
    show(await send("POST", list.dataset.walk, body));
  } catch (problem) {
    tell(problem instanceof Problem ? problem.message : String(problem), true);
  }
}

async function look() {
  try {
    show(await send("GET", list.dataset.walk));
  } catch (problem) {
    tell(problem instanceof Problem ? problem.message : String(problem), true);
  }
}

function button(text, does, second = false) {
  const made = document.createElement("button");
  Object.assign(made, { type: "button", textContent: text, className: second ? "second" : "" });
  made.addEventListener("click", does);
  return made;
}

function line(text, name = "") {
  const made = document.createElement("p");
  Object.assign(made, { textContent: text, className: name });
  return made;
}

function item(step, walk) {
  const made = document.createElement("li");
  made.className = "card";
  made.dataset.state = step.state;
  const head = document.createElement("h2");
  const state = document.createElement("span");
  Object.assign(state, { className: "state", textContent: words.get(`state.${step.state}`) });
  head.append(say(step.label), state);
  made.append(head);
  if (step.state === "running") made.append(line(say(step.do)));
  if (step.state === "asking") made.append(line(say(step.question)));
  if (step.state === "failed") made.append(line(words.get(`why.${step.why}`) ?? step.why, "problem"));
  if (step.state === "skipped") made.append(line(step.why, "about"));
  const actions = document.createElement("div");
  actions.className = "actions";
  if (step.state === "asking") {
    actions.append(
      button(words.get("yes"), () => act({ action: "yes", step: step.step })),
      button(words.get("no"), () => act({ action: "no", step: step.step }), true),
    );
  } else if (step.state !== "running") {
    const again = step.state !== "waiting";
    actions.append(button(words.get(again ? "retry" : "try"), () => act({ action: "begin", step: step.step }), again || step.step !== walk.next));
  }
  if (step.state !== "passed" && step.state !== "skipped") {
    actions.append(button(words.get("skip"), () => {
      const reason = window.prompt(words.get("reason"))?.trim();
      if (reason) act({ action: "skip", step: step.step, reason });
    }, true));
  }
  made.append(actions);
  return made;
}

function show(answer) {
  const { walk } = answer;
  clearTimeout(timer);
  list.hidden = !walk;
  attest.hidden = !walk?.over;
  if (!walk) return;
  start.textContent = start.dataset.again;
  start.classList.add("second");
  const now = JSON.stringify(walk.steps.map((step) => [step.state, step.why]));
  if (now !== shown) {  // else the focus would be lost each second
    shown = now;
    list.replaceChildren(...walk.steps.map((step) => item(step, walk)));
    const current = walk.steps.find((step) => step.step === walk.current);
    waiting.textContent = current ? say(current.state === "asking" ? current.question : current.do) : "";
    const focus = list.querySelector('[data-state="asking"] button') ?? list.querySelector('[data-state="failed"] button');
    focus?.focus();
  }
  const running = list.querySelector('[data-state="running"] .state, [data-state="asking"] .state');
  if (running) {
    const left = words.get("left").replace("{seconds}", Math.ceil(walk.seconds_left));
    running.textContent = `${words.get(`state.${running.closest("li").dataset.state}`)}, ${left}`;
    timer = setTimeout(look, 1000);
  }
}

if (list) {
  start.addEventListener("click", () => act({ action: "start" }));
  attest.addEventListener("submit", async (event) => {
    event.preventDefault();
    const fields = attest.elements;
    const body = { installer: fields.installer.value.trim(), language };
    for (const name of ["hardware_exit", "hardware_fire", "inside_handle"]) body[name] = fields[name].checked;
    try {
      const made = await send("POST", `${list.dataset.walk}/sheet`, body);
      const result = document.getElementById("result");
      result.querySelector("p").textContent = words.get(made.missing.length ? "kept" : "done");
      result.querySelector("ul").replaceChildren(...made.missing.map((what) => {
        const missing = document.createElement("li");
        missing.textContent = say(what.label);
        return missing;
      }));
      list.hidden = attest.hidden = true;
      result.hidden = false;
      result.focus();
    } catch (problem) {
      tell(problem instanceof Problem ? problem.message : String(problem), true);
    }
  });
  look();
}
