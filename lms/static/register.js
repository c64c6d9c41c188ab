// The end of a registration, told to the platform that waits for it and to no other (LTI Dynamic Registration 1.0, section 3.7).

const place = document.querySelector("[data-close-origins]");
// It frames us, or opened us in a window; or our frame in it opened this tab, where cookies are kept.
const waiting = window.opener ? window.opener.parent : window.parent;

// A browser delivers a message only if the window is of that origin: those not its own are lost, not told.
for (const origin of place.dataset.closeOrigins.split(" ")) {
  if (waiting !== window) waiting.postMessage({ subject: "org.imsglobal.lti.close" }, origin);
}
