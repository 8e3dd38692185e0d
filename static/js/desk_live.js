// The calendar stays up to date: every few seconds, while the page is visible, it asks for the version of what it shows,
// and when that has changed, for the rows. A panel in which someone types is left alone.

"use strict";

const PERIOD = 6000; // ms
const ANSWER_WITHIN = 8000;
const SETTLED = 100; // ms
const NAMED = 3; // Changes that are read out by name.
let isAsking = false;

setInterval(ask, PERIOD);
document.addEventListener("visibilitychange", ask);

async function ask() {
  const board = document.getElementById("desk-board");
  if (!board || document.hidden || isAsking) return;
  isAsking = true;
  try {
    const response = await fetch(board.dataset.versionUrl, {
      headers: { "If-None-Match": `"${board.dataset.version}"` },
      cache: "no-store",
      redirect: "manual",
      signal: AbortSignal.timeout(ANSWER_WITHIN),
    });
    if (response.type === "opaqueredirect" || response.status === 403) return location.reload(); // Logged out.
    if (response.status === 200) await refresh(board);
    else if (response.status !== 304) throw new Error(String(response.status));
    showStale(false);
  } catch {
    showStale(true);
  } finally {
    isAsking = false;
  }
}

async function refresh(board) {
  if (!board.isConnected) return; // Another page was opened meanwhile.
  const before = blocksOf(board);
  await htmx.ajax("GET", board.dataset.url, {
    target: "#main",
    swap: "none",
    headers: { "X-Desk-Refresh": board.dataset.firstEntry || "0" },
  });
  const current = document.getElementById("desk-board");
  if (current === board) throw new Error("The calendar was not refreshed.");
  await new Promise((resolve) => setTimeout(resolve, SETTLED)); // Until then, htmx sets the old attributes, then the new.
  tell(before, blocksOf(current));
}

document.addEventListener("htmx:oobBeforeSwap", (event) => {
  if (event.detail.target.id !== "desk-panel") return;
  const panel = event.detail.target;
  if (isTyping(panel)) event.detail.shouldSwap = false;
  else for (const each of event.detail.fragment.querySelectorAll("[autofocus]")) each.removeAttribute("autofocus");
});

function isTyping(panel) {
  const fields = [...panel.querySelectorAll("input:not([type=hidden]), textarea, select")];
  return fields.some((field) => field === document.activeElement || hasChanged(field));
}

function hasChanged(field) {
  if (field.type === "checkbox" || field.type === "radio") return field.checked !== field.defaultChecked;
  if (field.options) return [...field.options].some((each) => each.selected !== each.defaultSelected);
  return field.value !== field.defaultValue;
}

function blocksOf(board) {
  const blocks = [...board.querySelectorAll(".block[id]")];
  return new Map(blocks.map((block) => [block.id, { block, text: textOf(block), place: placeOf(block) }]));
}

function textOf(block) {
  return block.textContent.replace(/\s+/g, " ").trim();
}

function placeOf(block) {
  const time = block.querySelector(".block__time")?.textContent;
  const name = block.querySelector("strong")?.textContent;
  const column = block.closest("section")?.querySelector("h2")?.textContent.trim();
  return [time, name, column].filter(Boolean).join(", ");
}

function tell(before, after) {
  const news = document.getElementById("desk-news");
  if (!news) return;
  const lines = [];
  for (const [id, { block, text, place }] of after) {
    const old = before.get(id);
    if (old?.text === text && old.place === place) continue;
    block.classList.add("block--news");
    lines.push(`${old ? news.dataset.changed : news.dataset.new}: ${place}`);
  }
  for (const [id, { place }] of before) if (!after.has(id)) lines.push(`${news.dataset.gone}: ${place}`);
  const more = lines.length > NAMED ? [`${news.dataset.more}: ${lines.length - NAMED}`] : [];
  if (lines.length) news.textContent = [...lines.slice(0, NAMED), ...more].join(". ");
}

function showStale(isStale) {
  const problem = document.getElementById("desk-stale");
  if (problem) problem.hidden = !isStale;
}
