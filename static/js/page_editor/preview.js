/* The preview beside the form: it follows what is typed, the open block and the chosen device. */
import { showState } from "page-editor/bar";
import { showFindings } from "page-editor/checks";
import { blockOf, byId, form, isBlock, keyOf, mayChange, openBlock } from "page-editor/form";
import { keyAt, openFoldsAround, outline, replaceBody, scrollToOutline } from "page-editor/frame";
import { dress, dressPictures } from "page-editor/looks";

const PAUSE = 500; // ms after the last key
const STORED = "page-editor:preview";
/* The width of each device and how high it is at most, in px. Paper is US letter. */
const WAYS = {
  phone: { width: 390, height: 844, look: "light" },
  computer: { width: 1280, height: Infinity, look: "light" },
  dark: { width: 390, height: 844, look: "dark" },
  print: { width: 816, height: Infinity, look: "print" },
};

const panel = () => document.querySelector(".preview");
const frame = () => panel().querySelector(".preview__frame");
const note = () => panel().querySelector(".preview__note");
const page = () => (frame().contentDocument?.querySelector("main") ? frame().contentDocument : null);

let way = WAYS.phone;
let openedBlock = null;
let isSought = false; // The open block has not been on the page yet.
let isFolding = false; // A click in the frame opens or closes a fold by itself.
let timer;
let isAsking = false;
let isOld = false;

/* What was typed, rendered by the server */

function soon(pause = PAUSE) {
  clearTimeout(timer);
  timer = setTimeout(ask, pause);
}

/* Never two at once: what is typed in the meantime is asked for after the answer, so the newest comes last. */
async function ask() {
  isOld = isAsking;
  if (isAsking) return;
  isAsking = true;
  try {
    show(await answerTo(typed()));
    note().textContent = "";
  } catch {
    note().textContent = note().dataset.words;
  }
  isAsking = false;
  if (isOld) ask();
}

function typed() {
  const data = new FormData(form());
  for (const [name, value] of [...data]) if (value instanceof File) data.delete(name);
  return data;
}

async function answerTo(body) {
  const response = await fetch(panel().dataset.typed, { method: "POST", body, headers: { Accept: "application/json" } });
  if (!response.ok || response.redirected) throw new Error("No preview.");
  return response.json();
}

function show(answer) {
  showFindings(answer.findings);
  showState(answer.state);
  const doc = page();
  if (!doc) return;
  replaceBody(doc, answer.html, (newer) => dressPictures(newer, way.look));
  seek(doc);
}

/* The open block. A new one comes onto the page with its first words, and gets another key with its id. */

const openKey = () => (openedBlock?.isConnected ? keyOf(openedBlock) : "");
const drawOutline = (doc) => outline(doc, openKey());

function seek(doc) {
  if (isSought && !isFolding) openFoldsAround(doc, openKey());
  if (!drawOutline(doc) || !isSought) return;
  isSought = false;
  scrollToOutline(doc);
}

function follow(block) {
  openedBlock = block;
  isSought = true;
  const doc = page();
  if (doc) seek(doc);
}

function watchBlocks() {
  document.addEventListener("page-editor:opened", (event) => follow(event.detail.block));
  document.addEventListener("focusin", (event) => {
    const block = event.target.closest(".inline-related");
    if (block && isBlock(block) && block !== openedBlock) follow(block);
  });
}

/* The page in the frame: a click opens the block at the left, folds open, and links lead nowhere. */
function click(event) {
  const target = event.target.nodeType === Node.ELEMENT_NODE ? event.target : event.target.parentElement;
  if (!target.closest("summary") || target.closest("a")) event.preventDefault();
  const block = blockOf(keyAt(target));
  const field = target.closest(".hero__title") ? "id_title" : target.closest(".hero__lede") ? "id_lede" : "";
  if (!block && !byId(field)) return;
  showTab("edit");
  isFolding = Boolean(target.closest("summary"));
  if (block) openBlock(block);
  else byId(field).focus();
  isFolding = false;
}

function loaded() {
  const doc = page();
  if (!doc) return;
  dress(doc, way.look);
  doc.addEventListener("click", click, true);
  doc.addEventListener("auxclick", (event) => event.preventDefault(), true);
  doc.addEventListener("submit", (event) => event.preventDefault(), true);
  new ResizeObserver(() => drawOutline(doc)).observe(doc.body);
  seek(doc);
}

/* The device */

function fit() {
  const stage = panel().querySelector(".preview__stage");
  const device = panel().querySelector(".preview__device");
  const edges = device.offsetWidth - device.clientWidth;
  const scale = Math.min(1, (stage.clientWidth - edges) / way.width);
  const height = Math.min(stage.clientHeight - edges, way.height * scale);
  if (!(scale > 0 && height > 0)) return; // Behind the other tab.
  Object.assign(device.style, { width: `${way.width * scale + edges}px`, height: `${height + edges}px` });
  Object.assign(frame().style, { width: `${way.width}px`, height: `${height / scale}px`, transform: `scale(${scale})` });
}

function choose(name) {
  way = WAYS[name];
  panel().dataset.way = name;
  fit();
  const doc = page();
  if (!doc) return;
  dress(doc, way.look);
  if (drawOutline(doc)) scrollToOutline(doc);
}

/* Storage may be switched off. */
function stored() {
  try {
    return localStorage.getItem(STORED);
  } catch {
    return null;
  }
}

function store(name) {
  try {
    localStorage.setItem(STORED, name);
  } catch {
    // Then it is chosen anew the next time.
  }
}

function offerWays() {
  const ways = panel().querySelector(".preview__ways");
  ways.hidden = false;
  ways.addEventListener("change", (event) => {
    choose(event.target.value);
    store(event.target.value);
  });
  const wanted = stored();
  const name = Object.hasOwn(WAYS, wanted ?? "") ? wanted : "phone";
  ways.querySelector(`[value=${name}]`).checked = true;
  choose(name);
  new ResizeObserver(fit).observe(panel().querySelector(".preview__stage"));
}

/* On a narrow screen, the form and the preview are two tabs. */

function showTab(name) {
  document.querySelector(".page-editor").dataset.tab = name;
  for (const tab of document.querySelectorAll(".editor-tabs [role=tab]")) {
    const isShown = tab.dataset.tab === name;
    tab.setAttribute("aria-selected", String(isShown));
    tab.tabIndex = isShown ? 0 : -1;
  }
}

function offerTabs() {
  const list = document.querySelector(".editor-tabs");
  list.hidden = false;
  list.addEventListener("click", (event) => {
    const tab = event.target.closest("[role=tab]");
    if (tab) showTab(tab.dataset.tab);
  });
  list.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
    const other = list.querySelector("[role=tab][aria-selected=false]");
    showTab(other.dataset.tab);
    other.focus();
  });
  showTab("edit");
}

export function beginPreview() {
  if (!panel()) return;
  offerTabs();
  offerWays();
  watchBlocks();
  frame().addEventListener("load", loaded);
  if (frame().contentDocument?.readyState === "complete") loaded();
  if (!mayChange()) return;
  document.addEventListener("page-editor:changed", () => soon());
  // Blocks have got ids: their marks have to have the same.
  document.addEventListener("page-editor:saved", () => soon(0));
}
