/* Blocks of the page editor: what a mouse can do there, the keyboard can do, too. The content editor
   (content_editor/*.js) owns the order: each block's place is its hidden "ordering" input and its style.order. */
import { announce, changed, heading, isBlock, mayChange, nameOf, ordering, shownBlocks } from "page-editor/form";


function move(block, by, button) {
  const blocks = shownBlocks();
  const from = blocks.indexOf(block);
  const to = from + by;
  if (to < 0 || to >= blocks.length) {
    announce(by < 0 ? "Already the first." : "Already the last.");
    return;
  }
  blocks.splice(to, 0, ...blocks.splice(from, 1));
  const places = blocks.map((one) => Number(ordering(one).value)).sort((a, b) => a - b);
  blocks.forEach((one, index) => {
    // Two blocks may have had one place between them: then the later one steps behind.
    if (index && places[index] <= places[index - 1]) places[index] = places[index - 1] + 1;
    ordering(one).value = places[index];
    one.style.order = places[index];
  });
  button.focus();
  button.scrollIntoView({ block: "nearest" });
  announce(`${nameOf(block)} is now number ${to + 1} of ${blocks.length}.`);
  changed();
}

function moveButton(block, by) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "block-move";
  button.textContent = by < 0 ? "↑" : "↓";
  button.addEventListener("click", (event) => {
    event.stopPropagation();
    move(block, by, button);
  });
  button.addEventListener("focus", () => {
    button.setAttribute("aria-label", `Move ${by < 0 ? "up" : "down"}: ${nameOf(block)}`);
  });
  button.setAttribute("aria-label", `Move ${by < 0 ? "up" : "down"}: ${nameOf(block)}`);
  return button;
}

/* Elements that only listen for the mouse become buttons that Enter and Space press. */
function pressable(node, label) {
  if (!node || node.hasAttribute("tabindex")) return;
  node.tabIndex = 0;
  node.setAttribute("role", "button");
  if (label) node.setAttribute("aria-label", label);
  node.addEventListener("keydown", (event) => {
    if (event.target !== node || (event.key !== "Enter" && event.key !== " ")) return;
    event.preventDefault();
    node.click();
  });
}

function opensChoices(target, label) {
  pressable(target, label);
  target?.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    const first = document.querySelector(".plugin-buttons .plugin-button:not(.content-editor-hide)");
    if (document.querySelector(".plugin-buttons-visible")) first?.focus();
  });
}

function equip(block) {
  const bar = heading(block);
  if (!bar || bar.querySelector(".block-move")) return;
  const label = bar.querySelector(".inline_label");
  pressable(label);
  const tools = document.createElement("span");
  tools.className = "block-tools";
  tools.append(moveButton(block, -1), moveButton(block, 1));
  bar.append(tools);
  opensChoices(block.querySelector(":scope > .order-machine-insert-target"), "Add a block above this one");
}

/* What the editors and suggestion lists draw themselves has no name of its own: it gets its field's. */
function nameFields(root) {
  for (const text of root.querySelectorAll(".ProseMirror:not([aria-label])")) {
    const label = text.closest(".form-row, .fieldBox, .flex-container")?.querySelector("label");
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

export function equipBlocks() {
  const machine = document.querySelector(".order-machine");
  if (!mayChange()) {
    for (const label of machine.querySelectorAll(".inline-related > h3 .inline_label")) pressable(label);
    showTabs();
    return;
  }
  for (const block of machine.querySelectorAll(".inline-related:not(.empty-form)")) equip(block);
  opensChoices(machine.querySelector(".order-machine-insert-target.last"), "Add a block at the end");
  for (const button of document.querySelectorAll(".plugin-buttons .plugin-button")) pressable(button);
  showTabs();
  nameFields(document);
  new MutationObserver(() => nameFields(document)).observe(machine, { childList: true, subtree: true });
  document.addEventListener("formset:added", (event) => {
    if (isBlock(event.target)) equip(event.target);
  });
}
