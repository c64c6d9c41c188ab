// A question being written (form[data-draft-form][data-preview]): its preview follows, and unsaved work is not left unasked.

import { follow, keepTyped, post, put } from "./page.js";

const form = document.querySelector("form[data-draft-form][data-preview]");
const seen = document.querySelector("[data-seen]");
let changed = keepTyped(form, form.dataset.draftForm) || "unsaved" in form.dataset, leaving = false;

const preview = follow(
  () => post(form.dataset.preview, new URLSearchParams(new FormData(form)).toString()),
  (html) => put(seen, html),
);

const live = document.querySelector("[data-live]");
if (live) live.hidden = false;
form.addEventListener("input", () => {
  changed = true;
  preview();
});
form.addEventListener("submit", () => { leaving = true; });
window.addEventListener("pageshow", () => { leaving = false; });
window.addEventListener("beforeunload", (event) => { if (changed && !leaving) event.preventDefault(); });
