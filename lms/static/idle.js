// [data-idle=URL][data-left][data-warn]: says that a session is about to end for want of a page or a form, and lets it go on.
// What is typed stays on the page once it has ended. Seconds; lms/signing_in.py.

import { post } from "./page.js";

const place = document.querySelector("[data-idle]"), { idle: url, left: first, warn } = place.dataset;
const said = place.querySelector("[role=alert]"), stay = place.querySelector("button");
let timer = 0;

// Other tabs of the session put its end off too: it is asked for again before anything is said.
const wait = (seconds) => { clearTimeout(timer); timer = setTimeout(look, Math.max(1, seconds) * 1000); };

function show(left) {
  const ended = left <= 0, soon = left <= Number(warn);
  place.hidden = !soon;
  stay.hidden = ended;
  const words = ended ? place.dataset.ended : soon ? place.dataset.soon : "";
  if (said.textContent !== words) said.textContent = words;
  if (!ended) wait(soon ? Math.min(left + 1, 15) : left - Number(warn));
}

async function ask(question) {
  try {
    const answer = await question();
    if (answer.ok) show((await answer.json()).left);
    else if (answer.status === 401) show(0);
    else wait(15);
  } catch { wait(15); }
}

const look = () => ask(() => fetch(url, { headers: { Accept: "application/json" } }));

stay.addEventListener("click", () => ask(() => post(url, "")));
document.addEventListener("visibilitychange", () => { if (document.visibilityState === "visible") look(); });
wait(Number(first) - Number(warn));
