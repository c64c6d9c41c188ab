// Manager Public IA. Progressive enhancement only: every page works without this file.
// Each part starts from a data- attribute of the page and does one thing.

import { all, post } from "./page.js";

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

// input[type=file][data-largest=BYTES][data-too-large]: a file that its page refuses is told when it is chosen, not after
// minutes on a slow network; [data-together=BYTES][data-too-many]: so are several.
function tooLarge(input) {
  const said = Object.assign(document.createElement("p"), { className: "error", id: `${input.id}-too-large`, hidden: true });
  said.setAttribute("role", "alert");
  (input.closest(".row") ?? input).before(said);
  input.setAttribute("aria-describedby", [input.getAttribute("aria-describedby"), said.id].filter(Boolean).join(" "));
  const look = () => {
    const { largest, tooLarge: large, together = Infinity, tooMany: many } = input.dataset;
    const sizes = [...input.files].map((file) => file.size), whole = sizes.reduce((sum, size) => sum + size, 0);
    said.textContent = Math.max(...sizes, 0) > Number(largest) ? large : whole > Number(together) ? many : "";
    said.hidden = !said.textContent;
    if (said.hidden) input.removeAttribute("aria-invalid"); else input.setAttribute("aria-invalid", "true");
    return !said.hidden;
  };
  input.addEventListener("change", look);
  input.form?.addEventListener("submit", (event) => {
    if ((event.submitter?.formEnctype || event.target.enctype) !== "multipart/form-data" || !look()) return; // what sends no file
    event.preventDefault();
    event.stopImmediatePropagation();
    input.focus();
  });
}

// A second click on a form that is already posting does nothing. Heard last: what another part stops is no sending.
function once() {
  let sent = new WeakSet();
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("form[method=post]:not([data-draft-key])")) return;
    if (sent.has(form)) { event.preventDefault(); return; }
    sent.add(form);
    setTimeout(() => sent.delete(form), 8000);
  });
  window.addEventListener("pageshow", () => { sent = new WeakSet(); });
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

// form[data-filters], [data-of=KEYS]: a filter of these reports alone, put away while another report is chosen.
function narrowing(form) {
  const chosen = () => new FormData(form).get("report") ?? new FormData(form).get("report_key");
  const apply = () => {
    for (const field of all("[data-of]", form)) {
      field.disabled = !field.dataset.of.split(" ").includes(chosen());
      field.closest(".field").hidden = field.disabled;
    }
    for (const group of all("[data-narrows]", form)) group.hidden = !group.querySelector("[data-of]:enabled");
  };
  form.addEventListener("change", apply);
  window.addEventListener("pageshow", apply); // « back » brings what was chosen
}

frameHeight();
once();
all("input[type=file][data-largest]").forEach(tooLarge); // before what else hears a form being sent
all("[data-read-url]").forEach(readMark);
all("[data-copy]").forEach(copy);
all("form[data-offers]").forEach(offers);
all("form[data-filters]").forEach(narrowing);
all("form[data-auto-submit]").forEach(goOn);
all("form[data-reading], form[data-reading-preview]").forEach(reading);
