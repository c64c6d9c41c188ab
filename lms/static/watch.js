// [data-watch=URL][data-stamp]: reads the page again when its stamp has changed on the server.

const PACE = 3000; // milliseconds
const place = document.querySelector("[data-watch]");

async function look() {
  if (document.visibilityState === "visible") {
    try {
      const answer = await fetch(place.dataset.watch, { headers: { Accept: "application/json" } });
      if (answer.ok && (await answer.json()).stamp !== place.dataset.stamp) { location.replace(location.pathname); return; }
    } catch { /* asked again in a moment */ }
  }
  setTimeout(look, PACE);
}

setTimeout(look, PACE);
