// The page that translates one piece. Progressive enhancement only: it works without this file, by its buttons.

const form = document.querySelector("[data-translation]"), shown = document.querySelector("[data-preview]");
const key = form.dataset.translation;
const fields = () => [...form.querySelectorAll("textarea")];
const read = () => { try { return JSON.parse(localStorage.getItem(key)); } catch { return null; } };
const write = (kept) => { try { if (kept) localStorage.setItem(key, JSON.stringify(kept)); else localStorage.removeItem(key); } catch { /* refused */ } };
const body = form.querySelector("textarea.editor");
let asked = 0, timer = 0;

// What is typed stays in this browser until it is saved: a crash loses nothing. It comes back where nobody wrote since.
function keep() {
  const changed = fields().filter((field) => field.value !== field.defaultValue);
  write(changed.length ? Object.fromEntries(changed.map((field) => [field.name, [field.value, field.defaultValue]])) : null);
}

function bring() {
  for (const [name, [typed, before]] of Object.entries(read() ?? {})) {
    const field = form.elements[name];
    if (field && field.defaultValue === before) { field.value = typed; document.querySelector("[data-brought]").hidden = false; }
  }
}

async function preview() {
  const number = ++asked, data = new URLSearchParams(new FormData(form));
  data.set("preview", "1");
  try {
    const answer = await fetch(form.action, { method: "POST", body: data, credentials: "same-origin", headers: { Accept: "application/json" } });
    if (!answer.ok) return;
    const { html } = await answer.json();
    if (number === asked) shown.innerHTML = html; // sanitised by the server, as on the learner's page
  } catch { /* the next pause of typing asks again */ }
}

bring();
form.addEventListener("input", (event) => {
  keep();
  if (event.target !== body || !shown) return;
  clearTimeout(timer);
  timer = setTimeout(preview, 400);
});
form.addEventListener("submit", keep);
