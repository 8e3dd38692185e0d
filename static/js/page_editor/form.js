/* The form of the page editor: what its other modules share. They tell each other what happened by events of the
   document: "page-editor:changed" (something was typed, moved, added or removed), "page-editor:saved" (detail: the
   answer of the server), "page-editor:opened" (detail.block: the block's element). */

export const byId = (id) => document.getElementById(id);
export const form = () => document.querySelector("#content-main > form");
export const ordering = (block) => block.querySelector(".order-machine-ordering");
export const heading = (block) => block.querySelector(":scope > h3");
export const isBlock = (node) => node.matches?.(".order-machine .inline-related:not(.empty-form)");
export const mayChange = () => JSON.parse(byId("content-editor-context")?.textContent ?? "{}").allowChange !== false;

export function changed() {
  document.dispatchEvent(new CustomEvent("page-editor:changed"));
}

export function opened(block) {
  document.dispatchEvent(new CustomEvent("page-editor:opened", { detail: { block } }));
}

/* Tell a screen reader what a key press or a click did. */
export function announce(text) {
  let status = byId("page-editor-status");
  if (!status) {
    status = document.createElement("p");
    status.id = "page-editor-status";
    status.className = "visually-hidden";
    status.setAttribute("role", "status");
    document.querySelector(".order-machine").before(status);
  }
  status.textContent = text;
}

export function kindOf(block) {
  return heading(block).querySelector("b")?.textContent.replace(/:$/, "") ?? "";
}

export function nameOf(block) {
  const typed = block.querySelector(".block-row__words")?.textContent;
  return typed ? `${kindOf(block)}: ${typed}` : kindOf(block);
}

export function allBlocks() {
  const blocks = [...document.querySelectorAll(".order-machine .inline-related:not(.empty-form)")];
  return blocks.sort((a, b) => ordering(a).value - ordering(b).value);
}

/* The blocks of the region that is open, in order. */
export function shownBlocks() {
  return allBlocks().filter((block) => !block.classList.contains("content-editor-invisible"));
}

/* A block's key: its kind and the id of its row, "section-12"; for a block that was never saved the kind and the
   number of its form, "section-new-4". The server uses the same keys (content/admin/editing/block_keys.py). */
export function keyOf(block) {
  const [, kind, number] = block.id.match(/^content_([a-z]+)_set-(\d+)$/);
  const id = block.querySelector(`[name="${block.id}-id"]`)?.value;
  return id ? `${kind}-${id}` : `${kind}-new-${number}`;
}

export function blockOf(key) {
  return allBlocks().find((block) => keyOf(block) === key);
}

/* Open what the field or block with this id is in, and go there. */
export function goTo(id) {
  const target = byId(id);
  if (!target) return;
  const block = target.closest(".order-machine .inline-related");
  if (block) openBlock(block);
  for (const fold of [target.closest("details")].filter(Boolean)) fold.open = true;
  const field = target.matches(".inline-related") ? null : target.closest(".form-row, .fieldBox")?.querySelector(".ProseMirror");
  (field ?? target).scrollIntoView({ block: "center" });
  (field ?? target).focus();
}

/* One block is open at a time. A block with errors stays open: what is wrong has to be seen. */
export function openBlock(block, { focus = true } = {}) {
  const tab = document.querySelector(`.tabs.regions .tab[data-region="${CSS.escape(block.dataset.region)}"]`);
  if (!tab?.classList.contains("active")) tab?.click();
  for (const other of allBlocks()) {
    if (other !== block && !other.querySelector(".errorlist")) closeBlock(other);
  }
  block.classList.remove("collapsed");
  opener(block)?.setAttribute("aria-expanded", "true");
  opened(block);
  if (!focus) return;
  block.scrollIntoView();
  firstField(block)?.focus({ preventScroll: true });
}

export function closeBlock(block) {
  block.classList.add("collapsed");
  opener(block)?.setAttribute("aria-expanded", "false");
}

export const isOpen = (block) => !block.classList.contains("collapsed");
export const isRemoved = (block) => block.classList.contains("for-deletion");
export const opener = (block) => block.querySelector(":scope > h3 .block-row__open");

export function firstField(block) {
  return block.querySelector("fieldset :is(input:not([type=hidden]), textarea, select, .ProseMirror)");
}
