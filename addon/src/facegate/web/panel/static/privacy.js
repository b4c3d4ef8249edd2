// Privacy: says in words what the proof of the trail has found.

const words = new Map(
  [...document.querySelectorAll("#words dt")].map((term) => [term.textContent, term.nextElementSibling.textContent]),
);
const said = document.getElementById("proof");

document.getElementById("prove").addEventListener("answered", (event) => {
  const { links, checkpoints, broken } = event.detail;
  const told = broken ? { number: broken.number, kind: broken.kind } : { links, checkpoints };
  said.textContent = words.get(broken ? broken.what : "holds").replace(/\{(\w+)\}/g, (_, name) => told[name]);
  said.classList.toggle("wrong", Boolean(broken));
});
