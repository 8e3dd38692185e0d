/* For the admin's page editor alone: what a mouse can do there, the keyboard can do, too; and what
   the checks say of a block stands beside it. The content editor (content_editor/*.js) owns the
   order: each block's place is its hidden "ordering" input and its style.order. */
"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const ordering = (block) => block.querySelector(".order-machine-ordering");
  const heading = (block) => block.querySelector(":scope > h3");
  const isBlock = (node) => node.matches?.(".order-machine .inline-related:not(.empty-form)");
  let status;

  function nameOf(block) {
    const kind = heading(block).querySelector("b")?.textContent.replace(/:$/, "") ?? "";
    const typed = block.querySelector("input[name$='-heading'], input[name$='-title'], input[name$='-label']")?.value;
    return typed ? `${kind}: ${typed}` : kind;
  }

  function shownBlocks() {
    const blocks = [...document.querySelectorAll(".order-machine .inline-related:not(.empty-form)")];
    const shown = blocks.filter((block) => !block.classList.contains("content-editor-invisible"));
    return shown.sort((a, b) => ordering(a).value - ordering(b).value);
  }

  function move(block, by, button) {
    const blocks = shownBlocks();
    const from = blocks.indexOf(block);
    const to = from + by;
    if (to < 0 || to >= blocks.length) {
      status.textContent = by < 0 ? "Already the first." : "Already the last.";
      return;
    }
    blocks.splice(to, 0, ...blocks.splice(from, 1));
    const places = blocks.map((one) => Number(ordering(one).value)).sort((a, b) => a - b);
    blocks.forEach((one, index) => {
      // Two blocks may have had one place between them: then the later one steps behind.
      if (index && places[index] <= places[index - 1]) places[index] = places[index - 1] + 1;
      ordering(one).value = places[index];
      one.style.order = places[index];
    });
    button.focus();
    button.scrollIntoView({ block: "nearest" });
    status.textContent = `${nameOf(block)} is now number ${to + 1} of ${blocks.length}.`;
  }

  function moveButton(block, by) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "block-move";
    button.textContent = by < 0 ? "↑" : "↓";
    button.addEventListener("click", (event) => {
      event.stopPropagation();
      move(block, by, button);
    });
    button.addEventListener("focus", () => {
      button.setAttribute("aria-label", `Move ${by < 0 ? "up" : "down"}: ${nameOf(block)}`);
    });
    button.setAttribute("aria-label", `Move ${by < 0 ? "up" : "down"}: ${nameOf(block)}`);
    return button;
  }

  /* Elements that only listen for the mouse become buttons that Enter and Space press. */
  function pressable(node, label) {
    if (!node || node.hasAttribute("tabindex")) return;
    node.tabIndex = 0;
    node.setAttribute("role", "button");
    if (label) node.setAttribute("aria-label", label);
    node.addEventListener("keydown", (event) => {
      if (event.target !== node || (event.key !== "Enter" && event.key !== " ")) return;
      event.preventDefault();
      node.click();
    });
  }

  function opensChoices(target, label) {
    pressable(target, label);
    target?.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      const first = document.querySelector(".plugin-buttons .plugin-button:not(.content-editor-hide)");
      if (document.querySelector(".plugin-buttons-visible")) first?.focus();
    });
  }

  function equip(block) {
    const bar = heading(block);
    if (!bar || bar.querySelector(".block-move")) return;
    const label = bar.querySelector(".inline_label");
    pressable(label);
    const tools = document.createElement("span");
    tools.className = "block-tools";
    tools.append(moveButton(block, -1), moveButton(block, 1));
    bar.append(tools);
    opensChoices(block.querySelector(":scope > .order-machine-insert-target"), "Add a block above this one");
  }

  /* What the editors and suggestion lists draw themselves has no name of its own: it gets its field's. */
  function nameFields(root) {
    for (const text of root.querySelectorAll(".ProseMirror:not([aria-label])")) {
      const label = text.closest(".form-row, .fieldBox, .flex-container")?.querySelector("label");
      text.setAttribute("aria-label", label?.textContent.replace(/:\s*$/, "").trim() || "Text");
    }
    for (const list of root.querySelectorAll("select + .select2 .select2-selection[aria-labelledby]")) {
      const select = list.closest(".select2").previousElementSibling;
      const label = select.id && document.querySelector(`label[for="${CSS.escape(select.id)}"]`);
      if (!label || label.id) continue;
      label.id = `${select.id}-name`;
      list.setAttribute("aria-labelledby", `${label.id} ${list.getAttribute("aria-labelledby")}`);
    }
  }

  /* The parts of a page are tabs, which are told as such. */
  function showTabs() {
    const tabs = document.querySelectorAll(".tabs.regions .tab");
    for (const tab of tabs) {
      pressable(tab);
      tab.parentElement.setAttribute("role", "tablist");
      tab.setAttribute("role", "tab");
      tab.setAttribute("aria-selected", String(tab.classList.contains("active")));
      tab.addEventListener("click", () => {
        for (const one of tabs) one.setAttribute("aria-selected", String(one === tab));
      });
    }
  }

  function showFindings() {
    const findings = JSON.parse(byId("page-findings")?.textContent ?? "[]");
    for (const finding of findings) {
      const block = blockOf(finding.block, finding.id);
      if (!block) continue;
      let list = block.querySelector(":scope > .block-findings");
      if (!list) {
        list = document.createElement("ul");
        list.className = "block-findings";
        heading(block).after(list);
      }
      const item = document.createElement("li");
      item.className = finding.blocks ? "block-findings__must" : "block-findings__should";
      item.textContent = finding.message;
      if (finding.quote) {
        const quote = document.createElement("q");
        quote.textContent = finding.quote;
        item.append(" ", quote);
      }
      list.append(item);
    }
  }

  function blockOf(prefix, id) {
    const inputs = document.querySelectorAll(`input[name^="${CSS.escape(prefix)}-"][name$="-id"]`);
    return [...inputs].find((input) => input.value === String(id))?.closest(".inline-related");
  }

  function goToBlock() {
    const asked = new URLSearchParams(location.search).get("block")?.match(/^([a-z]+)-(\d+)$/);
    const block = asked && blockOf(`content_${asked[1]}_set`, asked[2]);
    if (!block) return;
    document.querySelector(`.tabs.regions .tab[data-region="${CSS.escape(block.dataset.region)}"]`)?.click();
    block.classList.remove("collapsed");
    block.scrollIntoView();
    block.querySelector("fieldset :is(input:not([type=hidden]), textarea, select)")?.focus();
  }

  /* For who may only view a page, Django writes each block's place and region as text. The content editor reads them
     from inputs, without which it would stop with an error before it has arranged the blocks. */
  function addInputs() {
    for (const field of ["ordering", "region"]) {
      for (const text of document.querySelectorAll(`.inline-related .field-${field} .readonly`)) {
        const block = text.closest(".inline-related");
        const input = document.createElement("input");
        input.type = "hidden";
        input.name = `${block.id}-${field}`;
        input.value = text.textContent.trim();
        text.after(input);
        text.closest(".form-row").hidden = true;
      }
    }
  }

  const mayChange = () => JSON.parse(byId("content-editor-context")?.textContent ?? "{}").allowChange !== false;

  function begin() {
    const machine = document.querySelector(".order-machine");
    if (!machine) return;
    if (!mayChange()) {
      for (const label of machine.querySelectorAll(".inline-related > h3 .inline_label")) pressable(label);
      showTabs();
      showFindings();
      goToBlock();
      return;
    }
    status = document.createElement("p");
    status.className = "visually-hidden";
    status.setAttribute("role", "status");
    machine.before(status);
    for (const block of machine.querySelectorAll(".inline-related:not(.empty-form)")) equip(block);
    opensChoices(machine.querySelector(".order-machine-insert-target.last"), "Add a block at the end");
    for (const button of document.querySelectorAll(".plugin-buttons .plugin-button")) pressable(button);
    showTabs();
    nameFields(document);
    new MutationObserver(() => nameFields(document)).observe(machine, { childList: true, subtree: true });
    document.addEventListener("formset:added", (event) => {
      if (isBlock(event.target)) equip(event.target);
    });
    showFindings();
    goToBlock();
  }

  addInputs();
  // After the content editor, which begins when jQuery says that the page is ready.
  window.addEventListener("load", () => setTimeout(begin, 0));
})();
