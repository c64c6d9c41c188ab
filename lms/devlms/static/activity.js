// Opens the tool in the frame, then gives the frame the height the tool asks for (subject lti.frameResize).
const frame = document.getElementById("tool");
const least = 200;
const most = 20000;

window.addEventListener("message", (event) => {
  // Only the framed tool may speak, and only from its exact origin.
  if (event.origin !== frame.dataset.origin || event.source !== frame.contentWindow) return;
  let message = event.data;
  if (typeof message === "string") {
    try {
      message = JSON.parse(message);
    } catch {
      return;
    }
  }
  if (message?.subject !== "lti.frameResize") return;
  const height = Number.parseInt(message.height, 10);
  if (Number.isFinite(height)) frame.height = Math.min(Math.max(height, least), most);
});

const framed = document.getElementById("framed");
framed.submit();
framed.hidden = true;
