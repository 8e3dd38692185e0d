/* Each block as one row: its kind and first words, opened by a press on it. */
import {
  byId, closeBlock, heading, isOpen, isRemoved, kindOf, mayChange, nameOf, openBlock, opener, shownBlocks,
} from "page-editor/form";
import { moveBy } from "page-editor/block_order";

const LONGEST = 90;
const missingTexts = () => JSON.parse(byId("block-kinds")?.textContent ?? "{}").missing ?? {};

function element(name, className, text = "") {
  const made = document.createElement(name);
  made.className = className;
  made.textContent = text;
  return made;
}

/* Tags are cut out as text: a parser would try the handlers of hostile ones, which the page's policy refuses loudly. */
function textOf(html) {
  if (!/[<&]/.test(html)) return html.trim();
  const words = html.replace(/<\/?(p|li|ul|ol|br)\b[^>]*>/gi, " ").replace(/<[^>]*>/g, "").replaceAll("<", "&lt;");
  return new DOMParser().parseFromString(words, "text/html").body.textContent.replace(/\s+/g, " ").trim();
}

/* The value of a field, or of all fields whose names end so; as text for who may only read. */
function valueOf(block, name) {
  const input = block.querySelector(`[name="${block.id}-${name}"]`);
  if (!input) return block.querySelector(`.field-${name} .readonly`)?.textContent.replace(/^-$/, "").trim() ?? "";
  if (input.tagName === "SELECT") return input.value ? input.selectedOptions[0].textContent.trim() : "";
  return textOf(input.value);
}

function firstText(block) {
  const inputs = "fieldset :is(textarea, input[type=text]):not(.rows__position, .select2-search__field, .rows__row--removed *)";
  for (const input of block.querySelectorAll(inputs)) {
    const text = textOf(input.value);
    if (text) return text;
  }
  return mayChange() ? "" : block.querySelector("fieldset .readonly")?.textContent.trim() ?? "";
}

function wordsOf(block, kind) {
  const names = kind === "personcard" ? ["heading", "practitioner"] : ["heading", "title", "label"];
  for (const name of names) if (valueOf(block, name)) return valueOf(block, name);
  if (kind === "placedpicture" && !valueOf(block, "picture")) return "";
  for (const name of ["alt", "picture", "snippet"]) if (valueOf(block, name)) return valueOf(block, name);
  return firstText(block);
}

function missingIn(block, kind, words) {
  const texts = missingTexts();
  for (const [names, text] of Object.entries(texts[kind] ?? {})) {
    if (!names.split(" ").some((name) => valueOf(block, name))) return text;
  }
  return words ? "" : texts[""]?.[""] ?? "";
}

function toDo(block) {
  const count = block.querySelectorAll(":scope > .block-findings li").length;
  if (block.querySelector(".errorlist")) return "Something to fix";
  return count ? `${count} to check` : "";
}

/* Write what the block says now into its row. */
export function refresh(block) {
  const row = opener(block);
  if (!row) return;
  const kind = block.id.match(/^content_([a-z]+)_set-/)?.[1] ?? "";
  const words = wordsOf(block, kind);
  const missing = missingIn(block, kind, words);
  const parts = {
    ".block-row__words": words.length > LONGEST ? `${words.slice(0, LONGEST - 1)}…` : words,
    ".block-row__missing": missing,
    ".block-row__to-do": toDo(block),
  };
  for (const [selector, text] of Object.entries(parts)) {
    const part = row.querySelector(selector);
    if (part.textContent !== text) part.textContent = text; // The observer of blocks.js would see a change.
    part.hidden = !text;
  }
  for (const button of block.querySelectorAll(":scope > .block-row__tools .block-move")) {
    const way = button.classList.contains("block-move--up") ? "up" : "down";
    button.setAttribute("aria-label", `Move ${way}: ${nameOf(block)}`);
  }
  const isUnfinished = missing !== "" || block.querySelector(".errorlist, .block-findings__must") !== null;
  block.classList.toggle("block-row--unfinished", isUnfinished && !isRemoved(block));
}

function moveButton(block, by) {
  const button = element("button", "block-move", "");
  button.type = "button";
  button.classList.add(by < 0 ? "block-move--up" : "block-move--down");
  button.addEventListener("click", () => moveBy(block, by, button));
  return button;
}

/* Rows above may close, and what was pressed shall stay where it is. */
function keepInPlace(node, change) {
  const before = node.getBoundingClientRect().top;
  change();
  window.scrollBy({ top: node.getBoundingClientRect().top - before, behavior: "instant" });
}

export function toggle(block) {
  if (isRemoved(block)) return;
  if (isOpen(block)) {
    closeBlock(block);
    return;
  }
  keepInPlace(heading(block), () => openBlock(block, { focus: false }));
}

export function equipRow(block) {
  const bar = heading(block);
  if (!bar || opener(block)) return;
  block.classList.add("block-row");
  const row = element("button", "block-row__open");
  row.type = "button";
  row.setAttribute("aria-expanded", String(isOpen(block)));
  row.append(element("span", "block-row__kind", kindOf(block)), " ", element("span", "block-row__words"), " ");
  row.append(element("span", "block-row__missing"), " ", element("span", "block-row__to-do"));
  bar.prepend(row);
  if (mayChange()) {
    bar.prepend(element("span", "block-row__grip"));
    const tools = element("span", "block-row__tools");
    tools.append(moveButton(block, -1), moveButton(block, 1));
    bar.after(tools);
  }
  refresh(block);
}

/* The content editor opens and closes blocks on a press on their heads, and would leave the others open. */
export function watchRows(machine) {
  machine.addEventListener("click", (event) => {
    const bar = event.target.closest(".inline-related > h3");
    if (!bar || event.ctrlKey || event.target.closest(".delete, .page-comments__button")) return;
    event.preventDefault();
    event.stopPropagation();
    toggle(bar.parentElement);
  }, true);
  machine.addEventListener("keydown", (event) => {
    const block = event.target.closest(".inline-related");
    if (event.key !== "Escape" || event.defaultPrevented || !block || !isOpen(block)) return;
    if (event.target.closest("[role=menu], dialog, .block-place")) return;
    closeBlock(block);
    opener(block)?.focus();
  });
}

/* Close all at first, except the one that an address or the last save has left open. */
export function closeAll(open) {
  const left = location.hash.includes("collapsed=") ? shownBlocks().filter(isOpen) : [];
  const kept = open ?? (left.length === 1 ? left[0] : null);
  for (const block of document.querySelectorAll(".order-machine .inline-related:not(.empty-form)")) {
    if (!block.querySelector(".errorlist")) closeBlock(block);
  }
  if (kept) openBlock(kept, { focus: false });
}
