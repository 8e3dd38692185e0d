/* Questions of the page editor, in <dialog> elements. */

/* Ask, and return the value of the button that was pressed; "" for Escape. An action with an address is a link that
   opens in a new tab and leaves the dialog open. */
export function ask({ title, text, actions }) {
  document.querySelector(".editor-dialog")?.remove();
  const dialog = document.createElement("dialog");
  dialog.className = "editor-dialog";
  const heading = document.createElement("h2");
  heading.className = "editor-dialog__title";
  heading.id = "editor-dialog-title";
  heading.textContent = title;
  dialog.setAttribute("aria-labelledby", heading.id);
  const buttons = document.createElement("div");
  buttons.className = "editor-dialog__actions";
  dialog.append(heading);
  for (const sentence of [text].flat()) {
    const paragraph = document.createElement("p");
    paragraph.textContent = sentence;
    dialog.append(paragraph);
  }
  dialog.append(buttons);
  return new Promise((resolve) => {
    for (const { label, value, address, isMain } of actions) {
      const action = document.createElement(address ? "a" : "button");
      action.className = isMain ? "button default" : "button editor-button";
      action.textContent = label;
      if (address) {
        action.href = address;
        action.target = "_blank";
        action.rel = "noopener";
      } else {
        action.type = "button";
        action.addEventListener("click", () => dialog.close(value));
      }
      buttons.append(action);
    }
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue);
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}

export function closeDialog() {
  document.querySelector(".editor-dialog")?.close("");
}
