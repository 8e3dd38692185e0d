/* For the admin's page editor alone: where a link leads can be chosen from our own pages, visits and
   people, not only typed. The prose editor makes its dialog anew each time; the list is put into it. */
"use strict";
(() => {
  const ID = "link-choice";

  function list(groups, address) {
    const select = document.createElement("select");
    select.id = ID;
    select.append(new Option("Another address", ""));
    for (const group of groups) {
      const options = document.createElement("optgroup");
      options.label = group.label;
      for (const one of group.choices) options.append(new Option(one.name, one.address));
      select.append(options);
    }
    select.value = address.value;
    if (select.selectedIndex < 0) select.value = "";
    select.addEventListener("change", () => {
      if (select.value) address.value = select.value;
    });
    address.addEventListener("input", () => {
      select.value = address.value;
      if (select.selectedIndex < 0) select.value = "";
    });
    return select;
  }

  function equip(address, groups) {
    const field = document.createElement("div");
    field.className = "prose-editor-dialog-field";
    const label = document.createElement("label");
    label.htmlFor = ID;
    label.textContent = "On this site";
    field.append(label, list(groups, address));
    address.closest(".prose-editor-dialog-field").before(field);
    field.querySelector("select").focus();
  }

  document.addEventListener("DOMContentLoaded", () => {
    const groups = JSON.parse(document.getElementById("link-choices")?.textContent ?? "[]");
    if (!groups.length) return;
    new MutationObserver(() => {
      const address = document.querySelector(".prose-editor-dialog input[name=href]");
      if (address && !document.getElementById(ID)) equip(address, groups);
    }).observe(document.body, { childList: true, subtree: true });
  });
})();
