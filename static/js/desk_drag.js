// Drag a visit to another place in the calendar, with a mouse or a pen: it opens the Move panel filled in, which asks
// before anything moves. Without it, and on the keyboard, "Move" does the same.

"use strict";

const STEP = 15; // minutes
const FAR_ENOUGH = 6; // pixels

let drag = null;

const gridAt = (x, y) => document.elementsFromPoint(x, y).find((found) => found.matches(".desk-calendar__grid[data-person]"));

// The minute of the day at which the dragged block would begin, and the row of the grid.
function placeIn(grid, y) {
  const box = grid.getBoundingClientRect();
  const rows = Number(grid.dataset.rows);
  const minutes = ((y - drag.grip - box.top) / box.height) * rows * 5;
  const from = Number(grid.dataset.from);
  const start = Math.max(0, Math.min(Math.round(minutes / STEP) * STEP, rows * 5 - STEP));
  // In a gap that begins off the quarter hours, such as 9:05, the gap's start is meant.
  const gaps = [...grid.querySelectorAll(".gap")].map((gap) => gap.getBoundingClientRect());
  const gap = gaps.find((gap) => y - drag.grip > gap.top - 12 && y - drag.grip < gap.top + 12);
  const chosen = gap ? Math.round((((gap.top - box.top) / box.height) * rows * 5) / 5) * 5 : start;
  return { minute: from + chosen, row: chosen / 5 + 1 };
}

const clock = (minute) => `${String(Math.floor(minute / 60)).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}`;

function showPlace(x, y) {
  const grid = gridAt(x, y);
  drag.place.remove();
  if (!grid) return;
  const { minute, row } = placeIn(grid, y);
  drag.place.className = `drag-place r${row} s${drag.rows}`;
  drag.place.textContent = `${Math.floor(minute / 60) % 12 || 12}:${String(minute % 60).padStart(2, "0")}`;
  grid.append(drag.place);
}

function start() {
  const { block } = drag;
  drag.isMoving = true;
  drag.rows = [...block.closest("li").classList].find((name) => /^s\d+$/.test(name))?.slice(1) ?? "6";
  drag.place = document.createElement("div");
  drag.place.setAttribute("aria-hidden", "true");
  block.classList.add("block--dragged");
  block.closest(".desk-calendar").classList.add("desk-calendar--dragging");
}

function stop() {
  drag?.place?.remove();
  drag?.block.classList.remove("block--dragged");
  drag?.block.closest(".desk-calendar")?.classList.remove("desk-calendar--dragging");
  drag = null;
}

// A link within <main> is swapped in place by htmx, as every other one.
function open(address) {
  const link = document.createElement("a");
  link.href = address;
  document.getElementById("main").append(link);
  window.htmx?.process(link);
  link.click();
}

function swallow(click) {
  click.preventDefault();
  click.stopImmediatePropagation();
}

document.addEventListener("dragstart", (event) => {
  if (event.target.closest?.("[data-drag]")) event.preventDefault(); // The browser's own dragging of links.
});

document.addEventListener("pointerdown", (event) => {
  const block = event.target.closest?.("[data-drag]");
  if (!block || event.button !== 0 || event.pointerType === "touch") return;
  drag = { block, x: event.clientX, y: event.clientY, grip: event.clientY - block.getBoundingClientRect().top };
});

document.addEventListener("pointermove", (event) => {
  if (!drag) return;
  if (!drag.isMoving && Math.hypot(event.clientX - drag.x, event.clientY - drag.y) > FAR_ENOUGH) start();
  if (drag.isMoving) showPlace(event.clientX, event.clientY);
});

document.addEventListener("pointerup", (event) => {
  if (!drag?.isMoving) return stop();
  const { block } = drag;
  const grid = gridAt(event.clientX, event.clientY);
  const address = new URL(block.href);
  const place = grid && placeIn(grid, event.clientY);
  document.addEventListener("click", swallow, true); // The click that follows must not open the visit.
  if (place) {
    address.searchParams.set("do", "move");
    address.searchParams.set("day", grid.dataset.on);
    address.searchParams.set("with", grid.dataset.person);
    address.searchParams.set("at", clock(place.minute));
  }
  setTimeout(() => {
    document.removeEventListener("click", swallow, true);
    stop();
    if (place) open(address.pathname + address.search);
  });
});

for (const event of ["pointercancel", "htmx:beforeSwap"]) document.addEventListener(event, stop);
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") stop();
});
