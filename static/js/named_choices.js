/* A choice with a search field in it tells a screen reader what was chosen, and nothing while it is empty:
   here it is told its label, too. */
"use strict";
(() => {
  function nameChoices(within) {
    for (const select of within.querySelectorAll("select.admin-autocomplete")) {
      const box = select.nextElementSibling?.querySelector("[role=combobox]");
      const label = select.labels[0];
      const words = label ? label.textContent.trim() : select.getAttribute("aria-label");
      if (!box || !words) continue;
      const chosen = box.querySelector(".select2-selection__rendered");
      // Else the box inside the box would need a name as well.
      chosen?.removeAttribute("role");
      chosen?.removeAttribute("aria-readonly");
      box.setAttribute("aria-label", words);
      box.id ||= `${select.id}_box`;
      box.setAttribute("aria-labelledby", chosen?.id ? `${box.id} ${chosen.id}` : box.id);
    }
  }

  // Asked for after Django's own, so it comes after: by then the boxes stand.
  window.django?.jQuery?.(() => nameChoices(document));
  document.addEventListener("formset:added", (event) => nameChoices(event.target));
})();
