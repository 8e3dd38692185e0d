// "/" moves to the search for a page, unless someone is typing or has switched the desk's keys off.
(() => {
  const find = document.querySelector(".office-find");
  if (!find || find.dataset.keys === "off") return;
  const input = find.querySelector("input");
  document.addEventListener("keydown", (event) => {
    const isPlain = event.key === "/" && !event.ctrlKey && !event.metaKey && !event.altKey && !event.isComposing;
    const isTyping = event.target.closest("input, textarea, select, dialog, [contenteditable], [role=textbox]");
    if (!isPlain || isTyping || event.defaultPrevented) return;
    event.preventDefault();
    input.focus();
    input.select();
  });
})();
