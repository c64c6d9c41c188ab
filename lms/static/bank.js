// A question being written (form[data-draft-form][data-preview]): its preview follows, and unsaved work is not left unasked.

const PAUSE = 400; // milliseconds without typing
const form = document.querySelector("form[data-draft-form][data-preview]");
const seen = document.querySelector("[data-seen]");
let changed = "unsaved" in form.dataset, leaving = false, timer = 0, asked = 0;

async function show() {
  const turn = ++asked;
  try {
    const answer = await fetch(form.dataset.preview, { method: "POST", body: new FormData(form), credentials: "same-origin", redirect: "error" });
    if (answer.ok && turn === asked) seen.innerHTML = await answer.text(); // cleaned by the server, as learners' pages are
  } catch { /* shown again at the next change */ }
}

const live = document.querySelector("[data-live]");
if (live) live.hidden = false;
form.addEventListener("input", () => {
  changed = true;
  clearTimeout(timer);
  timer = setTimeout(show, PAUSE);
});
form.addEventListener("submit", () => { leaving = true; });
window.addEventListener("pageshow", () => { leaving = false; });
window.addEventListener("beforeunload", (event) => { if (changed && !leaving) event.preventDefault(); });
