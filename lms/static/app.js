// Manager Public IA. Progressive enhancement only: every page works without this file.
// Each part starts from a data- attribute of the page and does one thing.

import { all, memory, post, shown, ticked, typed } from "./page.js";

const store = memory("sessionStorage");

// In a frame, tell the LMS our height, and the LMS alone.
function frameHeight() {
  const origin = document.body.dataset.platformOrigin;
  if (!origin || window.parent === window) return;
  let told = 0;
  const tell = () => {
    const height = Math.ceil(document.documentElement.getBoundingClientRect().height);
    if (Math.abs(height - told) < 2) return;
    told = height;
    window.parent.postMessage(JSON.stringify({ subject: "lti.frameResize", height }), origin);
  };
  new ResizeObserver(tell).observe(document.documentElement);
  tell();
}

// form[data-autosave=URL][data-attempt][data-question]: saves at each change, keeps what could not be sent.
function autosave(form) {
  const { autosave: url, attempt, question } = form.dataset;
  const prefix = `answer:${attempt}:`, key = prefix + question;
  const status = document.querySelector("[data-save-status]"), words = status?.querySelector("span");
  const say = (state, text) => { if (status) { status.dataset.state = state; words.textContent = text; } };
  const inputs = () => [...form.elements].filter((field) => field.name === "flag" || field.name.startsWith("a."));
  const body = () => {
    const data = new URLSearchParams();
    for (const [name, value] of new FormData(form)) if (name !== "csrf_token") data.append(name, value);
    return data.toString();
  };
  let unsent = null, sending = false, wait = 1000, timer = 0, leaving = false;

  // The bar and the list of questions follow what the server has kept.
  function follow(kept) {
    const here = document.querySelector(".strip [aria-current]")?.parentElement, line = document.querySelector("[data-answered]");
    if (!here || !line) return;
    here.classList.toggle("done", [...kept].some(([name, value]) => name.startsWith("a.") && value.trim()));
    here.classList.toggle("flag", kept.has("flag"));
    const count = all(".strip .done").length, bar = line.closest("section").querySelector("progress");
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
      const answer = await post(url, current);
      const { message, fix } = await answer.json().catch(() => ({}));
      if (answer.ok) {
        if (unsent === current) { unsent = null; store.drop(key); }
        wait = 1000;
        follow(new URLSearchParams(current));
        say("saved", message ?? "");
      } else if (answer.status >= 500 || answer.status === 429) {
        again = true;
      } else {
        say("failed", message ? [message, fix].filter(Boolean).join(" ") : status?.dataset.refused ?? "");
      }
    } catch { again = true; }
    sending = false;
    if (again) {
      say("failed", status?.dataset.offline ?? "");
      timer = setTimeout(send, wait);
      wait = Math.min(wait * 2, 30000);
    } else if (unsent !== null && unsent !== current) send();
  }

  function changed() {
    unsent = body();
    store.set(key, { url, body: unsent });
    say("wait", status?.dataset.saving ?? "");
    send();
  }

  // What an earlier page of this attempt could not send. A page of ours after a submit means that the submit arrived.
  for (const kept of store.keys(prefix)) {
    const entry = store.get(kept);
    if (!entry) continue;
    if (kept === key && !entry.submitted) {
      const values = new URLSearchParams(entry.body);
      for (const field of inputs()) {
        if (ticked(field)) field.checked = values.getAll(field.name).includes(field.value);
        else field.value = values.get(field.name) ?? "";
      }
      unsent = body();
    } else if (entry.submitted) store.drop(kept);
    else post(entry.url, entry.body).then((answer) => { if (answer.ok || answer.status === 404 || answer.status === 409) store.drop(kept); }).catch(() => {});
  }
  if (unsent !== null) send();
  else if (inputs().some((field) => typed(field) !== shown(field))) changed(); // before this file came

  document.addEventListener("change", (event) => { if (inputs().includes(event.target)) changed(); });
  form.addEventListener("submit", () => {
    leaving = true;
    if (unsent !== null) store.set(key, { url, body: body(), submitted: true });
  });
  window.addEventListener("online", send);
  window.addEventListener("pageshow", () => { leaving = false; });
  window.addEventListener("pagehide", () => {
    if (unsent !== null && !leaving) post(url, unsent, { keepalive: true }).catch(() => {});
  });
  window.addEventListener("beforeunload", (event) => {
    if (unsent !== null && !leaving && status?.dataset.state === "failed") event.preventDefault();
  });
}

// [data-read-url] at the end of a lesson: once seen, the lesson is read.
function readMark(end) {
  const observer = new IntersectionObserver((entries) => {
    if (!entries.some((entry) => entry.isIntersecting) || document.visibilityState !== "visible") return;
    observer.disconnect();
    post(end.dataset.readUrl, "").catch(() => {}); // the button below says it again
  }, { threshold: 0.5 });
  observer.observe(end);
}

// [data-copy="#id"] copies the text of an element.
function copy(button) {
  if (!navigator.clipboard) return;
  button.hidden = false;
  const word = button.querySelector("span"), before = word.textContent;
  word.setAttribute("role", "status");
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(document.querySelector(button.dataset.copy).textContent.trim());
      word.textContent = button.dataset.copied;
      setTimeout(() => { word.textContent = before; }, 2500);
    } catch { getSelection()?.selectAllChildren(document.querySelector(button.dataset.copy)); }
  });
}

// A second click on a form that is already posting does nothing.
function once(form) {
  let sent = false;
  form.addEventListener("submit", (event) => {
    if (sent) { event.preventDefault(); return; }
    sent = true;
    setTimeout(() => { sent = false; }, 8000);
  });
  window.addEventListener("pageshow", () => { sent = false; });
}

// form[data-offers]: what the server would find is found as one types; what is chosen stays in sight.
function offers(form) {
  const items = all("[data-words]", form), status = form.querySelector("[data-some]");
  const plain = (text) => text.toLowerCase().replaceAll("\u2019", "'").replaceAll("œ", "oe").normalize("NFKD").replace(/\p{M}/gu, "");
  const apply = () => {
    const { q, audience, length } = Object.fromEntries(new FormData(form));
    const words = plain(q).split(/\s+/).filter(Boolean), asked = words.length || audience || length;
    let found = 0;
    for (const item of items) {
      const fits = words.every((word) => item.dataset.words.includes(word))
        && (!audience || item.dataset.audience === audience) && (!length || item.dataset.length === length);
      if (fits) found += 1;
      item.hidden = !fits && !item.querySelector(":checked");
    }
    for (const group of all("[data-group]", form)) group.hidden = !group.querySelector("[data-words]:not([hidden])");
    status.textContent = !asked ? "" : found ? status.dataset.some.replace("{n}", found) : status.dataset.none;
  };
  form.addEventListener("input", apply);
  window.addEventListener("pageshow", apply); // « back » brings what was typed
}

// form[data-auto-submit] goes on by itself; its button is for browsers without script.
const goOn = (form) => form.submit();

// Reading settings are seen at once; form[data-reading] is also saved at once.
function reading(form) {
  const saves = "reading" in form.dataset, status = form.querySelector("[role=status]"), button = form.querySelector("button");
  if (saves && button) button.hidden = true;
  form.addEventListener("change", async (event) => {
    const { name, value } = event.target;
    if (!["size", "space"].includes(name)) return;
    document.documentElement.dataset[name] = value;
    if (!saves) return;
    let kept = false;
    try { kept = (await post(form.action, new URLSearchParams(new FormData(form)).toString())).status < 400; } catch { /* said below */ }
    if (status) status.textContent = kept ? status.dataset.saved : status.dataset.failed;
  });
}

frameHeight();
all("form[data-autosave]").forEach(autosave);
all("[data-read-url]").forEach(readMark);
all("[data-copy]").forEach(copy);
all("form[method=post]:not([data-draft-key])").forEach(once);
all("form[data-offers]").forEach(offers);
all("form[data-auto-submit]").forEach(goOn);
all("form[data-reading], form[data-reading-preview]").forEach(reading);
