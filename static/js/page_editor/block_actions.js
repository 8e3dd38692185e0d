/* What an open block offers below its fields: duplicate, move to another place, copy to another page, remove. */
import { addBlock } from "page-editor/block_menu";
import { arrange, place, toRegion } from "page-editor/block_order";
import {
  allBlocks, announce, changed, closeBlock, firstField, form, heading, keyOf, kindOf, nameOf, openBlock, opener,
  shownBlocks,
} from "page-editor/form";
import { copyRows } from "page-editor/rows";

const NOT_COPIED = /-(id|parent|ordering|region|DELETE)$/;

function fill(from, to) {
  for (const rows of from.querySelectorAll(".rows")) {
    const name = rows.dataset.name.slice(from.id.length);
    copyRows(rows, to.querySelector(`.rows[data-name="${to.id}${name}"]`));
  }
  for (const input of from.querySelectorAll("[name]")) {
    const own = input.name.startsWith(`${from.id}-`) && !NOT_COPIED.test(input.name) && !input.closest(".rows");
    const copy = own && to.querySelector(`[name="${to.id}${input.name.slice(from.id.length)}"]`);
    if (!copy) continue;
    if (input.type === "checkbox" || input.type === "radio") copy.checked = input.checked;
    else if (input.tagName === "SELECT") copySelect(input, copy);
    else copy.value = input.value;
    copy.dispatchEvent(new Event("change", { bubbles: true }));
  }
  // The editors of the new block read its inputs when they begin, which may have been before.
  to.addEventListener("prose-editor:ready", ({ detail: { editor, textarea } }) => {
    const written = from.querySelector(`[name="${from.id}${textarea.name.slice(to.id.length)}"]`)?.value;
    if (written && !textarea.closest(".rows") && editor.isEmpty) editor.commands.setContent(written);
  });
}

function copySelect(input, copy) {
  for (const option of input.selectedOptions) {
    if (![...copy.options].some((one) => one.value === option.value)) copy.append(option.cloneNode(true));
  }
  copy.value = input.value;
}

function duplicate(block) {
  const index = shownBlocks().indexOf(block);
  const copy = addBlock(block.id.replace(/-\d+$/, ""));
  if (!copy) return;
  fill(block, copy);
  place(copy, index + 1);
  openBlock(copy);
  firstField(copy)?.focus();
  announce(`${kindOf(copy)} duplicated.`);
}

function removal(block) {
  return block.querySelector(":scope > h3 .delete input[type=checkbox]")
    ?? block.querySelector(`:scope > input[name="${block.id}-DELETE"]`);
}

/* The block goes with the next save; until then its row says so. */
function remove(block) {
  let box = removal(block);
  if (!box) {
    box = document.createElement("input");
    box.type = "checkbox";
    box.hidden = true;
    box.name = `${block.id}-DELETE`;
    block.append(box);
  }
  setRemoved(block, box, true);
  const undo = block.querySelector(".block-row__undo");
  undo.focus();
  announce(`${nameOf(block)}: removed.`);
}

function setRemoved(block, box, isRemoved) {
  box.checked = isRemoved;
  block.classList.toggle("for-deletion", isRemoved);
  closeBlock(block);
  opener(block).disabled = isRemoved;
  block.querySelector(".block-row__removed").hidden = !isRemoved;
  changed();
}

function copyToPage(block) {
  const button = document.createElement("button");
  button.type = "submit";
  button.name = "_copy_block";
  button.value = keyOf(block);
  button.hidden = true;
  form().append(button);
  form().requestSubmit(button); // Saves what is written first, so that this is what is copied.
}

/* All places of all regions but the block's own, as a select: without dragging, by keyboard, over any distance. */
function placesFor(block) {
  const select = document.createElement("select");
  select.setAttribute("aria-label", "Where to");
  const regions = window.ContentEditor.regions.filter((region) => !region.key.startsWith("_unknown"));
  for (const region of regions) {
    const inside = allBlocks().filter((one) => one.dataset.region === region.key && one !== block);
    const options = inside.map((one, index) => new Option(`After ${nameOf(one)}`, `${region.key} ${index + 1}`));
    options.unshift(new Option(inside.length ? `First, before ${nameOf(inside[0])}` : "Here, as the first", `${region.key} 0`));
    if (regions.length < 2) {
      select.append(...options);
      continue;
    }
    const group = document.createElement("optgroup");
    group.label = region.title;
    group.append(...options);
    select.append(group);
  }
  return select;
}

function moveToPlace(block, button) {
  const open = block.querySelector(":scope .block-place");
  if (open) {
    open.remove();
    return;
  }
  const panel = document.createElement("div");
  panel.className = "block-place";
  const select = placesFor(block);
  const here = actionButton("Move it there", () => {
    const [region, index] = select.value.split(" ");
    panel.remove();
    if (region !== block.dataset.region) {
      toRegion(block, region);
    }
    const others = shownBlocks().filter((one) => one !== block);
    others.splice(Number(index), 0, block);
    arrange(others);
    opener(block).focus();
    opener(block).scrollIntoView({ block: "center" });
    announce(`${nameOf(block)} is now number ${Number(index) + 1} of ${others.length}.`);
  });
  const stay = actionButton("Leave it", () => {
    panel.remove();
    button.focus();
  });
  panel.addEventListener("keydown", (event) => {
    if (event.key === "Escape") stay.click();
  });
  panel.append(select, here, stay);
  button.parentElement.after(panel);
  select.focus();
}

function actionButton(text, press) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "block-action";
  button.textContent = text;
  button.addEventListener("click", () => press(button));
  return button;
}

export function equipWithActions(block) {
  if (block.querySelector(":scope > .block-actions")) return;
  const actions = document.createElement("div");
  actions.className = "block-actions";
  actions.append(
    actionButton("Duplicate", () => duplicate(block)),
    actionButton("Move to another place", (button) => moveToPlace(block, button)),
    actionButton("Copy to another page", () => copyToPage(block)),
  );
  const isSaved = block.classList.contains("has_original");
  const removed = document.createElement("span");
  removed.className = "block-row__removed";
  removed.hidden = true;
  if (!isSaved || removal(block)) {
    actions.append(actionButton("Remove", () => remove(block)));
    const undo = actionButton("Undo", () => {
      setRemoved(block, removal(block), false);
      opener(block).focus();
      announce(`${nameOf(block)} is back.`);
    });
    undo.classList.add("block-row__undo");
    removed.append("Removed. ", undo);
  }
  block.append(actions);
  heading(block).after(removed);
}
