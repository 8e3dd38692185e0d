// The front desk. Links and forms work without it; htmx (hx-boost) swaps <main> in place, and this script adds what
// swapping loses: where the calendar was scrolled to, and a word when a request fails. Keys press the links and buttons
// with that data-key; they work while no field has focus, and not at all where they were switched off.

"use strict";

const SCROLLED = ".desk-calendar";
const PRESSED = "a[href], button:not(:disabled)";
let scrolledTo = null;

function keepScroll() {
  const calendar = document.querySelector(SCROLLED);
  scrolledTo = calendar && [calendar.scrollLeft, calendar.scrollTop];
}

function restoreScroll() {
  const calendar = document.querySelector(SCROLLED);
  if (!calendar) return;
  if (scrolledTo) [calendar.scrollLeft, calendar.scrollTop] = scrolledTo;
  else scrollToChosenOrNow(calendar);
}

function scrollToChosenOrNow(calendar) {
  const chosen = calendar.querySelector(".block--chosen, .gap--chosen")?.closest("li");
  const shown = chosen ?? calendar.querySelector(".desk-calendar__clock");
  if (shown) calendar.scrollTop = shown.offsetTop - calendar.clientHeight / 3;
}

document.addEventListener("htmx:beforeSwap", keepScroll);
document.addEventListener("htmx:oobBeforeSwap", keepScroll);
document.addEventListener("htmx:afterSettle", () => {
  restoreScroll();
  showCopyButtons();
});
document.addEventListener("htmx:oobAfterSwap", restoreScroll);
document.addEventListener("DOMContentLoaded", () => {
  restoreScroll();
  showPrintButton();
  showCopyButtons();
});

for (const event of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(event, (failed) => {
    const problem = document.getElementById("desk-problem");
    if (!problem || isRefresh(failed)) return;
    problem.dataset.unreachable ??= problem.textContent;
    problem.textContent = failed.detail.xhr?.status === 503 ? problem.dataset.away : problem.dataset.unreachable;
    problem.hidden = false;
  });
}

// A refresh that failed is desk_live.js's to tell.
function isRefresh(event) {
  return Boolean(event.detail.requestConfig?.headers?.["X-Desk-Refresh"]);
}

function showPrintButton() {
  const button = document.querySelector("[data-print]");
  if (!button) return;
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}

function showCopyButtons() {
  if (!navigator.clipboard) return;
  document.querySelectorAll("[data-copy][hidden]").forEach((button) => {
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(button.dataset.copy);
      document.getElementById("copied").textContent = button.dataset.copied;
    });
  });
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.isComposing || event.ctrlKey || event.altKey || event.metaKey) return;
  if (document.querySelector("main")?.dataset.keys === "off") return;
  if (isField(event.target)) {
    if (event.key === "Escape") press(".desk-panel .panel-card__close", event);
    return;
  }
  if (event.key.startsWith("Arrow")) moveFocus(event);
  else if (event.key === "Escape") press(".panel-card__close", event);
  else if (event.key === "/") focusOn("input[name=q]", event);
  else if (/^[a-z[\]?]$/i.test(event.key)) press(`[data-key="${event.key.toLowerCase()}"]`, event);
});

function isField(element) {
  return element.isContentEditable || element.matches("input, textarea, select, summary");
}

function focusOn(selector, event) {
  const field = document.querySelector(selector);
  if (!field) return;
  event.preventDefault();
  field.focus();
}

function press(selector, event) {
  const found = [...document.querySelectorAll(selector)].find((each) => each.matches(PRESSED));
  if (!found) return;
  event.preventDefault();
  found.click();
}

// From a visit or gap to the one above, below, or nearest in the next column.
function moveFocus(event) {
  const item = event.target.closest(".desk-calendar__item, .desk-list__row");
  const next = item && nextItem(item, event.key);
  const link = next?.querySelector("a");
  if (!link) return;
  event.preventDefault();
  link.focus();
}

function nextItem(item, key) {
  const inColumn = linkedItems(item.closest("section"));
  const index = inColumn.indexOf(item);
  if (key === "ArrowUp") return inColumn[index - 1];
  if (key === "ArrowDown") return inColumn[index + 1];
  let column = item.closest("section");
  do {
    column = key === "ArrowLeft" ? column.previousElementSibling : column.nextElementSibling;
  } while (column && !(column.matches("section") && linkedItems(column).length));
  return column && nearest(linkedItems(column), item.offsetTop);
}

function linkedItems(column) {
  return [...column.querySelectorAll(".desk-calendar__item, .desk-list__row")].filter((each) => each.querySelector("a"));
}

function nearest(items, top) {
  const distance = (each) => Math.abs(each.offsetTop - top);
  return items.reduce((best, each) => (distance(each) < distance(best) ? each : best));
}
