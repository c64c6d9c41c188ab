// An attempt: its clock, its answers as they are given, and those that could not be sent. Without this file answers are saved by
// the buttons of the page. Each part starts from a data- attribute.

import { all, memory, post, put, shown, ticked, typed } from "./page.js";

const store = memory("sessionStorage");
// How long an answer may take to be saved, in milliseconds, before it is sent again: a connection may die without a word.
const PATIENCE = 15000;

// [data-clock=SECONDS]: what is left, as the server says; each saved answer says it again. Five minutes and one minute are said aloud.
let left = () => {};
function clock(at) {
  const said = document.querySelector("[data-clock-said]"), bar = document.querySelector("[data-clock-bar]"), up = document.querySelector("[data-clock-up]");
  const two = (number) => String(number).padStart(2, "0"), since = () => [performance.now(), Date.now()];
  let held = 0, from = since(), before = Infinity, over = 0;
  // A machine that slept counts the time it slept by one of its two clocks at least.
  const seconds = () => Math.max(0, Math.ceil(held - Math.max(...since().map((now, each) => now - from[each])) / 1000));
  const words = (rest, minutes = Math.ceil(rest / 60)) => (rest >= 3600 ? `${Math.floor(minutes / 60)}\u00a0h\u00a0${two(minutes % 60)}` : `${Math.floor(rest / 60)}\u00a0min\u00a0${two(rest % 60)}\u00a0s`);
  function tick() {
    const rest = seconds();
    if (at.getAttribute("role") === "timer") at.textContent = words(rest);
    if (bar) bar.value = rest;
    for (const [mark, message] of [[300, said?.dataset.five], [60, said?.dataset.one]]) if (before > mark && rest <= mark && rest > 0 && before < Infinity) said.textContent = message;
    before = rest;
    if (rest > 0) { over = 0; if (up) up.hidden = true; return; }
    if (up) up.hidden = false;
    over += 1;
    // What is on its way arrives first; an answer that could not be sent keeps the page.
    if (over > Number(at.dataset.grace) && navigator.onLine && document.querySelector("[data-save-status]")?.dataset.state !== "failed") location.assign(at.dataset.after);
  }
  left = (rest) => { if (Number.isFinite(rest)) { held = rest; from = since(); tick(); } };
  left(Number(at.dataset.clock));
  setInterval(tick, 1000);
}

const unsentAnswers = (attempt) => `answer:${attempt}:`;

// What pages of an attempt could not send, [key, entry] each, unless it arrived all the same: another may have answered since.
function unheard(prefix, heard) {
  return store.keys(prefix).map((key) => [key, store.get(key)]).filter(([key, entry]) => {
    const values = new URLSearchParams(entry?.body), arrived = Number(values.get("turn")) <= heard[values.get("page")];
    if (arrived) store.drop(key);
    return entry && !arrived;
  });
}

// Sends what a page could not; gives « kept », « refused », or « waits » when it has to be sent again.
async function sendKept(key, { url, body }) {
  const { ok, status } = await post(url, body, { signal: AbortSignal.timeout(PATIENCE) }).catch(() => ({ ok: false, status: 503 }));
  if (ok || status === 404 || status === 409) store.drop(key); // the record has it, or never will
  return ok ? "kept" : status >= 500 || status === 429 ? "waits" : "refused";
}

// form[data-autosave=URL][data-attempt][data-question][data-heard]: saves at each change, keeps what could not be sent. What it sends
// says which page answers, for which time: the server knows what comes twice or out of order. Nobody leaves a question before its
// answer is kept: a frame may have no memory, and its page is then the only one.
function autosave(form) {
  const { autosave: url, attempt, question } = form.dataset;
  const prefix = unsentAnswers(attempt), key = prefix + question;
  const page = [...crypto.getRandomValues(new Uint8Array(8))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const status = document.querySelector("[data-save-status]"), words = status?.querySelector("span");
  const say = (state, text) => { if (status) { status.dataset.state = state; words.textContent = text; } };
  const inputs = () => [...form.elements].filter((field) => field.name === "flag" || field.name.startsWith("a."));
  const touched = (field) => typed(field) !== shown(field);
  const body = () => {
    const data = new URLSearchParams();
    for (const [name, value] of new FormData(form)) if (name !== "csrf_token") data.append(name, value);
    return data.toString();
  };
  const set = (name, value) => {
    const field = form.elements[name] ?? form.appendChild(Object.assign(document.createElement("input"), { type: "hidden", name }));
    field.value = value;
  };
  let unsent = null, sending = false, wait = 1000, timer = 0, pausing = 0, leaving = false, turn = 0, refused = false, going = null;
  const next = () => { set("page", page); set("turn", turn += 1); };

  // The bar and the list of questions follow what the server has kept.
  function follow(kept) {
    const here = document.querySelector(".strip [aria-current]")?.parentElement, line = document.querySelector("[data-answered]");
    if (!here || !line) return;
    here.classList.toggle("done", [...kept].some(([name, value]) => name.startsWith("a.") && value.trim()));
    here.classList.toggle("flag", kept.has("flag"));
    const count = all(".strip .done").length, bar = line.closest("section").querySelector("progress:not([data-clock-bar])");
    line.textContent = line.dataset.answered.replace("{n}", count);
    bar.value = count;
    bar.setAttribute("aria-label", line.textContent);
  }

  async function send() {
    clearTimeout(timer);
    if (unsent === null || sending) return;
    sending = true;
    const current = unsent;
    let again = false;
    try {
      const answer = await post(url, current, { signal: AbortSignal.timeout(PATIENCE) });
      const { message, fix, so_far: told, left: rest } = await answer.json().catch(() => ({}));
      left(rest);
      if (answer.ok) {
        if (unsent === current) { unsent = null; store.drop(key); }
        wait = 1000;
        if (told) put(document.querySelector("[data-so-far]"), told);
        follow(new URLSearchParams(current));
        if (unsent === null) { say("saved", message ?? ""); go(); } // else a later one is still to be sent: it is not saved yet
      } else if (answer.status >= 500 || answer.status === 429) {
        again = true;
      } else {
        if (answer.status === 409 && unsent === current) { unsent = null; store.drop(key); } // the record has it: sending again changes nothing
        say("failed", message ? [message, fix].filter(Boolean).join(" ") : status?.dataset.refused ?? "");
        refused = true;
        go(); // where the service says why
      }
    } catch { again = true; }
    sending = false;
    if (again) {
      say("failed", status?.dataset.offline ?? "");
      timer = setTimeout(send, wait);
      wait = Math.min(wait * 2, 30000);
    } else if (unsent !== null && unsent !== current) send();
  }

  // On to where the learner asked to go, once nothing waits.
  function go() {
    const [asked] = going ?? [];
    if (going) { going = null; form.requestSubmit(asked); }
  }

  function keep() {
    clearTimeout(pausing);
    pausing = 0;
    next();
    unsent = body();
    store.set(key, { url, body: unsent });
    [refused, wait] = [false, 1000]; // what the learner does starts the waiting anew
  }

  function changed() {
    going = null;
    keep();
    say("wait", status?.dataset.saving ?? "");
    send();
  }

  for (const [kept, entry] of unheard(prefix, JSON.parse(form.dataset.heard))) {
    if (kept === key) {
      const values = new URLSearchParams(entry.body);
      for (const field of inputs()) {
        if (ticked(field)) field.checked = values.getAll(field.name).includes(field.value);
        else field.value = values.get(field.name) ?? "";
      }
      next();
      unsent = body();
    } else sendKept(kept, entry);
  }
  if (unsent !== null) send();
  else if (inputs().some(touched)) changed(); // before this file came

  document.addEventListener("change", (event) => { if (inputs().includes(event.target)) changed(); });
  document.addEventListener("input", (event) => { // what is written is saved at each pause of typing
    if (!inputs().includes(event.target) || ticked(event.target) || event.target.tagName === "SELECT") return;
    clearTimeout(pausing);
    pausing = setTimeout(changed, 1000);
  });
  form.addEventListener("submit", (event) => {
    if (pausing) keep(); // all else was said already, and another page may have answered since
    if (unsent === null || refused) { leaving = true; return; }
    event.preventDefault();
    event.stopImmediatePropagation();
    [going, wait] = [[event.submitter], 1000];
    send();
  });
  window.addEventListener("online", send);
  window.addEventListener("pageshow", () => { leaving = false; });
  window.addEventListener("pagehide", () => {
    if (pausing && !leaving) keep();
    if (unsent !== null && !leaving) post(url, unsent, { keepalive: true }).catch(() => {});
  });
  window.addEventListener("beforeunload", (event) => {
    if (unsent !== null && !leaving && status?.dataset.state === "failed") event.preventDefault();
  });
}

// [data-last-look=ATTEMPT][data-heard]: what a page of the attempt could not send arrives before it is submitted.
function lastLook(look) {
  const form = look.querySelector("form"), status = document.querySelector("[data-save-status]"), heard = JSON.parse(look.dataset.heard);
  const waiting = () => unheard(unsentAnswers(look.dataset.lastLook), heard);
  let ready = false, timer = 0;
  async function arrive() {
    clearTimeout(timer);
    const ends = await Promise.all(waiting().map((kept) => sendKept(...kept)));
    ready = !ends.includes("waits");
    if (!ready) timer = setTimeout(lookAgain, 5000);
    if (status) {
      status.dataset.state = ready ? "idle" : "failed";
      status.querySelector("span").textContent = ready ? "" : status.dataset.offline;
    }
    return ends;
  }
  async function lookAgain() { if ((await arrive()).includes("kept") && ready) location.reload(); } // the page shows what arrived
  form?.addEventListener("submit", async (event) => {
    if (ready || !waiting().length) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    await arrive();
    if (ready) form.requestSubmit(event.submitter);
  });
  window.addEventListener("online", lookAgain);
  lookAgain();
}

all("[data-clock]").forEach(clock);
all("form[data-autosave]").forEach(autosave);
all("[data-last-look]").forEach(lastLook);
