// From the choice to the test. Pictures are taken off the camera one by one, sent, looked at and dropped; none is stored.

import { begin, Problem, send, tell } from "./pages.js";

const place = document.getElementById("invitation");
const find = (id) => document.getElementById(id);
const words = new Map([...document.querySelectorAll("#words dt")].map((term) => [term.textContent, term.nextElementSibling.textContent]));
const LONGER = 720; // pixels of the longer side: a face at arm's length has 300 of them
const PAUSE = 120; // milliseconds between an answer and the next picture
const video = find("video");
let level = "";
let stream = null;

function show(name) {
  for (const section of place.querySelectorAll("section")) section.hidden = section.id !== name;
  place.dataset.step = name;
  const title = find(`${name}-title`);
  title.focus({ preventScroll: true });
  window.scrollTo(0, 0);
}

function close() {
  stream?.getTracks().forEach((track) => track.stop());
  stream = null;
  video.srcObject = null;
}

place.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button?.dataset.level) choose(button);
  else if (button && "back" in button.dataset) show("choosing");
});

function choose(button) {
  level = button.dataset.level;
  if (level === "no_face") {
    begin(button, async () => {
      await send("invitation-choice", { level });
      await end();
    });
  } else if (place.dataset.secure !== "yes" || !navigator.mediaDevices) show("plain");
  else {
    find("strict-about").hidden = level !== "strict";
    show("asking");
  }
}

find("agreeing").addEventListener("submit", (event) => {
  const fields = Object.fromEntries(new FormData(event.target));
  begin(event.submitter, async () => {
    await send("invitation-choice", { level, notice: place.dataset.notice, ...fields });
    await look();
  });
});

find("stop").addEventListener("click", () => {
  close();
  show("choosing");
});

async function look() {
  try {
    stream = await navigator.mediaDevices.getUserMedia({ audio: false, video: { facingMode: "user", width: { ideal: 1280 }, height: { ideal: 720 } } });
  } catch {
    tell(words.get("camera"), true);
    return;
  }
  show("looking");
  find("wanted").textContent = words.get("view.front");
  video.srcObject = stream;
  await video.play();
  while (stream) {
    const answer = await send("invitation-picture", await picture());
    if (!stream) return;
    if (answer.step === "done" || answer.step === "refused") {
      close();
      await end();
      return;
    }
    tellHow(answer);
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
}

function tellHow({ step, wanted, says, views, kept }) {
  say(find("wanted"), step === "testing" ? words.get("test") : words.get(`view.${wanted}`));
  say(find("says"), kept ? words.get("good") : says);
  document.querySelector(".glass").classList.toggle("good", kept || step === "testing");
  for (const item of document.querySelectorAll("[data-view]")) item.classList.toggle("got", step === "testing" || views.includes(item.dataset.view));
}

// Told once, or a screen reader would say the same every second.
function say(element, text) {
  if (element.textContent !== (text ?? "")) element.textContent = text ?? "";
}

function picture() {
  const scale = Math.min(1, LONGER / Math.max(video.videoWidth, video.videoHeight));
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(video.videoWidth * scale);
  canvas.height = Math.round(video.videoHeight * scale);
  canvas.getContext("2d").drawImage(video, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.9));
}

async function end() {
  const answer = await send("invitation-end");
  let key = answer.recognised ? "done" : "done.unsure";
  let about = `${key}.about`;
  if (answer.refused) [key, about] = ["refused", "refused.about"];
  else if (answer.share) [key, about] = ["strict", "strict.done"];
  else if (level === "no_face") [key, about] = ["no_face", "no_face.done"];
  find("done-title").textContent = words.get(key);
  find("done-about").textContent = words.get(about);
  find("share").hidden = !answer.share;
  if (answer.share) {
    const code = `data:image/svg+xml,${encodeURIComponent(answer.share)}`;
    find("share-code").src = code;
    find("share-save").href = code;
  }
  find("own").hidden = !answer.url;
  if (answer.url) find("own-link").href = answer.url;
  show("done");
}

window.addEventListener("unhandledrejection", (event) => {
  close();
  if (event.reason instanceof Problem) tell(event.reason.message, true);
});
window.addEventListener("pagehide", close);
if (place.dataset.step === "done" || place.dataset.step === "refused") end().catch((problem) => tell(problem.message, true));
