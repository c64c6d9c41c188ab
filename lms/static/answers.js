// Answers by ranks and on a matrix. Progressive enhancement only: the lists and the buttons of the page say it all.
// What is done here sets these, and says so by a « change », as if the learner had. Works for what comes later too: a
// preview is written anew as one types.

import { all } from "./page.js";

const say = (select) => select.dispatchEvent(new Event("change", { bubbles: true }));

// [data-ranks]: things in order, each with the list of its rank.
const rank = (item) => Number(item.querySelector("select").value) || Infinity;

function ranked(box, items) {
  items.forEach((item, index) => {
    item.querySelector("select").value = String(index + 1);
    for (const button of all("[data-step]", item)) {
      const end = button.dataset.step === "1" ? items.length - 1 : 0;
      button.setAttribute("aria-disabled", String(index === end));
    }
  });
  say(items[0].querySelector("select"));
}

// Those that have a rank come first, by it. The others move around the one that was moved, which keeps the focus.
function move(button) {
  const box = button.closest("[data-ranks]"), item = button.closest("li"), list = item.parentElement;
  const items = [...list.children].sort((one, other) => rank(one) - rank(other) || 0);
  const from = items.indexOf(item), to = Math.min(Math.max(from + Number(button.dataset.step), 0), items.length - 1);
  items.splice(to, 0, ...items.splice(from, 1));
  for (const each of items.slice(0, to)) item.before(each);
  list.append(...items.slice(to + 1));
  ranked(box, items);
  const status = box.querySelector("[data-moved]"), words = item.querySelector("[data-moving]").textContent.trim();
  status.textContent = status.dataset.moved.replace("{item}", words).replace("{rank}", to + 1).replace("{count}", items.length);
}

function keep(button) {
  const box = button.closest("[data-ranks]"), list = box.querySelector("ol");
  const items = [...list.children].sort((one, other) => rank(one) - rank(other) || 0);
  list.append(...items);
  ranked(box, items);
  const status = box.querySelector("[data-moved]");
  status.textContent = status.dataset.kept;
}

// [data-matrix]: the board shows the number of each thing in the cell where it is placed.
function stand(radio) {
  const matrix = radio.closest("[data-matrix]"), name = radio.closest("[data-field]").dataset.field;
  const number = matrix.querySelector(`[data-thing="${CSS.escape(name)}"]`);
  const cell = matrix.querySelector(`[data-cell="${CSS.escape(radio.value)}"] ul`);
  const after = [...cell.children].find((other) => Number.parseInt(other.textContent, 10) > Number.parseInt(number.textContent, 10));
  cell.insertBefore(number, after ?? null);
}

// The arrows move in the matrix as it is drawn, not in the list that the cells are.
const ARROWS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

function arrow(event) {
  const radio = event.target, cells = radio.closest?.("[data-field] .cells"), step = ARROWS[event.key];
  if (!cells || !step || event.altKey || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  const radios = all("input", cells), columns = Number(cells.dataset.columns), at = radios.indexOf(radio);
  const column = (at % columns) + step[1], next = radios[at + step[0] * columns + step[1]];
  if (!next || column < 0 || column >= columns) return;
  next.focus();
  next.click();
}

document.documentElement.dataset.answers = "";
document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-ranks] button");
  if (!button || button.getAttribute("aria-disabled") === "true") return;
  if ("step" in button.dataset) move(button);
  else keep(button);
});
document.addEventListener("change", ({ target }) => { if (target.matches("[data-matrix] input")) stand(target); });
document.addEventListener("keydown", arrow);
window.addEventListener("pageshow", () => all("[data-matrix] input:checked").forEach(stand)); // what came back
