// The front desk. Links and forms work without it; htmx (hx-boost) swaps <main> in place, and this script adds what
// swapping loses: where the calendar was scrolled to, and a word when a request fails.

"use strict";

const SCROLLED = ".desk-calendar";
let scrolledTo = 0;

document.addEventListener("htmx:beforeSwap", () => {
  scrolledTo = document.querySelector(SCROLLED)?.scrollLeft ?? 0;
});

document.addEventListener("htmx:afterSettle", () => {
  const calendar = document.querySelector(SCROLLED);
  if (calendar) calendar.scrollLeft = scrolledTo;
});

for (const event of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(event, () => {
    const problem = document.getElementById("desk-problem");
    if (problem) problem.hidden = false;
  });
}
