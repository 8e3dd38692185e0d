/* Comments of staff at each block, and on the page itself. Without a script they have a page of their own. */
import { allBlocks, announce, heading, keyOf, nameOf } from "page-editor/form";

const isSaved = (block) => !/-new-\d+$/.test(keyOf(block));
const section = () => document.querySelector(".page-comments");
let threads = new Map();
let panels = 0;

function make(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text) node.textContent = text;
  return node;
}

function remember(list) {
  threads = new Map(list.map((thread) => [thread.key, thread.comments]));
}

/* Send a change, and show how the comments stand then. Returns what went wrong, as a sentence. */
async function send(fields) {
  const token = document.querySelector("[name=csrfmiddlewaretoken]").value;
  try {
    const answer = await fetch(section().dataset.address, {
      method: "POST",
      body: new URLSearchParams(fields),
      headers: { "X-CSRFToken": token, Accept: "application/json" },
    });
    if (answer.headers.get("Content-Type")?.startsWith("application/json")) {
      const data = await answer.json();
      if (answer.ok) {
        remember(data.threads);
        showAll();
        return "";
      }
      return data.error;
    }
  } catch {
    return "Not saved: there is no connection. Your comment is still here. Try again.";
  }
  return "Not saved. Your comment is still here. Log in again in another tab, then try again.";
}

function commentItem(comment, panel) {
  const item = make("li", "page-comments__one");
  const who = make("p", "page-comments__who");
  who.append(make("strong", "", comment.by), `, ${comment.at}`);
  item.append(who);
  if (comment.about) item.append(make("p", "page-comments__who", `About a block that was removed: ${comment.about}`));
  for (const paragraph of comment.text.split("\n\n")) item.append(make("p", "page-comments__text", paragraph));
  if (comment.resolved) {
    item.classList.add("page-comments__one--resolved");
    item.append(make("p", "page-comments__who", comment.resolved));
  }
  const button = make("button", "link-button", comment.resolved ? "Reopen" : "Resolve");
  button.type = "button";
  button.append(make("span", "visually-hidden", `: ${comment.text.slice(0, 60)}`));
  button.addEventListener("click", async () => {
    const wrong = await send({ action: comment.resolved ? "reopen" : "resolve", comment: comment.id });
    say(panel, wrong || (comment.resolved ? "Reopened." : "Resolved."), wrong);
    if (!wrong) panel.querySelector("textarea").focus();
  });
  item.append(button);
  return item;
}

function say(panel, text, isWrong) {
  const error = panel.querySelector(".page-comments__error");
  error.textContent = isWrong ? text : "";
  error.hidden = !isWrong;
  if (!isWrong) announce(text);
}

function list(comments, panel) {
  const items = make("ul", "page-comments__list");
  items.setAttribute("role", "list");
  items.append(...comments.map((comment) => commentItem(comment, panel)));
  return items;
}

/* The lists of a panel are drawn anew; its form stays, with what is being typed in it. */
function fill(panel) {
  const comments = threads.get(panel.dataset.key) ?? [];
  const lists = panel.querySelector(".page-comments__lists");
  const wasOpen = lists.querySelector("details")?.open;
  const open = comments.filter((comment) => !comment.resolved);
  const resolved = comments.filter((comment) => comment.resolved);
  lists.replaceChildren();
  if (open.length) lists.append(list(open, panel));
  if (resolved.length) {
    const details = make("details", "page-comments__resolved");
    details.open = Boolean(wasOpen);
    details.append(make("summary", "", `${resolved.length} resolved`), list(resolved, panel));
    lists.append(details);
  }
}

function makePanel(key, name) {
  const panel = make("div", "page-comments__panel");
  panel.dataset.key = key;
  panel.id = `page-comments-panel-${(panels += 1)}`;
  const label = make("label", "page-comments__label", `Comment on: ${name}`);
  const text = make("textarea", "page-comments__input");
  text.rows = 3;
  text.maxLength = 1000;
  label.htmlFor = text.id = `${panel.id}-text`;
  const error = make("p", "page-comments__error");
  error.setAttribute("role", "alert");
  error.hidden = true;
  const add = make("button", "button page-comments__add", "Add comment");
  add.type = "button";
  add.addEventListener("click", async () => {
    add.disabled = true;
    const wrong = await send({ action: "add", block: key, text: text.value });
    add.disabled = false;
    if (!wrong) text.value = "";
    say(panel, wrong || "Your comment is saved.", wrong);
    text.focus();
  });
  // A comment is no change of the page: nothing else may take it for one, such as the question before leaving.
  for (const name of ["input", "change"]) panel.addEventListener(name, (event) => event.stopPropagation());
  panel.append(make("div", "page-comments__lists"), label, text, error, add);
  fill(panel);
  return panel;
}

function buttonText(key) {
  const open = (threads.get(key) ?? []).filter((comment) => !comment.resolved).length;
  return open ? `${open} comment${open === 1 ? "" : "s"}` : "Comment";
}

function equip(block) {
  const bar = heading(block);
  if (!bar || !isSaved(block) || bar.querySelector(".page-comments__button")) return;
  const key = keyOf(block);
  const button = make("button", "page-comments__button");
  button.type = "button";
  button.setAttribute("aria-expanded", "false");
  button.addEventListener("click", (event) => {
    event.stopPropagation();
    let panel = block.querySelector(":scope > .page-comments__panel");
    if (!panel) {
      panel = makePanel(key, nameOf(block));
      bar.after(panel);
      button.setAttribute("aria-controls", panel.id);
    } else {
      panel.hidden = !panel.hidden;
    }
    button.setAttribute("aria-expanded", String(!panel.hidden));
    if (!panel.hidden) panel.querySelector("textarea").focus();
  });
  bar.append(button);
}

function showAll() {
  for (const block of allBlocks()) {
    equip(block);
    const button = heading(block)?.querySelector(".page-comments__button");
    if (!button) continue;
    const key = keyOf(block);
    button.textContent = buttonText(key);
    button.classList.toggle("page-comments__button--open", button.textContent !== "Comment");
    button.append(make("span", "visually-hidden", `: ${nameOf(block)}`));
  }
  for (const panel of document.querySelectorAll(".page-comments__panel")) fill(panel);
}

const isTyping = () => [...document.querySelectorAll(".page-comments__input")].some((text) => text.value.trim());

export function showComments() {
  if (!section()) return;
  remember(JSON.parse(document.getElementById("page-comments").textContent));
  section().append(makePanel("", "the page itself"));
  section().hidden = false;
  showAll();
  document.addEventListener("page-editor:saved", showAll);
  window.addEventListener("beforeunload", (event) => {
    if (isTyping()) event.preventDefault();
  });
}
