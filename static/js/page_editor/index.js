/* The page editor of the admin. Its modules share page-editor/form. */
import { beginBar } from "page-editor/bar";
import { addInputs, equipBlocks } from "page-editor/blocks";
import { beginChecks } from "page-editor/checks";
import { showComments } from "page-editor/comments";
import { announce, blockOf, changed, form, mayChange, openBlock } from "page-editor/form";
import { beginPreview } from "page-editor/preview";

function begin() {
  if (!document.querySelector(".order-machine")) return;
  const block = blockOf(new URLSearchParams(location.search).get("block") ?? "");
  equipBlocks(block);
  beginBar();
  beginChecks();
  beginPreview();
  showComments();
  if (mayChange()) {
    form().addEventListener("input", changed);
    form().addEventListener("change", changed);
    for (const name of ["formset:added", "formset:removed"]) document.addEventListener(name, changed);
  }
  if (block) openBlock(block);
  announce("");
}

addInputs();
// After the content editor, which begins when jQuery says that the page is ready.
document.addEventListener("content-editor:ready", begin, { once: true });
