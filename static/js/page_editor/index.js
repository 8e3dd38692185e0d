/* The page editor of the admin. Its modules share page-editor/form. */
import { beginAutosave } from "page-editor/autosave";
import { addInputs, equipBlocks } from "page-editor/blocks";
import { showStoredFindings } from "page-editor/checks";
import { announce, blockOf, changed, form, goTo, mayChange, openBlock } from "page-editor/form";

function begin() {
  if (!document.querySelector(".order-machine")) return;
  equipBlocks();
  showStoredFindings();
  if (mayChange()) {
    form().addEventListener("input", changed);
    django.jQuery(form()).on("change", changed); // Lists with suggestions tell jQuery alone.
    for (const name of ["formset:added", "formset:removed"]) document.addEventListener(name, changed);
  }
  for (const link of document.querySelectorAll(".page-problems a")) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      goTo(link.hash.slice(1));
    });
  }
  if (mayChange()) beginAutosave();
  const block = blockOf(new URLSearchParams(location.search).get("block") ?? "");
  if (block) openBlock(block);
  announce("");
}

addInputs();
// After the content editor, which begins when jQuery says that the page is ready.
document.addEventListener("content-editor:ready", begin, { once: true });
