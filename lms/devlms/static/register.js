// Leaves the registration page when the framed tool says it has finished (LTI Dynamic Registration, section 3.7).
const frame = document.getElementById("tool");

window.addEventListener("message", (event) => {
  // Only the framed tool may say so, and only from its exact origin.
  if (event.origin !== frame.dataset.origin || event.source !== frame.contentWindow) return;
  if (event.data?.subject === "org.imsglobal.lti.close") window.location.assign(frame.dataset.next);
});
