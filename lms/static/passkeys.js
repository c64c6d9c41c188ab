// form[data-passkey=create|get][data-options=URL]: asks the browser for a passkey, writes what it gives in the form's
// « credential » and sends the form. [data-passkey-here] is shown where there are passkeys, [data-passkey-none] else.

import { all, post } from "./page.js";

const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (sign) => sign.charCodeAt(0));
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

// Options come as JSON, where what is bytes is base64url (WebAuthn level 3 would read it; level 2 does not).
function read(options) {
  const named = (list) => (list ?? []).map((each) => ({ ...each, id: bytes(each.id) }));
  const read = { ...options, challenge: bytes(options.challenge) };
  if (options.user) read.user = { ...options.user, id: bytes(options.user.id) };
  if (options.excludeCredentials) read.excludeCredentials = named(options.excludeCredentials);
  if (options.allowCredentials) read.allowCredentials = named(options.allowCredentials);
  return read;
}

function written(credential) {
  const response = {};
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (credential.response[name]) response[name] = text(credential.response[name]);
  }
  return JSON.stringify({ id: credential.id, rawId: text(credential.rawId), type: credential.type, response });
}

async function ask(form) {
  const said = form.querySelector("[data-said]");
  const say = (message) => { said.textContent = message; said.parentElement.parentElement.hidden = !message; };
  say("");
  try {
    const answer = await post(form.dataset.options, new URLSearchParams(new FormData(form)));
    if (!answer.ok) { say((await answer.json()).message ?? form.dataset.failed); return; }
    const publicKey = read(await answer.json());
    form.elements.credential.value = written(await navigator.credentials[form.dataset.passkey]({ publicKey }));
    form.submit();
  } catch (error) {
    say(error.name === "InvalidStateError" ? form.dataset.known : form.dataset.failed);
  }
}

const here = Boolean(window.PublicKeyCredential);
for (const part of all("[data-passkey-here]")) part.hidden = !here;
for (const part of all("[data-passkey-none]")) part.hidden = here;
for (const form of here ? all("form[data-passkey]") : []) {
  form.addEventListener("submit", (event) => { event.preventDefault(); ask(form); });
}
