// One gate's page: live pictures while somebody looks at them, and the zone that is drawn on them.

import { download, secretLines } from "./download.js";
import { Problem, send, tell } from "./panel.js";

const words = new Map(
  [...document.querySelectorAll("#words dt")].map((term) => [term.textContent, term.nextElementSibling.textContent]),
);
const SVG = "http://www.w3.org/2000/svg";
const BEGINNING = [[0.2, 0.15], [0.8, 0.15], [0.8, 0.95], [0.2, 0.95]];
const MOST = 32;
const STEP = 0.01;

const wrong = (problem) => tell(problem instanceof Problem ? problem.message : String(problem), true);
const within = (part) => Math.min(1, Math.max(0, Math.round(part * 1000) / 1000));

class CameraView {
  #preview = null;
  #zone;
  #past = [];

  constructor(element) {
    this.element = element;
    this.address = element.dataset.camera;
    this.stage = element.querySelector(".stage");
    this.picture = element.querySelector("img");
    this.polygon = element.querySelector("polygon");
    this.boxes = element.querySelector("svg g");
    this.corners = element.querySelector(".corners");
    this.table = element.querySelector(".numbers tbody");
    this.#zone = JSON.parse(element.dataset.zone);
    for (const button of element.querySelectorAll("[data-do]")) {
      button.addEventListener("click", () => this[button.dataset.do]().catch(wrong));
    }
    element.querySelector("svg").addEventListener("click", (event) => this.#addAt(event));
    this.#draw();
  }

  // The picture

  async look() {
    const begun = await send("POST", `${this.address}/previews`);
    this.#preview = begun.preview;
    this.#show(true);
    this.#follow(begun.preview);
  }

  async stop() {
    const preview = this.#preview;
    this.#preview = null;
    this.#show(false);
    if (preview) await send("DELETE", `${this.address}/previews/${preview}`).catch(() => {});
  }

  async #follow(preview) {
    while (this.#preview === preview) {
      let seen;
      try {
        seen = await send("GET", `${this.address}/previews/${preview}`);
      } catch (problem) {
        if (this.#preview !== preview) return;
        if (problem.kind === "no_picture") {
          wrong(problem);
          await new Promise((done) => setTimeout(done, 2000));
          continue;
        }
        this.#preview = null;
        this.#show(false);
        if (problem.kind === "not_found") tell(words.get("over"));
        else wrong(problem);
        return;
      }
      if (this.#preview === preview) this.#shown(seen);
    }
  }

  #show(on) {
    this.element.querySelector('[data-do="look"]').hidden = on;
    this.element.querySelector('[data-do="stop"]').hidden = !on;
    this.element.querySelector(".dark").hidden = on;
    if (on) return;
    this.picture.hidden = true;
    this.picture.removeAttribute("src");
    this.boxes.replaceChildren();
    this.element.querySelector(".said").replaceChildren();
    this.element.querySelector(".left").textContent = "";
  }

  #shown(seen) {
    this.picture.src = `data:image/jpeg;base64,${seen.picture}`;
    this.picture.hidden = false;
    this.stage.style.aspectRatio = `${seen.width} / ${seen.height}`;
    const left = this.element.querySelector(".left");
    const rounded = Math.ceil(seen.seconds / 10) * 10;
    const text = words.get("seconds").replace("{seconds}", rounded);
    if (left.textContent !== text) left.textContent = text;
    this.boxes.replaceChildren(...seen.faces.map((face) => {
      const [x, y, right, bottom] = face.box;
      const box = document.createElementNS(SVG, "rect");
      for (const [name, value] of Object.entries({ x, y, width: right - x, height: bottom - y })) {
        box.setAttribute(name, value);
      }
      box.classList.toggle("good", face.acts && face.faults.length === 0);
      return box;
    }));
    const lines = seen.faces.map((face, index) => {
      const line = document.createElement("li");
      const says = [];
      if (!face.large) says.push(words.get("too_small").replace("{least}", Math.round(this.element.dataset.least)));
      else if (!face.acts) says.push(words.get("turned_away"));
      for (const fault of face.faults) if (words.has(`fault.${fault}`)) says.push(words.get(`fault.${fault}`));
      line.classList.toggle("good", says.length === 0);
      const size = words.get("pixels").replace("{size}", face.size);
      line.textContent = `${words.get("face")} ${index + 1}, ${size}: ${says.join(" ") || words.get("good")}`;
      return line;
    });
    const note = document.createElement("li");
    note.className = "note";
    note.textContent = seen.hidden ? words.get("hidden").replace("{count}", seen.hidden) : "";
    if (!seen.faces.length) note.textContent = `${words.get("no_faces")} ${note.textContent}`;
    this.element.querySelector(".said").replaceChildren(...lines, ...(note.textContent.trim() ? [note] : []));
  }

  // The zone

  async draw() {
    this.#keep();
    this.#zone = BEGINNING.map((corner) => [...corner]);
    this.#draw();
    this.corners.querySelector("button").focus();
  }

  async whole() {
    this.#keep();
    this.#zone = [];
    this.#draw();
  }

  async undo() {
    this.#zone = this.#past.pop() ?? this.#zone;
    this.#draw();
  }

  async save() {
    await send("PATCH", this.address, { zone: this.#zone });
    this.#past = [];
    this.#draw();
    tell(words.get("zone_saved"));
  }

  #keep() {
    this.#past.push(this.#zone.map((corner) => [...corner]));
  }

  #place(index, x, y) {
    this.#zone[index] = [within(x), within(y)];
    this.#draw(false);
  }

  #remove(index) {
    if (this.#zone.length <= 3) return;
    this.#keep();
    this.#zone.splice(index, 1);
    this.#draw();
    this.corners.children[Math.min(index, this.#zone.length - 1)].focus();
  }

  #at(event) {
    const frame = this.stage.getBoundingClientRect();
    return [(event.clientX - frame.left) / frame.width, (event.clientY - frame.top) / frame.height];
  }

  // A click beside the corners makes a new one, on the edge that is nearest to it.
  #addAt(event) {
    const { length } = this.#zone;
    if (length < 3 || length >= MOST) return;
    const [x, y] = this.#at(event);
    let nearest = 0;
    let least = Infinity;
    this.#zone.forEach(([ax, ay], index) => {
      const [bx, by] = this.#zone[(index + 1) % length];
      const along = ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / ((bx - ax) ** 2 + (by - ay) ** 2 || 1);
      const part = Math.min(1, Math.max(0, along));
      const far = Math.hypot(x - ax - part * (bx - ax), y - ay - part * (by - ay));
      if (far < least) [least, nearest] = [far, index];
    });
    this.#keep();
    this.#zone.splice(nearest + 1, 0, [within(x), within(y)]);
    this.#draw();
    this.corners.children[nearest + 1].focus();
  }

  #draw(anew = true) {
    this.polygon.setAttribute("points", this.#zone.map((corner) => corner.join(",")).join(" "));
    if (anew) {
      this.corners.replaceChildren(...this.#zone.map((_, index) => this.#handle(index)));
      this.table.replaceChildren(...this.#zone.map((_, index) => this.#row(index)));
    }
    this.#zone.forEach(([x, y], index) => {
      const handle = this.corners.children[index];
      handle.style.left = `${x * 100}%`;
      handle.style.top = `${y * 100}%`;
      const name = `${words.get("corner")} ${index + 1}`;
      const percent = (part) => Math.round(part * 1000) / 10;
      handle.setAttribute(
        "aria-label",
        `${name}: ${words.get("across")} ${percent(x)} %, ${words.get("down")} ${percent(y)} %. ${words.get("corner_help")}`,
      );
      const fields = this.table.children[index].querySelectorAll("input");
      [x, y].forEach((part, axis) => {
        if (document.activeElement !== fields[axis]) fields[axis].value = percent(part);
      });
    });
    this.element.querySelector('[data-do="undo"]').disabled = this.#past.length === 0;
    this.element.querySelector('[data-do="save"]').disabled = this.#past.length === 0;
    this.element.querySelector(".numbers").hidden = this.#zone.length === 0;
  }

  #handle(index) {
    const handle = document.createElement("button");
    handle.type = "button";
    handle.dataset.number = index + 1;
    handle.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      handle.focus({ preventScroll: true });
      handle.setPointerCapture(event.pointerId);
      this.#keep();
      const move = (moved) => this.#place(index, ...this.#at(moved));
      const end = () => {
        handle.removeEventListener("pointermove", move);
        handle.removeEventListener("pointerup", end);
        handle.removeEventListener("pointercancel", end);
      };
      handle.addEventListener("pointermove", move);
      handle.addEventListener("pointerup", end);
      handle.addEventListener("pointercancel", end);
    });
    handle.addEventListener("keydown", (event) => {
      const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
      if (way) {
        event.preventDefault();
        this.#keep();
        const far = event.shiftKey ? 5 * STEP : STEP;
        const [x, y] = this.#zone[index];
        this.#place(index, x + way[0] * far, y + way[1] * far);
      } else if (event.key === "Delete" || event.key === "Backspace") {
        event.preventDefault();
        this.#remove(index);
      }
    });
    return handle;
  }

  #row(index) {
    const row = document.createElement("tr");
    const head = document.createElement("th");
    head.scope = "row";
    head.textContent = index + 1;
    row.append(head);
    ["across", "down"].forEach((axis, at) => {
      const field = document.createElement("input");
      Object.assign(field, { type: "number", min: 0, max: 100, step: "any" });
      field.setAttribute("aria-label", `${words.get("corner")} ${index + 1}, ${words.get(axis)} (%)`);
      field.addEventListener("change", () => {
        const corner = [...this.#zone[index]];
        if (field.value === "" || !field.checkValidity()) return field.reportValidity();
        corner[at] = Number(field.value) / 100;
        this.#keep();
        this.#place(index, ...corner);
      });
      const cell = document.createElement("td");
      cell.append(field);
      row.append(cell);
    });
    const remove = document.createElement("button");
    Object.assign(remove, { type: "button", className: "plain", textContent: words.get("remove"), disabled: this.#zone.length <= 3 });
    remove.setAttribute("aria-label", `${words.get("remove")}: ${words.get("corner")} ${index + 1}`);
    remove.addEventListener("click", () => this.#remove(index));
    const cell = document.createElement("td");
    cell.append(remove);
    row.append(cell);
    return row;
  }
}

const views = [...document.querySelectorAll("[data-camera]")].map((element) => new CameraView(element));
// Nobody looks at a page that cannot be seen.
const stopAll = () => views.forEach((view) => view.stop());
document.addEventListener("visibilitychange", () => document.hidden && stopAll());
window.addEventListener("pagehide", stopAll);

// The node's files

for (const button of document.querySelectorAll("[data-file]")) {
  button.addEventListener("click", async () => {
    try {
      const made = await send("GET", button.dataset.file);
      download(made.file, made.yaml);
    } catch (problem) {
      wrong(problem);
    }
  });
}
for (const button of document.querySelectorAll("[data-new-key]")) {
  button.addEventListener("click", async () => {
    if (!window.confirm(button.dataset.question)) return;
    try {
      const made = await send("POST", button.dataset.newKey, { compromised: true });
      const shown = document.getElementById("node-files");
      shown.querySelector("pre").textContent = secretLines(made.node_files.secrets);
      shown.hidden = false;
      shown.scrollIntoView();
      download(made.node_files.file, made.node_files.yaml);
    } catch (problem) {
      wrong(problem);
    }
  });
}
