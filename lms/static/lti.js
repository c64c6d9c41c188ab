// The proof that a message comes back to the browser that began, when no cookie can carry it: kept in this tab's storage and
// in the LMS's (LTI Client Side postMessages and LTI Platform Storage 1.0), never told to any other origin.

// An LMS's page may still be loading what answers us when our frame asks: a question is asked again until it is heard.
const AGAIN = 200; // milliseconds between two askings of one question
const CAPABLE = 1500; // milliseconds given to the LMS to say what it can do, which some never say
const UNTIL = performance.now() + 5000; // when we go on without its storage

const keeper = document.querySelector("[data-keep-proof]");
const bringer = document.querySelector("form[data-bring-proof]");

// Ask the LMS something; null when it has no such frame, says no, or says nothing by then.
function ask(target, origin, message, until = UNTIL) {
  const host = window.parent === window ? window.opener : window.parent;
  if (!host || !target) return Promise.resolve(null);
  const id = crypto.randomUUID();
  return new Promise((resolve) => {
    const put = () => {
      let frame = null;
      try { frame = target === "_parent" ? host : host.frames[target]; } catch { /* not ours to reach */ }
      frame?.postMessage({ ...message, message_id: id }, origin);
    };
    const done = (answer) => {
      clearInterval(asking); clearTimeout(timer); removeEventListener("message", hear); resolve(answer);
    };
    const hear = (event) => {
      // Only the platform, from its exact origin, and only to this question.
      if (event.origin !== origin || event.data?.message_id !== id) return;
      if (event.data.subject === `${message.subject}.response`) done(event.data.error ? null : event.data);
    };
    addEventListener("message", hear);
    const asking = setInterval(put, AGAIN);
    const timer = setTimeout(() => done(null), until - performance.now());
    put();
  });
}

async function stores(target, origin) {
  const host = window.parent === window ? window.opener : window.parent;
  if (!target || !host) return false;
  // Capabilities are asked of the window that launched us; what it says is believed from the platform's origin alone.
  const said = await ask("_parent", origin, { subject: "lti.capabilities" }, performance.now() + CAPABLE);
  const subjects = (said?.supported_messages ?? []).map((each) => each?.subject);
  return !said || (subjects.includes("lti.put_data") && subjects.includes("lti.get_data"));
}

async function keep(place) {
  const { keepProof: value, key, origin, target } = place.dataset;
  try { sessionStorage.setItem(key, value); } catch { /* refused */ }
  if (await stores(target, origin)) await ask(target, origin, { subject: "lti.put_data", key, value });
  location.replace(place.querySelector("a").href);
}

async function bring(form) {
  const { key, origin, target } = form.dataset;
  let proof = null;
  try { proof = sessionStorage.getItem(key); sessionStorage.removeItem(key); } catch { /* refused */ }
  if (!proof && await stores(target, origin)) {
    proof = (await ask(target, origin, { subject: "lti.get_data", key }))?.value ?? null;
    if (proof) ask(target, origin, { subject: "lti.put_data", key, value: null }); // forget it
  }
  if (typeof proof !== "string" || !proof) return; // the page already says what to do
  form.elements.proof.value = proof;
  form.submit();
}

if (keeper) keep(keeper);
if (bringer) bring(bringer);
