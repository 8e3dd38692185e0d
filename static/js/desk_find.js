// Finding a patient with the keyboard, in the bar and in the booking panel. Both work without it: the box leads to a
// page of results by its button, and results are links or buttons.
//
// [data-find] holds a box [data-find-input] and its results, of which [data-found] are rows and [data-book] links that
// book. htmx loads the results while typing; "find-now" loads them at once.

"use strict";

const rowsOf = (find) => [...find.querySelectorAll("[data-found]")];

function choose(row, books) {
  const link = books && row.parentElement.querySelector("[data-book]");
  (link || row).click();
}

function step(find, from, by) {
  const stops = [find.querySelector("[data-find-input]"), ...rowsOf(find)];
  stops[Math.min(Math.max(stops.indexOf(from) + by, 0), stops.length - 1)].focus();
}

function clear(find) {
  find.querySelector("[data-find-results]").replaceChildren();
  find.dataset.state = "";
}

document.addEventListener("keydown", (event) => {
  const find = event.target.closest("[data-find]");
  if (!find || event.isComposing) return;
  const isBox = event.target.matches("[data-find-input]");
  const row = event.target.closest("[data-found]");
  if (!isBox && !row) return;
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    step(find, event.target, event.key === "ArrowDown" ? 1 : -1);
  } else if (event.key === "Escape") {
    event.preventDefault();
    clear(find);
    find.querySelector("[data-find-input]").focus();
  } else if (event.key === "Enter" && !event.ctrlKey && !event.metaKey) {
    if (row && !event.shiftKey) return; // The browser presses it.
    if (isBox && !event.target.value.trim()) return;
    event.preventDefault();
    if (row || find.dataset.state === "shown") {
      const first = row ?? rowsOf(find)[0];
      if (first) choose(first, event.shiftKey);
    } else {
      find.dataset.then = event.shiftKey ? "book" : "open";
      if (find.dataset.state !== "asked") window.htmx.trigger(event.target, "find-now");
    }
  }
});

// "typed": the results are not those of the words in the box yet; "asked": they are on their way.
document.addEventListener("input", (event) => {
  const find = event.target.matches("[data-find-input]") && event.target.closest("[data-find]");
  if (find) find.dataset.state = "typed";
});

document.addEventListener("htmx:beforeRequest", (event) => {
  if (!event.target.matches("[data-find-input]")) return;
  event.target.closest("[data-find]").dataset.state = "asked";
});

document.addEventListener("htmx:afterSettle", (event) => {
  const find = event.target.matches("[data-find-results]") && event.target.closest("[data-find]");
  if (find && find.dataset.state === "asked") {
    find.dataset.state = "shown";
    const then = find.dataset.then;
    find.dataset.then = "";
    if (then && rowsOf(find).length) choose(rowsOf(find)[0], then === "book");
  }
  if (event.target.id === "main") {
    const bar = document.querySelector("[data-find=bar]");
    if (bar) {
      clear(bar);
      bar.querySelector("[data-find-input]").value = "";
    }
  }
});

document.addEventListener("click", (event) => {
  const bar = document.querySelector("[data-find=bar]");
  if (bar && !bar.contains(event.target)) clear(bar);
});

// Ctrl+Enter books from anywhere in the booking form, and adds to the waitlist in the form for callers.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
  const form = event.target.closest("[data-booking]");
  if (!form) return;
  event.preventDefault();
  form.requestSubmit(form.querySelector("[data-book-button]"));
});

document.addEventListener("change", (event) => {
  const label = event.target.form?.querySelector("[data-start]");
  if (label && event.target.name === "at") label.textContent = event.target.selectedOptions[0].text;
});
