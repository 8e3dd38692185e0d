/* For the admin's menus alone: links are put in order by dragging them, or with two buttons on each.
   The numbers that the server reads follow; without a script they are typed. */
"use strict";
(() => {
  const order = (row) => row.querySelector(".menu-entry__order input");
  const rowsOf = (list) => [...list.querySelectorAll(":scope > .menu-entry:not(.menu-entry--new)")];
  let status, dragged;

  function nameOf(row) {
    const chosen = row.querySelector("select");
    const typed = row.querySelector("input[name$=-label]").value;
    return typed || chosen.selectedOptions[0]?.text || "";
  }

  function renumber(list) {
    rowsOf(list).forEach((row, index) => {
      order(row).value = (index + 1) * 10;
    });
  }

  function tell(row) {
    const rows = rowsOf(row.parentElement);
    status.textContent = `${nameOf(row)} is now number ${rows.indexOf(row) + 1} of ${rows.length}.`;
  }

  function move(row, by, button) {
    const rows = rowsOf(row.parentElement);
    const other = rows[rows.indexOf(row) + by];
    if (!other) {
      status.textContent = by < 0 ? "Already the first." : "Already the last.";
      return;
    }
    if (by < 0) other.before(row);
    else other.after(row);
    renumber(row.parentElement);
    button.focus();
    tell(row);
  }

  function moveButton(row, by) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "block-move";
    button.textContent = by < 0 ? "↑" : "↓";
    const label = () => button.setAttribute("aria-label", `Move ${by < 0 ? "up" : "down"}: ${nameOf(row)}`);
    label();
    button.addEventListener("focus", label);
    button.addEventListener("click", () => move(row, by, button));
    return button;
  }

  function handle(row) {
    const grip = document.createElement("span");
    grip.className = "menu-entry__grip";
    grip.textContent = "⠿";
    grip.setAttribute("aria-hidden", "true");
    grip.draggable = true;
    grip.addEventListener("dragstart", (event) => {
      dragged = row;
      event.dataTransfer.effectAllowed = "move";
      event.dataTransfer.setData("text/plain", "");
      event.dataTransfer.setDragImage(row, 0, 0);
      row.classList.add("menu-entry--dragged");
    });
    grip.addEventListener("dragend", () => {
      row.classList.remove("menu-entry--dragged");
      dragged = null;
    });
    return grip;
  }

  function equip(row) {
    order(row).closest(".menu-entry__order").hidden = true;
    row.querySelector(".menu-entry__tools").prepend(moveButton(row, -1), moveButton(row, 1));
    row.prepend(handle(row));
    row.addEventListener("dragover", (event) => {
      if (!dragged || dragged === row) return;
      event.preventDefault();
      const box = row.getBoundingClientRect();
      if (event.clientY < box.top + box.height / 2) row.before(dragged);
      else row.after(dragged);
    });
  }

  function begin() {
    const list = document.querySelector("ol.menu-entries__list");
    if (!list || !list.querySelector("select")) return;
    status = document.createElement("p");
    status.className = "visually-hidden";
    status.setAttribute("role", "status");
    list.before(status);
    for (const row of rowsOf(list)) equip(row);
    for (const row of list.querySelectorAll(".menu-entry--new .menu-entry__order")) row.hidden = true;
    list.addEventListener("dragover", (event) => dragged && event.preventDefault());
    list.addEventListener("drop", (event) => {
      if (!dragged) return;
      event.preventDefault();
      renumber(list);
      tell(dragged);
    });
  }

  document.addEventListener("DOMContentLoaded", begin);
})();
