/* The order of blocks. The content editor (content_editor/*.js) owns it: each block's place is its hidden "ordering"
   input and its style.order. Here blocks also stand in that order in the document, so that Tab follows what is seen. */
import { allBlocks, announce, changed, nameOf, ordering, shownBlocks } from "page-editor/form";

/* Give the blocks of one region the places that they have now, in this order. */
export function arrange(blocks) {
  const places = blocks.map((one) => Number(ordering(one).value)).sort((a, b) => a - b);
  blocks.forEach((one, index) => {
    // Two blocks may have had one place between them: then the later one steps behind.
    if (index && places[index] <= places[index - 1]) places[index] = places[index - 1] + 1;
    ordering(one).value = places[index];
    one.style.order = places[index];
  });
  sortDocument();
  changed();
}

export function sortDocument() {
  const focused = document.activeElement;
  let last = null;
  for (const block of allBlocks()) {
    if (last && !(last.compareDocumentPosition(block) & Node.DOCUMENT_POSITION_FOLLOWING)) last.after(block);
    last = block;
  }
  if (focused !== document.activeElement) focused.focus({ preventScroll: true });
}

export function place(block, index) {
  const blocks = shownBlocks().filter((one) => one !== block);
  blocks.splice(index, 0, block);
  arrange(blocks);
}

export function moveBy(block, by, button) {
  const blocks = shownBlocks();
  const to = blocks.indexOf(block) + by;
  if (to < 0 || to >= blocks.length) {
    announce(by < 0 ? "Already the first." : "Already the last.");
    return;
  }
  place(block, to);
  button.focus();
  button.scrollIntoView({ block: "nearest" });
  announce(`${nameOf(block)} is now number ${to + 1} of ${blocks.length}.`);
}

/* Put the block into another region, which is shown from then on. */
export function toRegion(block, region) {
  block.dataset.region = region;
  block.querySelector(".order-machine-region").value = region;
  const select = block.querySelector(".inline_move_to_region");
  if (select) select.value = region;
  document.querySelector(`.tabs.regions .tab[data-region="${CSS.escape(region)}"]`)?.click();
}

/* Blocks that were dragged, which the content editor has handled by then. */
export function watchDragging(machine) {
  machine.addEventListener("drop", () => {
    sortDocument();
    changed();
  });
}
