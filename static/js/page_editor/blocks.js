/* Blocks of the page editor: what a mouse can do there, the keyboard can do, too. */
import { equipWithActions } from "page-editor/block_actions";
import { addAtTheEnd, equipWithAdding } from "page-editor/block_menu";
import { sortDocument, watchDragging } from "page-editor/block_order";
import { closeAll, equipRow, refresh, watchRows } from "page-editor/block_rows";
import { allBlocks, isBlock, isOpen, mayChange, shownBlocks } from "page-editor/form";
import { equipRows, startEditors } from "page-editor/rows";

/* Elements that only listen for the mouse become buttons that Enter and Space press. */
function pressable(node) {
  if (!node || node.hasAttribute("tabindex")) return;
  node.tabIndex = 0;
  node.setAttribute("role", "button");
  node.addEventListener("keydown", (event) => {
    if (event.target !== node || (event.key !== "Enter" && event.key !== " ")) return;
    event.preventDefault();
    node.click();
  });
}

/* What the editors and suggestion lists draw themselves has no name of its own: it gets its field's. */
function nameFields(root) {
  for (const text of root.querySelectorAll(".ProseMirror:not([aria-label])")) {
    const label = text.closest(".rows__cell, .form-row, .fieldBox, .flex-container")?.querySelector("label");
    text.setAttribute("aria-label", label?.textContent.replace(/:\s*$/, "").trim() || "Text");
  }
  for (const list of root.querySelectorAll("select + .select2 .select2-selection[aria-labelledby]")) {
    const select = list.closest(".select2").previousElementSibling;
    const label = select.id && document.querySelector(`label[for="${CSS.escape(select.id)}"]`);
    if (!label || label.id) continue;
    label.id = `${select.id}-name`;
    list.setAttribute("aria-labelledby", `${label.id} ${list.getAttribute("aria-labelledby")}`);
  }
}

/* The parts of a page are tabs, which are told as such. */
function showTabs() {
  const tabs = document.querySelectorAll(".tabs.regions .tab");
  for (const tab of tabs) {
    pressable(tab);
    tab.parentElement.setAttribute("role", "tablist");
    tab.setAttribute("role", "tab");
    tab.setAttribute("aria-selected", String(tab.classList.contains("active")));
    tab.addEventListener("click", () => {
      for (const one of tabs) one.setAttribute("aria-selected", String(one === tab));
    });
  }
}

/* For who may only view a page, Django writes each block's place and region as text. The content editor reads them
   from inputs, without which it would stop with an error before it has arranged the blocks. */
export function addInputs() {
  for (const field of ["ordering", "region"]) {
    for (const text of document.querySelectorAll(`.inline-related .field-${field} .readonly`)) {
      const block = text.closest(".inline-related");
      const input = document.createElement("input");
      input.type = "hidden";
      input.name = `${block.id}-${field}`;
      input.value = text.textContent.trim();
      text.after(input);
      text.closest(".form-row").hidden = true;
    }
  }
}

function equip(block) {
  equipRow(block);
  if (!mayChange()) return;
  equipWithAdding(block);
  equipWithActions(block);
  equipRows(block);
}

/* The button below the open block is the large one. */
function markOpen() {
  const blocks = shownBlocks();
  blocks.forEach((block, index) => {
    block.classList.toggle("block-row--after-open", index > 0 && isOpen(blocks[index - 1]));
  });
}

function refreshAll() {
  for (const block of allBlocks()) refresh(block);
  nameFields(document);
  markOpen();
}

export function equipBlocks(open) {
  const machine = document.querySelector(".order-machine");
  for (const block of machine.querySelectorAll(".inline-related:not(.empty-form)")) equip(block);
  document.addEventListener("page-editor:opened", ({ detail: { block } }) => startEditors(block));
  watchRows(machine);
  showTabs();
  closeAll(open);
  if (mayChange()) {
    addAtTheEnd(machine);
    watchDragging(machine);
    sortDocument();
    document.addEventListener("formset:added", (event) => {
      if (isBlock(event.target)) equip(event.target);
    });
  }
  refreshAll();
  let isWaiting = false;
  const later = () => {
    if (isWaiting) return;
    isWaiting = true;
    requestAnimationFrame(() => {
      isWaiting = false;
      refreshAll();
    });
  };
  new MutationObserver(later).observe(machine, {
    childList: true, subtree: true, attributes: true, attributeFilter: ["class"],
  });
  document.addEventListener("page-editor:changed", later);
}
