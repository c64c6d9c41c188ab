// The page that translates one piece. Progressive enhancement only: it works without this file, by its buttons.

import { all, follow, memory, post } from "./page.js";

const form = document.querySelector("[data-translation]"), shown = document.querySelector("[data-preview]");
const store = memory("localStorage"), key = form.dataset.translation;
const body = form.querySelector("textarea.editor");

// What is typed stays in this browser until it is saved: a crash loses nothing. It comes back where nobody wrote since.
function keep() {
  const changed = all("textarea", form).filter((field) => field.value !== field.defaultValue);
  if (!changed.length) { store.drop(key); return; }
  store.set(key, Object.fromEntries(changed.map((field) => [field.name, [field.value, field.defaultValue]])));
}

function bring() {
  for (const [name, [typed, before]] of Object.entries(store.get(key) ?? {})) {
    const field = form.elements[name];
    if (field && field.defaultValue === before) { field.value = typed; document.querySelector("[data-brought]").hidden = false; }
  }
}

const preview = follow(() => {
  const data = new URLSearchParams(new FormData(form));
  data.set("preview", "1");
  return post(form.action, data.toString());
}, ({ html }) => { shown.innerHTML = html; }); // sanitised by the server, as on the learner's page

bring();
form.addEventListener("input", (event) => {
  keep();
  if (event.target === body && shown) preview();
});
form.addEventListener("submit", keep);
