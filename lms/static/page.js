// What the scripts of several pages share.

export const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const token = () => document.querySelector("input[name=csrf_token]")?.value ?? "";

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
