// A question read aloud by the browser, for those who are granted it: [data-aloud], shown where a voice is at hand.
// Voices of this machine alone: those of a browser's maker would send the question to them.

import { all } from "./page.js";

const button = document.querySelector("[data-aloud]"), speech = window.speechSynthesis;

function readAloud() {
  const word = button.querySelector("span"), idle = word.textContent, tongue = document.documentElement.lang;
  const voice = () => speech.getVoices().find((each) => each.localService && each.lang.toLowerCase().startsWith(tongue));
  const parts = () => all(".stem, [id$=instruction], .told > *, .asked legend, .choice > span, .field > label, .asked select option", document.querySelector(".asked"))
    .map((part) => part.textContent.trim().replace(/\s+/g, " ")).filter(Boolean);
  const show = () => { button.hidden = !voice(); };
  let reading = false;
  const stop = () => { reading = false; speech.cancel(); word.textContent = idle; };
  button.addEventListener("click", () => {
    if (reading) { stop(); return; }
    speech.cancel();
    reading = true;
    word.textContent = button.dataset.stop;
    const said = parts();
    said.forEach((text, place) => {
      const each = Object.assign(new SpeechSynthesisUtterance(text), { lang: tongue, voice: voice() });
      if (place === said.length - 1) each.addEventListener("end", stop);
      speech.speak(each);
    });
  });
  window.addEventListener("pagehide", stop);
  speech.addEventListener?.("voiceschanged", show);
  show();
}

if (button && speech) readAloud();
