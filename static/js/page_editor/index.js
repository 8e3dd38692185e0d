/* The page editor of the admin. Its modules share page-editor/form. */
import { addInputs, equipBlocks } from "page-editor/blocks";
import { showStoredFindings } from "page-editor/checks";
import { announce, blockOf, changed, form, mayChange, openBlock } from "page-editor/form";
import { equipPictureFields } from "page-editor/pictures";

function begin() {
  if (!document.querySelector(".order-machine")) return;
  equipBlocks();
  showStoredFindings();
  equipPictureFields();
  if (mayChange()) {
    form().addEventListener("input", changed);
    form().addEventListener("change", changed);
    for (const name of ["formset:added", "formset:removed"]) document.addEventListener(name, changed);
  }
  const block = blockOf(new URLSearchParams(location.search).get("block") ?? "");
  if (block) openBlock(block);
  announce("");
}

addInputs();
// After the content editor, which begins when jQuery says that the page is ready.
document.addEventListener("content-editor:ready", begin, { once: true });
