/* For the admin's page editor alone.
   The editors put <style> elements into the page, which our Content-Security-Policy refuses.
   A style sheet that a script constructs is not inline style: so adopt the rules as one, and
   never insert the element. */
"use strict";
(() => {
  const adopted = new Set();

  function adopt(node) {
    if (!(node instanceof HTMLStyleElement)) return false;
    const rules = node.textContent;
    if (!adopted.has(rules)) {
      adopted.add(rules);
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(rules);
      document.adoptedStyleSheets.push(sheet);
    }
    return true;
  }

  const head = document.head;
  const append = head.append.bind(head);
  const appendChild = head.appendChild.bind(head);
  head.append = (...nodes) => append(...nodes.filter((node) => !adopt(node)));
  head.appendChild = (node) => (adopt(node) ? node : appendChild(node));
})();
