/* Rows inside a block: dragged by a grip, moved by buttons, added in place and removed until the save. Without
   JavaScript they are ordered by typed numbers, which the inputs hold here, too. */
import { announce, changed } from "page-editor/form";

const RICH = "data-rich-text";
const rowsOf = (rows) => [...rows.querySelectorAll(".rows__row")];
const nameOf = (rows) => rows.querySelector("input[name$='-total']").name.replace(/-total$/, "");
const box = (row) => row.querySelector("input[name$='-delete']");

function button(className, name, press) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = className;
  made.setAttribute("aria-label", name);
  made.addEventListener("click", press);
  return made;
}

function number(rows) {
  rowsOf(rows).forEach((row, index) => {
    row.querySelector(".rows__position").value = (index + 1) * 10;
    row.setAttribute("aria-label", `Row ${index + 1}`);
  });
}

function moveTo(rows, row, index) {
  const others = rowsOf(rows).filter((one) => one !== row);
  if (index < 0 || index > others.length) {
    announce(index < 0 ? "Already the first." : "Already the last.");
    return;
  }
  if (index === others.length) others.at(-1).after(row);
  else others[index].before(row);
  number(rows);
  announce(`Row ${index + 1} of ${others.length + 1}.`);
  changed();
}

function moveBy(rows, row, by, pressed) {
  moveTo(rows, row, rowsOf(rows).indexOf(row) + by);
  pressed.focus();
}

function setRemoved(row, isRemoved) {
  box(row).checked = isRemoved;
  row.classList.toggle("rows__row--removed", isRemoved);
  row.querySelector(".rows__removed").hidden = !isRemoved;
  row.querySelector(isRemoved ? ".rows__undo" : ".rows__remove").focus();
  announce(isRemoved ? "Row removed." : "The row is back.");
  changed();
}

/* By pointer, which a finger has as well. The row moves when it is let go: an editor inside would lose its focus. */
function dragged(rows, row, grip) {
  let target = null;
  const clear = () => {
    for (const one of rowsOf(rows)) one.classList.remove("rows__row--dragged", "rows__row--above", "rows__row--below");
  };
  grip.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    grip.setPointerCapture(event.pointerId);
    row.classList.add("rows__row--dragged");
    target = null;
  });
  grip.addEventListener("pointermove", (event) => {
    if (!grip.hasPointerCapture(event.pointerId)) return;
    clear();
    row.classList.add("rows__row--dragged");
    const others = rowsOf(rows).filter((one) => one !== row);
    const middle = (one) => one.getBoundingClientRect().top + one.getBoundingClientRect().height / 2;
    target = others.filter((one) => middle(one) < event.clientY).length;
    if (target < others.length) others[target].classList.add("rows__row--above");
    else others.at(-1)?.classList.add("rows__row--below");
  });
  grip.addEventListener("pointerup", () => {
    clear();
    if (target !== null && rowsOf(rows).indexOf(row) !== target) moveTo(rows, row, target);
    target = null;
  });
  grip.addEventListener("pointercancel", () => {
    clear();
    target = null;
  });
}

function equipRow(rows, row) {
  if (row.querySelector(".rows__grip")) return;
  row.querySelector(".rows__tools").hidden = true;
  const grip = document.createElement("span");
  grip.className = "rows__grip";
  const tools = document.createElement("div");
  tools.className = "rows__buttons";
  const up = button("block-move block-move--up", "Move row up", () => moveBy(rows, row, -1, up));
  const down = button("block-move block-move--down", "Move row down", () => moveBy(rows, row, 1, down));
  const remove = button("rows__remove", "Remove row", () => setRemoved(row, true));
  tools.append(up, down, remove);
  const removed = document.createElement("p");
  removed.className = "rows__removed";
  removed.hidden = true;
  const undo = button("block-action rows__undo", "Undo", () => setRemoved(row, false));
  undo.textContent = "Undo";
  removed.append("Removed. ", undo);
  row.prepend(grip);
  row.append(tools, removed);
  dragged(rows, row, grip);
}

export function addRow(rows) {
  const total = rows.querySelector("input[name$='-total']");
  const template = rows.querySelector("template");
  const row = template.content.firstElementChild.cloneNode(true);
  const index = Number(total.value);
  // The admin renames what it clones for a new block, but not what is inside a template.
  for (const node of row.querySelectorAll("*")) {
    for (const attribute of ["name", "id", "for"]) {
      const value = node.getAttribute(attribute);
      if (value) node.setAttribute(attribute, value.replace("__row__", `${nameOf(rows)}-${index}`));
    }
  }
  total.value = index + 1;
  const last = rowsOf(rows).at(-1);
  if (last) last.after(row);
  else total.after(row);
  equipRow(rows, row);
  number(rows);
  startEditors(row);
  return row;
}

/* Fill ``to`` with the rows of ``from`` that are not removed. */
export function copyRows(from, to) {
  for (const row of rowsOf(to)) row.remove();
  for (const row of rowsOf(from)) {
    if (box(row).checked) continue;
    const copy = addRow(to);
    const inputs = copy.querySelectorAll(".rows__cell [name]");
    row.querySelectorAll(".rows__cell [name]").forEach((input, index) => {
      inputs[index].value = input.value;
    });
  }
}

/* Rich text begins with its block: a page may have a hundred rows. */
export function startEditors(root) {
  for (const textarea of root.querySelectorAll(`textarea[${RICH}]`)) {
    if (textarea.closest(".collapsed, .prose-editor") || !textarea.isConnected) continue;
    const config = JSON.parse(textarea.getAttribute(RICH));
    textarea.removeAttribute(RICH);
    // Loaded with the forms that have rich text: there are none for who may only read the page.
    import("django-prose-editor/configurable").then(({ createEditor }) => createEditor(textarea, config));
  }
}

export function equipRows(root) {
  for (const rows of root.querySelectorAll(".rows")) {
    if (rows.querySelector(".rows__add")) continue;
    rows.dataset.name = nameOf(rows);
    const spare = rows.querySelector(".rows__more");
    const isEmpty = !rowsOf(rows).some((row) => !spare.contains(row));
    if (isEmpty) spare.before(spare.querySelector(".rows__row"));
    spare.remove();
    for (const row of rowsOf(rows)) equipRow(rows, row);
    number(rows);
    const add = button("rows__add", "Add a row", () => {
      const row = addRow(rows);
      row.querySelector(".rows__cell :is(input, .ProseMirror, textarea)")?.focus();
      announce("Row added.");
      changed();
    });
    add.removeAttribute("aria-label");
    add.textContent = "Add a row";
    rows.append(add);
  }
}
