// The page that translates one piece. Progressive enhancement only: it works without this file, by its buttons.

import { follow, keepTyped, post, put } from "./page.js";

const form = document.querySelector("[data-translation]"), shown = document.querySelector("[data-preview]");
const body = form.querySelector("textarea.editor");

const preview = follow(() => {
  const data = new URLSearchParams(new FormData(form));
  data.set("preview", "1");
  return post(form.action, data.toString());
}, ({ html }) => put(shown, html));

keepTyped(form, form.dataset.translation);
form.addEventListener("input", (event) => { if (event.target === body && shown) preview(); });
