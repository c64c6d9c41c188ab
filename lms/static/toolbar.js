// The buttons that write Markdown for the author. The browser's own undo takes each back.

import { all, post } from "./page.js";

// Put a text where the selection is. execCommand is old, and the one way that undo knows.
function write(area, text, from, to) {
  area.focus();
  if (!document.execCommand("insertText", false, text)) {
    area.setRangeText(text, area.selectionStart, area.selectionEnd, "end");
    area.dispatchEvent(new Event("input", { bubbles: true }));
  }
  area.setSelectionRange(from, to);
}

// Words between two marks: **important**. Selected words take the sample's place; marks that are there already go.
function wrap(area, { before, after, sample }) {
  const { selectionStart: start, selectionEnd: end, value } = area;
  const words = value.slice(start, end);
  if (words && value.slice(start - before.length, start) === before && value.slice(end, end + after.length) === after) {
    area.setSelectionRange(start - before.length, end + after.length);
    write(area, words, start - before.length, end - before.length);
    return;
  }
  const inside = words || sample, at = start + before.length;
  write(area, before + inside + after, at, at + inside.length);
}

// Each selected line begins with a mark: - one, - two.
function lines(area, { before }) {
  const { selectionStart: start, selectionEnd: end, value } = area;
  const from = value.lastIndexOf("\n", start - 1) + 1, next = value.indexOf("\n", end), to = next < 0 ? value.length : next;
  const number = before === "1. ";
  const text = value.slice(from, to).split("\n").map((line, index) => (number ? `${index + 1}. ` : before) + line).join("\n");
  area.setSelectionRange(from, to);
  write(area, text, from + text.length, from + text.length);
}

// Lines of their own, with an empty one before and after.
function block(area, { before, after, sample }) {
  const { selectionStart: start, selectionEnd: end, value } = area;
  const words = value.slice(start, end) || sample;
  const above = value.slice(0, start), gap = !above || above.endsWith("\n\n") ? "" : above.endsWith("\n") ? "\n" : "\n\n";
  const below = value.slice(end).startsWith("\n\n") ? "" : value.slice(end).startsWith("\n") ? "\n" : "\n\n";
  const at = start + gap.length + before.length;
  write(area, gap + before + words + after + below, at, at + words.length);
}

// A named block; around others it takes one colon more than they have.
function named(area, { text, sample }) {
  const inside = area.value.slice(area.selectionStart, area.selectionEnd).match(/^:{3,}/gm) ?? [];
  const colons = ":".repeat(Math.max(2, ...inside.map((each) => each.length)) + 1);
  block(area, { sample, before: `${colons} ${text}`, after: `\n${colons}` });
}

const term = (area, { text, sample }) => wrap(area, { sample, before: "[", after: text });

const WAYS = { wrap, lines, block, named, term };

// [data-toolbar]: arrow keys go from one button to the next, as in every toolbar.
export function toolbar(bar) {
  const area = document.getElementById(bar.getAttribute("aria-controls")), menus = all("[data-menu]", bar);
  const stops = all(":scope > button, :scope > details > summary", bar);
  const go = (list, event, [back, on]) => {
    const at = list.indexOf(document.activeElement), last = list.length - 1;
    const next = { [back]: at > 0 ? at - 1 : last, [on]: at < last ? at + 1 : 0, Home: 0, End: last }[event.key];
    if (at < 0 || next === undefined) return;
    event.preventDefault();
    if (list === stops) stops.forEach((each, index) => { each.tabIndex = index === next ? 0 : -1; });
    list[next].focus();
  };
  bar.hidden = false;
  stops.forEach((each, index) => { each.tabIndex = index ? -1 : 0; });
  bar.addEventListener("keydown", (event) => go(stops, event, ["ArrowLeft", "ArrowRight"]));
  bar.addEventListener("click", (event) => {
    const button = event.target.closest("[data-insert]");
    if (!button) return;
    menus.forEach((menu) => { menu.open = false; });
    WAYS[button.dataset.insert](area, { after: "", ...button.dataset });
  });
  for (const menu of menus) {
    const summary = menu.querySelector("summary"), choices = all("button", menu);
    menu.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && menu.open) { menu.open = false; summary.focus(); return; }
      go(choices, event, ["ArrowUp", "ArrowDown"]);
      if (event.key === "ArrowDown" && event.target === summary) { event.preventDefault(); menu.open = true; choices[0].focus(); }
    });
    document.addEventListener("click", (event) => { if (!menu.contains(event.target)) menu.open = false; });
    menu.addEventListener("focusout", (event) => { if (event.relatedTarget && !menu.contains(event.relatedTarget)) menu.open = false; });
  }
  area.addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
    const button = bar.querySelector(`[data-key="${CSS.escape(event.key.toLowerCase())}"]`);
    if (button) { event.preventDefault(); button.click(); }
  });
}

// form[data-insert-image]: writes in the text the image that is chosen, sent first where it is new.
export function insertImage(form) {
  const area = document.querySelector("[data-draft-key]").elements.body, panel = document.querySelector("[data-image]"), said = panel.querySelector("[data-image-error]");
  const { file, alt, caption } = form.elements, known = document.getElementById("image-known");
  const escaped = (text, marks) => text.trim().replace(/\s+/g, " ").replace(marks, "\\$&");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    said.textContent = alt.value.trim() ? "" : panel.dataset.noAlt;
    if (said.textContent) { alt.focus(); return; }
    const title = caption.value.trim() ? ` "${escaped(caption.value, /["\\]/g)}"` : "";
    let text = known?.value ? `![${escaped(alt.value, /[\\[\]]/g)}](files/${known.value}${title})` : "";
    if (!text) {
      try {
        const answer = await post(form.action, new FormData(form), { headers: { Accept: "application/json" } });
        const { markdown, message } = await answer.json().catch(() => ({}));
        if (!markdown) { said.textContent = message ?? panel.dataset.failed; return; }
        text = markdown;
      } catch { said.textContent = panel.dataset.failed; return; }
    }
    panel.open = false;
    form.reset();
    block(area, { before: "", after: "", sample: text });
    area.setSelectionRange(area.selectionEnd, area.selectionEnd);
  });
}
