/* Adding blocks: "Add a block here" between the rows and at the end, and the menu of kinds that it opens. */
import { announce, byId, firstField, kindOf, openBlock, shownBlocks } from "page-editor/form";
import { place } from "page-editor/block_order";

let menu = null;
let pressed = null;

function close({ refocus = false } = {}) {
  if (!menu?.isConnected) return;
  menu.remove();
  pressed?.setAttribute("aria-expanded", "false");
  if (refocus) pressed?.focus();
}

/* Add a block at the end of the region by the content editor's own button; it is returned. */
export function addBlock(prefix) {
  let added = null;
  const listen = (event) => {
    added = event.target;
  };
  document.addEventListener("formset:added", listen);
  window.ContentEditor.addContent(prefix);
  document.removeEventListener("formset:added", listen);
  return added;
}

function choose(prefix, before) {
  close();
  const blocks = shownBlocks();
  const block = addBlock(prefix);
  if (!block) return;
  place(block, before ? blocks.indexOf(before) : blocks.length);
  openBlock(block);
  firstField(block)?.focus();
  announce(`${kindOf(block)} added.`);
}

function item(plugin, purpose, before) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "block-menu__kind";
  button.setAttribute("role", "menuitem");
  button.tabIndex = -1;
  button.dataset.pluginPrefix = plugin.prefix;
  const name = document.createElement("b");
  name.textContent = plugin.title;
  const what = document.createElement("span");
  what.textContent = purpose;
  button.append(name, " ", what);
  button.addEventListener("click", () => choose(plugin.prefix, before));
  return button;
}

function walk(event) {
  const items = [...menu.children];
  const at = items.indexOf(document.activeElement);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[event.key];
  if (event.key === "Escape" || event.key === "Tab") {
    event.preventDefault();
    event.stopPropagation();
    close({ refocus: true });
  } else if (to !== undefined) {
    event.preventDefault();
    items.at(to % items.length).focus();
  } else if (/^\p{L}$/u.test(event.key) && !event.ctrlKey && !event.metaKey) {
    const rest = [...items.slice(at + 1), ...items.slice(0, at + 1)];
    rest.find((one) => one.textContent.toLowerCase().startsWith(event.key.toLowerCase()))?.focus();
  }
}

function open(button, before) {
  const was = menu?.isConnected && pressed === button;
  close();
  if (was) return;
  const { currentRegion, plugins } = window.ContentEditor;
  const { purposes } = JSON.parse(byId("block-kinds").textContent);
  menu = document.createElement("div");
  menu.className = "block-menu";
  menu.setAttribute("role", "menu");
  menu.setAttribute("aria-label", "What to add");
  for (const plugin of plugins) {
    if (plugin.regions && !plugin.regions.includes(currentRegion)) continue;
    menu.append(item(plugin, purposes[plugin.prefix.match(/^content_([a-z]+)_set/)?.[1]] ?? "", before));
  }
  menu.addEventListener("keydown", walk);
  pressed = button;
  button.setAttribute("aria-expanded", "true");
  button.parentElement.append(menu);
  menu.firstElementChild?.focus({ preventScroll: true });
  menu.scrollIntoView({ block: "nearest" });
}

function addButton(before) {
  const holder = document.createElement("div");
  holder.className = "block-add";
  const button = document.createElement("button");
  button.type = "button";
  button.className = "block-add__button";
  button.setAttribute("aria-haspopup", "menu");
  button.setAttribute("aria-expanded", "false");
  const words = document.createElement("span");
  words.className = "block-add__words";
  words.textContent = "Add a block here";
  button.append(words);
  button.addEventListener("click", () => open(button, before));
  holder.append(button);
  return holder;
}

export function equipWithAdding(block) {
  if (!block.querySelector(":scope > .block-add")) block.prepend(addButton(block));
}

export function addAtTheEnd(machine) {
  const last = addButton(null);
  last.classList.add("block-add--last");
  machine.append(last);
  document.addEventListener("click", (event) => {
    if (menu?.isConnected && !event.target.closest(".block-add")) close();
  });
}
