/* The forms of blocks under Django's rules for formsets: the first INITIAL_FORMS forms have the id of a row, the others
   are new. After a save in the background, new blocks get the ids of their rows, and deleted ones leave. */
import { form } from "page-editor/form";

const NAMES = ["id", "name", "for", "aria-describedby", "aria-labelledby", "aria-controls"];

export const prefixes = () =>
  [...form().querySelectorAll("input[name$='_set-TOTAL_FORMS']")].map((input) => input.name.replace("-TOTAL_FORMS", ""));
const formsOf = (prefix) => [...form().querySelectorAll(`.dynamic-${prefix}`)];
const input = (block, field) => block.querySelector(`[name="${block.id}-${field}"]`);
const hasRow = (block) => Boolean(input(block, "id")?.value);

function isDeleted(block) {
  const mark = input(block, "DELETE");
  return Boolean(mark && (mark.type === "hidden" || mark.checked));
}

function rename(block, prefix, number) {
  const pattern = new RegExp(`(${prefix})-\\d+(?!\\d)`, "g");
  for (const node of [block, ...block.querySelectorAll("*")]) {
    for (const name of NAMES) {
      const value = node.getAttribute(name);
      if (value?.includes(prefix)) node.setAttribute(name, value.replace(pattern, `$1-${number}`));
    }
  }
}

/* Blocks with a row come first, then new ones, each in the order of the page's source. Removed blocks without a row come
   last and are not counted: they are there to be taken back. Django's own script counts on when it adds and removes
   forms, and does not know of the ids that came in the background. */
export function numberForms() {
  for (const prefix of prefixes()) {
    const blocks = formsOf(prefix);
    const isGone = (block) => !hasRow(block) && isDeleted(block);
    const ordered = [
      ...blocks.filter(hasRow),
      ...blocks.filter((block) => !hasRow(block) && !isDeleted(block)),
      ...blocks.filter(isGone),
    ];
    ordered.forEach((block, number) => rename(block, prefix, number));
    form().querySelector(`[name="${prefix}-TOTAL_FORMS"]`).value = ordered.filter((block) => !isGone(block)).length;
    form().querySelector(`[name="${prefix}-INITIAL_FORMS"]`).value = ordered.filter(hasRow).length;
  }
}

/* What is being sent: which element each form was, and which of them are to be deleted. */
export function blocksNow() {
  return prefixes().flatMap((prefix) =>
    formsOf(prefix).map((block) => ({ prefix, block, name: block.id, isNew: !hasRow(block), isDeleted: isDeleted(block) })),
  );
}

function node(tag, attributes) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

/* A new block that has been saved is deleted with a check box, as every saved one. */
function becomeSaved(block, id) {
  input(block, "id").value = id;
  block.classList.add("has_original");
  const remove = block.querySelector(":scope > h3 a.inline-deletelink");
  if (!remove) return;
  const name = `${block.id}-DELETE`;
  const mark = node("span", { class: "delete" });
  const label = node("label", { class: "vCheckboxLabel inline", for: `id_${name}` });
  label.textContent = "Delete";
  mark.append(node("input", { type: "checkbox", name, id: `id_${name}` }), " ", label);
  (remove.parentElement.matches("h3") ? remove : remove.parentElement).replaceWith(mark);
}

/* A block that was removed while it was being saved: its row is deleted with the next save. */
function deleteLater(prefix, id) {
  const name = `${prefix}-0`;
  const ghost = node("div", { class: `dynamic-${prefix} has_original`, id: name, hidden: "" });
  ghost.append(node("input", { type: "hidden", name: `${name}-id`, value: id }));
  ghost.append(node("input", { type: "hidden", name: `${name}-DELETE`, value: "on" }));
  form().append(ghost);
}

/* Its row is gone: if its removal is taken back, it is a new block. */
function becomeNew(block) {
  input(block, "id").value = "";
  block.classList.remove("has_original");
}

/* Bring the form up to what was saved. Returns the keys of what left it. */
export function settle(sent, ids) {
  for (const { prefix, block, name, isNew, isDeleted: wasDeleted } of sent) {
    if (wasDeleted) {
      if (!block.isConnected) continue;
      if (block.matches(".block-row")) becomeNew(block);
      else block.remove();
    } else if (isNew && ids[name]) {
      if (block.isConnected) becomeSaved(block, ids[name]);
      else deleteLater(prefix, ids[name]);
    }
  }
  numberForms();
}
