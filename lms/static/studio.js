// The studio's pages. Progressive enhancement only: each works without this file, by its buttons.

import { all, follow, memory, post, put } from "./page.js";
import { insertImage, toolbar } from "./toolbar.js";

// What the server does not have yet. Kept after the tab, or the browser, is closed.
const store = memory("localStorage");
const PAUSE = 1500, LONGEST = 10_000, RETRY = [1000, 30_000];
const values = (form) => Object.fromEntries([...new FormData(form)].filter(([name, value]) => name !== "csrf_token" && typeof value === "string"));
const TEXTS = ["title", "able", "body"];
// What the server wrote in the page: what was typed before this file came, on a slow network, is not saved yet.
const written = (form) => Object.fromEntries(TEXTS.map((name) => [name, form.elements[name].defaultValue]));
// The server keeps no space around a text.
const same = (one, other) => TEXTS.every((name) => (one[name] ?? "").trim() === (other[name] ?? "").trim());
const body = (kept) => new URLSearchParams(kept).toString();
// Goes on after the page is closed; browsers allow it for 64 kB.
const lasting = (kept) => ({ keepalive: body(kept).length < 60_000 });
const hour = (at) => new Date(at).toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit" });

// form[data-draft-key]: saves at each pause of typing, keeps here what could not be sent, and offers it again.
function draft(form) {
  const key = form.dataset.draftKey, edition = form.elements.edition;
  const status = document.querySelector("[data-save-status]"), words = status.querySelector("span"), seeBoth = status.querySelector("[data-see-both]");
  const say = (state, text) => { status.dataset.state = state; words.textContent = text; };
  let saved = status.dataset.state === "failed" ? {} : written(form), sending = false, stopped = false, leaving = false, wait = RETRY[0], timer = 0, since = 0;
  const unsent = () => !same(values(form), saved);
  const later = (delay) => { clearTimeout(timer); timer = setTimeout(send, delay); };

  async function send() {
    clearTimeout(timer);
    if (sending || stopped || !unsent()) return;
    const sent = values(form);
    sending = true;
    since = 0;
    say("wait", status.dataset.saving);
    let again = false;
    try {
      const answer = await post(form.action, body(sent), lasting(sent));
      const { message, fix, conflict, edition: next } = await answer.json().catch(() => ({}));
      if (answer.ok && next) {
        saved = sent;
        edition.value = next;
        wait = RETRY[0];
        if (unsent()) keep(); else store.drop(key);
        say("saved", message);
      } else if (answer.status >= 500 || answer.status === 429) {
        again = true;
      } else {
        stopped = Boolean(conflict); // typing more changes nothing: the author chooses
        seeBoth.hidden = !conflict;
        say("failed", answer.status === 401 || !message ? status.dataset.refused : [message, fix].filter(Boolean).join(" "));
      }
    } catch { again = true; }
    sending = false;
    if (again) {
      say("failed", status.dataset.offline);
      later(wait);
      wait = Math.min(wait * 2, RETRY[1]);
    } else if (status.dataset.state === "saved" && unsent()) later(PAUSE);
  }

  const keep = () => store.set(key, { at: Date.now(), values: values(form) });

  function changed() {
    if (!unsent()) { store.drop(key); return; }
    keep();
    if (stopped) return;
    if (status.dataset.state !== "failed") say("wait", status.dataset.typing);
    since ||= Date.now();
    later(Math.min(PAUSE, Math.max(0, since + LONGEST - Date.now())));
  }

  function offer() {
    const left = store.get(`${key}:left`), note = document.querySelector("[data-left]");
    if (!left || same(left.values, saved)) { store.drop(`${key}:left`); return; }
    const line = note.querySelector("[data-left-words]"), done = () => { store.drop(`${key}:left`); note.hidden = true; form.elements.body.focus(); };
    line.textContent = line.dataset.leftWords.replace("{time}", hour(left.at));
    note.hidden = false;
    note.querySelector("[data-left-drop]").addEventListener("click", done);
    note.querySelector("[data-left-restore]").addEventListener("click", () => {
      // With the edition it was typed on: if somebody saved since, both texts are shown.
      for (const [name, value] of Object.entries(left.values)) form.elements[name].value = value;
      done();
      form.dispatchEvent(new Event("input", { bubbles: true }));
      send();
    });
  }

  // What an earlier page could not send is set apart, so that what is typed now does not take its place.
  const before = store.get(key);
  if (before) { store.set(`${key}:left`, before); store.drop(key); }
  offer();

  if (!same(values(form), written(form))) changed();
  form.addEventListener("input", changed);
  form.addEventListener("submit", (event) => {
    if (event.submitter?.hasAttribute("formaction")) return;
    if (stopped) { leaving = true; keep(); return; } // the page that shows both texts
    event.preventDefault();
    if (unsent()) send(); else if (status.dataset.state !== "failed") say("saved", words.textContent);
  });
  form.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key === "s") { event.preventDefault(); send(); }
  });
  window.addEventListener("online", send);
  window.addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); }); // « back »: the edition may be another
  document.addEventListener("visibilitychange", () => { if (document.visibilityState === "hidden") send(); });
  window.addEventListener("pagehide", () => {
    if (unsent() && !leaving && !stopped && !sending) post(form.action, body(values(form)), lasting(values(form))).catch(() => {});
  });
  window.addEventListener("beforeunload", (event) => {
    if (unsent() && !leaving && status.dataset.state === "failed") event.preventDefault();
  });
}

// form[data-preview-url]: the text as learners will read it follows what is typed.
function preview(form) {
  const shown = document.querySelector("[data-preview]"), measures = document.querySelector("[data-measures]"), problems = document.querySelector("[data-problems]");
  const refresh = follow(() => post(form.dataset.previewUrl, body(values(form))), ({ html, measures: line, problems: list }) => {
    const open = all("details", shown).map((each) => each.open);
    put(shown, html);
    all("details", shown).forEach((each, index) => { each.open = open[index] ?? false; });
    measures.textContent = line;
    if (problems.innerHTML.trim() !== list.trim()) put(problems, list); // said aloud when it changes, and then only
  });
  if (!same(values(form), written(form))) refresh();
  form.addEventListener("input", refresh);
}

// [data-swap]: where there is room for one side only, shows the text or its preview.
function swap(buttons) {
  const sides = document.querySelector("[data-shown]");
  buttons.hidden = false;
  for (const button of all("[data-show]", buttons)) button.addEventListener("click", () => {
    sides.dataset.shown = button.dataset.show;
    for (const each of all("[data-show]", buttons)) each.setAttribute("aria-pressed", String(each === button));
  });
}

// [data-conflict]: what is chosen there is what this browser keeps, until the server has it.
function conflict(page) {
  const key = page.dataset.conflict;
  for (const form of all("[data-choice]", page)) form.addEventListener("submit", () => store.set(key, { at: Date.now(), values: values(form) }));
  for (const link of all("[data-forget]", page)) link.addEventListener("click", () => { store.drop(key); store.drop(`${key}:left`); });
}

all("[data-with-script]").forEach((each) => { each.hidden = false; });
all("[data-without-script]").forEach((each) => { each.hidden = true; });
all("form[data-draft-key]").forEach(draft);
all("form[data-preview-url]").forEach(preview);
all("[data-toolbar]").forEach(toolbar);
all("form[data-insert-image]").forEach(insertImage);
all("[data-swap]").forEach(swap);
all("[data-conflict]").forEach(conflict);
