/* The document of the preview: the marks around its blocks (content/blocks/marks.py), the outline of one of them, and
   how newer HTML gets in. No script runs in the frame: this one reaches in from the editor. */
const END = "/block";
const BEGIN = "block:";
const ROOM = 8; // px between a block and its outline

/* The key of the innermost block around a node, or "". */
export function keyAt(node) {
  for (let up = node; up?.parentNode; up = up.parentNode) {
    let closed = 0;
    for (let before = up.previousSibling; before; before = before.previousSibling) {
      if (before.nodeType !== Node.COMMENT_NODE) continue;
      if (before.data === END) closed += 1;
      else if (before.data.startsWith(BEGIN) && closed === 0) return before.data.slice(BEGIN.length);
      else if (before.data.startsWith(BEGIN)) closed -= 1;
    }
  }
  return "";
}

/* The elements between the marks of a block. The blocks of one snippet carry one key. */
function elementsOf(doc, key) {
  const elements = [];
  const comments = doc.createTreeWalker(doc.body, NodeFilter.SHOW_COMMENT);
  while (comments.nextNode()) {
    if (comments.currentNode.data !== BEGIN + key) continue;
    let open = 1;
    for (let next = comments.currentNode.nextSibling; next && open; next = next.nextSibling) {
      if (next.nodeType === Node.ELEMENT_NODE) elements.push(next);
      else if (next.nodeType === Node.COMMENT_NODE && next.data === END) open -= 1;
      else if (next.nodeType === Node.COMMENT_NODE && next.data.startsWith(BEGIN)) open += 1;
    }
  }
  return elements;
}

/* Draw the outline around a block, none for "". Return whether the block is on the page. */
export function outline(doc, key) {
  const boxes = key ? elementsOf(doc, key).map((element) => element.getBoundingClientRect()) : [];
  const seen = boxes.filter((box) => box.width && box.height);
  let line = doc.querySelector(".editor-outline");
  if (!seen.length) {
    line?.remove();
    return false;
  }
  if (!line) {
    line = doc.createElement("div");
    line.className = "editor-outline";
    doc.documentElement.append(line); // Not in the body, whose content comes from the server.
  }
  const { scrollX, scrollY } = doc.defaultView;
  const left = Math.max(Math.min(...seen.map((box) => box.left)) + scrollX - ROOM, 0);
  const top = Math.max(Math.min(...seen.map((box) => box.top)) + scrollY - ROOM, 0);
  const right = Math.min(Math.max(...seen.map((box) => box.right)) + scrollX + ROOM, doc.documentElement.clientWidth);
  const bottom = Math.max(...seen.map((box) => box.bottom)) + scrollY + ROOM;
  Object.assign(line.style, { left: `${left}px`, top: `${top}px` });
  Object.assign(line.style, { width: `${right - left}px`, height: `${bottom - top}px` });
  return true;
}

/* Open the closed folds that hide a block. */
export function openFoldsAround(doc, key) {
  for (const element of key ? elementsOf(doc, key) : []) {
    for (let fold = element.closest("details"); fold; fold = fold.parentElement?.closest("details")) fold.open = true;
  }
}

export function scrollToOutline(doc) {
  const line = doc.querySelector(".editor-outline");
  if (!line) return;
  const { top, bottom } = line.getBoundingClientRect();
  const height = doc.documentElement.clientHeight;
  if (top >= 0 && bottom <= height * 0.9) return;
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  doc.defaultView.scrollBy({ top: top - height * 0.2, behavior: calm ? "instant" : "smooth" });
}

/* Give the document the content of newer HTML. What is the same stays: pictures don't flicker, folds stay open. */
export function replaceBody(doc, html, prepare) {
  const newer = new DOMParser().parseFromString(html, "text/html");
  prepare(newer);
  const view = doc.defaultView;
  const { scrollX, scrollY } = view;
  const open = [...doc.querySelectorAll("details")].map((fold) => (fold.open ? nameOfFold(fold) : null));
  for (const fold of doc.querySelectorAll("details[open]")) fold.open = false;
  morph(doc.body, newer.body);
  const folds = [...doc.querySelectorAll("details")];
  folds.forEach((fold, number) => {
    const stays = folds.length === open.length ? open[number] !== null : open.includes(nameOfFold(fold));
    if (stays) fold.open = true;
  });
  view.scrollTo({ left: scrollX, top: scrollY, behavior: "instant" });
}

const nameOfFold = (fold) => fold.querySelector("summary")?.textContent.trim() ?? "";

function morph(now, next) {
  for (const { name } of [...now.attributes]) if (!next.hasAttribute(name)) now.removeAttribute(name);
  for (const { name, value } of next.attributes) if (now.getAttribute(name) !== value) now.setAttribute(name, value);
  const here = [...now.childNodes];
  const there = [...next.childNodes];
  while (here.length && there.length && here[0].isEqualNode(there[0])) {
    here.shift();
    there.shift();
  }
  while (here.length && there.length && here.at(-1).isEqualNode(there.at(-1))) {
    here.pop();
    there.pop();
  }
  if (here.length === there.length && here.every((node, number) => isAlike(node, there[number]))) {
    here.forEach((node, number) => morphNode(node, there[number]));
    return;
  }
  const after = here.length ? here.at(-1).nextSibling : firstLeft(now, next, there);
  const fresh = there.map((node) => now.ownerDocument.importNode(node, true));
  for (const node of here) node.remove();
  for (const node of fresh) now.insertBefore(node, after);
}

/* Where nothing is taken out, the new nodes stand before as many as follow them in the newer document. */
function firstLeft(now, next, there) {
  if (!there.length) return null;
  const following = next.childNodes.length - [...next.childNodes].indexOf(there.at(-1)) - 1;
  return now.childNodes[now.childNodes.length - following] ?? null;
}

const isAlike = (one, other) => one.nodeType === other.nodeType && one.nodeName === other.nodeName;

function morphNode(node, other) {
  if (node.isEqualNode(other)) return;
  if (node.nodeType === Node.ELEMENT_NODE) morph(node, other);
  else node.nodeValue = other.nodeValue;
}
