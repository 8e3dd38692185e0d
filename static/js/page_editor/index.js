/* The page editor of the admin. Its modules share page-editor/form. */
import { beginAutosave } from "page-editor/autosave";
import { beginBar } from "page-editor/bar";
import { addInputs, equipBlocks } from "page-editor/blocks";
import { beginChecks } from "page-editor/checks";
import { showComments } from "page-editor/comments";
import { announce, blockOf, changed, form, goTo, mayChange, openBlock } from "page-editor/form";
import { equipPictureFields } from "page-editor/pictures";
import { beginPreview } from "page-editor/preview";

function begin() {
  if (!document.querySelector(".order-machine")) return;
  const block = blockOf(new URLSearchParams(location.search).get("block") ?? "");
  equipBlocks(block);
  equipPictureFields();
  beginBar();
  beginChecks();
  beginPreview();
  showComments();
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
  if (block) openBlock(block);
  announce("");
}

addInputs();
// After the content editor, which begins when jQuery says that the page is ready.
document.addEventListener("content-editor:ready", begin, { once: true });
