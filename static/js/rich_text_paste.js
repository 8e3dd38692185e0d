/* Pasting into rich text: keep bold, italics and links as they were copied.

   The editor parses what is pasted in a document of its own, and this page's Content-Security-Policy governs that
   document, too: style attributes there have no effect. Word processors on the web say with styles alone what is bold,
   and wrap everything in <b style="font-weight: normal">. So styles are read here, as text, and become elements. */
import { Extension, Link } from "django-prose-editor/editor";

const STYLE = "data-pasted-style"; // A style attribute would be reported as a violation when the text is parsed.
const INVISIBLE = /[\u00ad\u034f\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]/g;
const MARKS = [
  { name: "strong", tags: "b, strong", property: "font-weight", isOn: /^(bold(er)?|[5-9]\d{2,})\b/i },
  { name: "em", tags: "i, em", property: "font-style", isOn: /^(italic|oblique)\b/i },
];

/* The value of a property in the element's style attribute; "" where it has none, or inherits it. */
function declared(element, property) {
  let found = "";
  for (const declaration of (element.getAttribute(STYLE) ?? "").split(";")) {
    const colon = declaration.indexOf(":");
    if (colon > 0 && declaration.slice(0, colon).trim().toLowerCase() === property) {
      found = declaration.slice(colon + 1).trim();
    }
  }
  return /^(inherit|unset)\b/i.test(found) ? "" : found;
}

function hasMark(text, mark) {
  for (let element = text.parentElement; element; element = element.parentElement) {
    const value = declared(element, mark.property);
    if (value) return mark.isOn.test(value);
    if (element.matches(mark.tags)) return true;
  }
  return false;
}

function textsIn(body) {
  const walker = document.createTreeWalker(body, NodeFilter.SHOW_TEXT);
  const texts = [];
  while (walker.nextNode()) texts.push(walker.currentNode);
  return texts;
}

function readStyles(html) {
  const renamed = html.replace(/<[a-z][^>]*>/gi, (tag) => tag.replace(/\sstyle\s*=/gi, ` ${STYLE}=`));
  const { body } = new DOMParser().parseFromString(renamed, "text/html");
  if (body.querySelector("[data-pm-slice]")) return html; // Copied in an editor of ours, which writes no styles.
  const marked = textsIn(body).map((text) => [text, MARKS.filter((mark) => hasMark(text, mark))]);
  for (const element of body.querySelectorAll(MARKS.map((mark) => mark.tags).join())) {
    element.replaceWith(...element.childNodes);
  }
  for (const [text, marks] of marked) {
    if (/^\s*\n\s*$/.test(text.data)) continue; // Between paragraphs or items.
    for (const mark of marks) {
      const element = document.createElement(mark.name);
      text.replaceWith(element);
      element.append(text);
    }
  }
  for (const element of body.querySelectorAll(`[${STYLE}]`)) element.removeAttribute(STYLE);
  return body.innerHTML;
}

export const PastedText = Extension.create({
  name: "pastedText",
  transformPastedHTML: (html) => readStyles(html.replace(INVISIBLE, "")),
});

/* Links are made with the button, or by pasting an address over words. The rule that turns addresses within pasted
   text into links would also cut a link whose words hold a domain. */
export const WebLink = Link.extend({
  addPasteRules: () => [],
});
