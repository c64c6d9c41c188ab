// Keeps a few short values for framed tools that get no cookie (LTI postMessage Storage, LTI Client Side postMessages).
const place = document.getElementById("storage");
const origins = new Set(place.dataset.origins.split(" "));
const frameName = place.dataset.frame; // the frame that stores, when it is not this page
const mostKeys = 50;
const mostLetters = 4096;
const kept = new Map(); // origin → its own values

function capabilities() {
  const where = frameName ? { frame: frameName } : {};
  return {
    supported_messages: [
      { subject: "lti.capabilities" },
      { subject: "lti.frameResize" },
      { subject: "lti.put_data", ...where },
      { subject: "lti.get_data", ...where },
    ],
  };
}

function refusal(code, message) {
  return { error: { code, message } };
}

function put({ key, value }, values) {
  if (value === null || value === undefined) {
    values.delete(key);
    return { key, value: null };
  }
  if (typeof value !== "string" || value.length > mostLetters) return refusal("bad_request", "value is a short text");
  if (!values.has(key) && values.size >= mostKeys) return refusal("storage_exhaustion", "Too many keys are kept");
  values.set(key, value);
  return { key, value };
}

function answer(message, origin) {
  if (message.subject === "lti.capabilities") return capabilities();
  if (frameName) return refusal("wrong_frame", `Values are kept in the frame ${frameName}`);
  if (typeof message.key !== "string" || !message.key || message.key.length > mostLetters) {
    return refusal("bad_request", "key is a short text");
  }
  if (!kept.has(origin)) kept.set(origin, new Map());
  const values = kept.get(origin);
  if (message.subject === "lti.put_data") return put(message, values);
  return { key: message.key, value: values.get(message.key) ?? null };
}

window.addEventListener("message", (event) => {
  const message = event.data;
  // Tools of this platform alone are heard, each from its exact origin, and none reads another's values.
  if (!origins.has(event.origin) || typeof message !== "object" || message === null) return;
  if (!["lti.capabilities", "lti.put_data", "lti.get_data"].includes(message.subject)) return;
  const body = answer(message, event.origin);
  event.source.postMessage(
    { subject: `${message.subject}.response`, message_id: message.message_id, ...body },
    event.origin,
  );
});
