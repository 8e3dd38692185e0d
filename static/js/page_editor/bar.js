/* The bar above the editor: the page's title and state, its menus; and the count of words under the title. */
import { byId } from "page-editor/form";

export function showState({ label, tone }) {
  const chip = document.querySelector(".editor-bar__chip");
  if (!chip) return;
  chip.textContent = label;
  chip.className = `editor-bar__chip editor-bar__chip--${tone}`;
}

/* A menu closes with Escape, with a click elsewhere, and when the focus leaves it. */
function closeMenus() {
  const menus = [...document.querySelectorAll(".editor-menu")];
  for (const event of ["pointerdown", "focusin"]) {
    document.addEventListener(event, ({ target }) => {
      for (const menu of menus) if (menu.open && !menu.contains(target)) menu.open = false;
    });
  }
  window.addEventListener("blur", () => {
    // The focus went into the preview, whose events stay there.
    if (document.activeElement?.matches("iframe")) for (const menu of menus) menu.open = false;
  });
  for (const menu of menus) {
    menu.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !menu.open) return;
      menu.open = false;
      menu.querySelector("summary").focus();
    });
  }
}

function followTitle() {
  const input = byId("id_title");
  const title = document.querySelector(".editor-bar__title");
  if (!input || !title || !document.querySelector(".editor-bar__chip")) return; // A new page says so until it is saved.
  const written = title.textContent;
  input.addEventListener("input", () => {
    title.textContent = input.value.trim() || written;
  });
}

/* As validate_lede counts: by white space. */
function countWords() {
  const field = document.querySelector("[data-most-words]");
  const label = field && document.querySelector(`label[for="${field.id}"]`);
  if (!label) return;
  const most = Number(field.dataset.mostWords);
  const count = document.createElement("span");
  count.id = `${field.id}_words`;
  count.className = "word-count";
  label.after(count);
  field.setAttribute("aria-describedby", [field.getAttribute("aria-describedby"), count.id].filter(Boolean).join(" "));
  const show = () => {
    const words = field.value.split(/\s+/).filter(Boolean).length;
    count.textContent = `${words} of ${most} words`;
    count.classList.toggle("word-count--over", words > most);
  };
  field.addEventListener("input", show);
  show();
}

export function beginBar() {
  closeMenus();
  followTitle();
  countWords();
}
