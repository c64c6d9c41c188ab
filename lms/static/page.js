// What the scripts of several pages share.

export const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const token = () => document.querySelector("input[name=csrf_token]")?.value ?? "";

// Markup of the server's own, cleaned there as learners' pages are, takes the place of what an element holds. Browsers with
// Trusted Types take markup from here alone (lms/security.py).
const trusted = window.trustedTypes?.createPolicy("mpia", { createHTML: (html) => html }) ?? { createHTML: (html) => html };
export function put(element, html) { element.innerHTML = trusted.createHTML(html); }

export function post(url, body, options = {}) {
  return fetch(url, {
    method: "POST", body, credentials: "same-origin", redirect: "manual",
    headers: { "X-CSRFToken": token(), Accept: "application/json", "Content-Type": "application/x-www-form-urlencoded" }, ...options,
  });
}

// Asks the server at each pause of typing, and shows its answer unless something was typed further meanwhile.
export function follow(ask, show, pause = 400) {
  let asked = 0, timer = 0;
  const now = async () => {
    const turn = ++asked;
    try {
      const answer = await ask();
      if (!answer?.ok) return;
      const said = await (answer.headers.get("Content-Type")?.includes("json") ? answer.json() : answer.text());
      if (turn === asked) show(said);
    } catch { /* the next pause asks again */ }
  };
  return () => { clearTimeout(timer); timer = setTimeout(now, pause); };
}

// A memory of the browser, « sessionStorage » or « localStorage ». It may be refused, in a frame for example, or full.
export const memory = (name) => {
  const use = (act, otherwise = null) => { try { return act(window[name]) ?? otherwise; } catch { return otherwise; } };
  return {
    get: (key) => use((kept) => JSON.parse(kept.getItem(key))),
    set: (key, value) => use((kept) => { kept.setItem(key, JSON.stringify(value)); return true; }, false),
    drop: (key) => use((kept) => kept.removeItem(key)),
    keys: (prefix) => use((kept) => Object.keys(kept).filter((key) => key.startsWith(prefix)), []),
  };
};

// What a control holds now, and what the server wrote in it.
export const ticked = (field) => ["checkbox", "radio"].includes(field.type);
export const typed = (field) => (ticked(field) ? field.checked : field.value);
export function shown(field) {
  if (ticked(field)) return field.defaultChecked;
  if (field.tagName === "SELECT") return ([...field.options].find((option) => option.defaultSelected) ?? field.options[0])?.value ?? "";
  return field.defaultValue;
}

// What is typed in a form stays in this browser until it is saved: a crash loses nothing. It comes back where nobody
// wrote since, and [data-brought] says so. form[data-unsaved]: the page holds what was sent and not saved.
// Gives whether something came back.
export function keepTyped(form, key) {
  const store = memory("localStorage"), kept = store.get(key) ?? {};
  const fields = () => [...form.elements].filter((field) => field.id && field.matches("input:not([type=hidden], [type=file]), textarea, select"));
  const saved = (field) => ("unsaved" in form.dataset && field.id in kept ? kept[field.id][1] : shown(field));
  const keep = () => {
    const changed = fields().filter((field) => typed(field) !== saved(field));
    if (changed.length) store.set(key, Object.fromEntries(changed.map((field) => [field.id, [typed(field), saved(field)]])));
    else store.drop(key);
  };
  const back = fields().filter((field) => field.id in kept && saved(field) === kept[field.id][1] && typed(field) !== kept[field.id][0]);
  for (const field of "unsaved" in form.dataset ? [] : back) {
    if (ticked(field)) [field.checked] = kept[field.id];
    else [field.value] = kept[field.id];
    document.querySelector("[data-brought]").hidden = false;
  }
  keep();
  for (const event of ["input", "change", "submit"]) form.addEventListener(event, keep);
  return back.length > 0;
}
