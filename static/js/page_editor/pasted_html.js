/* HTML that is pasted, from word processors, mail and web pages: read for its paragraphs, lists, links, bold and italic
   words, and written anew with those alone. A heading becomes a bold paragraph, because headings are fields of blocks;
   a row of a table becomes a line.

   The document that is read is governed by this page's Content-Security-Policy: styles and handlers have no effect
   there, and would be reported. Word processors say with style attributes alone what is bold, and wrap everything in
   <b style="font-weight: normal">. So these attributes are renamed before, and read as text. */
import { htmlOf, paragraphsOf } from "page-editor/pasted_blocks";
import { cleanAddress } from "page-editor/pasted_links";

const STYLE = "data-pasted-style";
const STYLE_SHEET = /<style\b[^>]*>[^]*?(<\/style\s*>|$)/gi;
const MARKS = {
  strong: { tags: "b, strong", property: "font-weight", isOn: /^(bold(er)?|[5-9]\d{2,})\b/i },
  em: { tags: "i, em", property: "font-style", isOn: /^(italic|oblique)\b/i },
};
const HEADING = "h1, h2, h3, h4, h5, h6, [role=heading], .MsoTitle, .MsoSubtitle";
const DROPPED = new Set(
  ("audio button canvas del embed head iframe img input link math meta noscript object picture script select style svg " +
    "template textarea title video xml").split(" "),
);
const BLOCKS = new Set(
  ("address article aside blockquote body center dd details div dl dt fieldset figcaption figure footer form h1 h2 h3 h4 " +
    "h5 h6 header hr main nav p pre section summary").split(" "),
);
const WORD_ITEM = /\bl\d+\s+level(\d+)\s+(lfo\d+)/i;
const BULLET = /^\s*[\u2022\u00b7\u25cf\u25cb\u25e6\u25aa\u25a0]\s+(?=\S)/;
const WORD_NUMBER = /^\s*(\d{1,3}|[a-z])[.)]\s{2,}(?=\S)/i;
const COUNTED = /^\(?(\d+|[a-z]{1,5})[.)]/i;

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

function hasMark(text, { tags, property, isOn }) {
  for (let element = text.parentElement; element; element = element.parentElement) {
    const value = declared(element, property);
    if (value) return isOn.test(value);
    if (element.matches(tags)) return true;
  }
  return false;
}

/* What readers of the original did not see, or what is none of its text: numbers of list items, comments. */
function isLeftOut(element) {
  if (DROPPED.has(element.localName) || element.hidden) return true;
  if (element.matches(".MsoCommentReference, .msocomanchor")) return true;
  if (/^ignore/i.test(declared(element, "mso-list")) || /^comment-list/i.test(declared(element, "mso-element"))) return true;
  return /^none/i.test(declared(element, "display")) || /^all/i.test(declared(element, "mso-hide"));
}

/* A paragraph that word processors show as an item of a list. */
function wordItem(element) {
  const found = WORD_ITEM.exec(declared(element, "mso-list"));
  if (found) {
    const marker = [...element.querySelectorAll(`[${STYLE}]`)].find((one) => /^ignore/i.test(declared(one, "mso-list")));
    const counted = COUNTED.exec(marker?.textContent.trim() ?? "");
    const isOrdered = counted !== null || (!marker && /number/i.test(element.className));
    return { level: Number(found[1]), group: found[2], isOrdered, start: Number(counted?.[1]) || 1, paragraphs: [] };
  }
  if (element.localName !== "p" && element.localName !== "div") return null;
  if (element.querySelector("p, div, ul, ol, table")) return null;
  const isList = /\bMsoList/.test(element.className);
  const number = isList ? WORD_NUMBER.exec(element.textContent) : null;
  const marker = BULLET.exec(element.textContent) ?? number;
  if (!marker) return null;
  const start = Number(number?.[1]) || 1;
  return { level: 1, group: "marks", isOrdered: number !== null, start, marker: marker[0].trim(), paragraphs: [] };
}

class PastedDocument {
  constructor() {
    this.blocks = [];
    this.runs = [];
    this.item = null; // The item of a list that is being read.
  }

  flush() {
    const paragraphs = paragraphsOf(this.runs);
    this.runs = [];
    if (this.item) this.item.paragraphs.push(...paragraphs);
    else this.blocks.push(...paragraphs.map((runs) => ({ runs })));
  }

  read(node, level = 0) {
    if (node.nodeType === Node.TEXT_NODE) this.readText(node);
    if (node.nodeType !== Node.ELEMENT_NODE || isLeftOut(node)) return;
    const name = node.localName;
    if (name === "br") this.runs.push({ isBreak: true });
    else if (name === "table") this.readTable(node, level);
    else if (name === "ul" || name === "ol" || name === "menu") this.readList(node, level + 1);
    else if (name === "li") this.readItem(node, level);
    else if (BLOCKS.has(name)) this.readBlock(node, level);
    else this.readChildren(node, level);
  }

  readChildren(node, level) {
    for (const child of node.childNodes) this.read(child, level);
  }

  readText(node) {
    const text = node.data.replace(/[\s\u00a0]+/g, " ");
    const last = this.runs.at(-1);
    const isAtSpace = !last || last.isBreak || last.text.endsWith(" ");
    const shown = isAtSpace ? text.trimStart() : text;
    if (!shown) return;
    const run = { text: shown, href: cleanAddress(node.parentElement.closest("a[href]")?.getAttribute("href")) };
    for (const [name, mark] of Object.entries(MARKS)) run[name] = hasMark(node, mark);
    if (node.parentElement.closest(HEADING)) run.strong = true;
    this.runs.push(run);
  }

  readBlock(node, level) {
    this.flush();
    const item = this.item ? null : wordItem(node);
    if (!item) {
      this.readChildren(node, level);
      this.flush();
      return;
    }
    this.item = item;
    this.blocks.push(item);
    this.readChildren(node, level);
    this.flush();
    this.item = null;
    const first = item.paragraphs[0]?.[0];
    if (item.marker && first?.text) first.text = first.text.slice(item.marker.length).trimStart();
  }

  readList(node, level) {
    this.flush();
    const around = this.item;
    this.item = null;
    this.readChildren(node, level);
    this.flush();
    this.item = around;
  }

  readItem(node, level) {
    this.flush();
    const around = this.item;
    const list = node.parentElement;
    const isOrdered = list.localName === "ol";
    // Word on the web puts each item into a list of its own, and tells its level in an attribute.
    const ownLevel = Number(node.getAttribute("data-aria-level")) || 0;
    const start = Number(list.getAttribute("start")) || 1;
    this.item = { level: ownLevel || level || 1, group: ownLevel ? "web" : list, isOrdered, start, paragraphs: [] };
    this.blocks.push(this.item);
    this.readChildren(node, level);
    this.flush();
    this.item = around;
  }

  /* A row becomes a line. Tables that only lay out a page or mail hold paragraphs and lists, which stay such. */
  readTable(table, level) {
    this.flush();
    if (table.caption) this.readBlock(table.caption, level);
    for (const row of table.rows) {
      const cells = [...row.cells].map((cell) => this.blocksOf(cell, level)).filter((blocks) => blocks.length);
      if (cells.length > 1 && cells.every((blocks) => blocks.length === 1 && blocks[0].runs)) {
        this.runs = cells.flatMap(([{ runs }], index) => (index ? [{ text: " | " }, ...runs] : runs));
        this.flush();
      } else if (this.item) {
        this.item.paragraphs.push(...cells.flat().flatMap((block) => block.paragraphs ?? [block.runs]));
      } else {
        this.blocks.push(...cells.flat());
      }
    }
  }

  blocksOf(cell, level) {
    const inside = new PastedDocument();
    inside.readChildren(cell, level);
    inside.flush();
    return inside.blocks;
  }
}

/* Returns what is pasted as clean HTML. */
export function cleanHtml(html) {
  const plain = html.replace(STYLE_SHEET, "");
  const renamed = plain.replace(/<[a-z][^>]*>/gi, (tag) =>
    tag.replace(/\sstyle\s*=/gi, ` ${STYLE}=`).replace(/\son[a-z]+\s*=/gi, " data-pasted-handler="),
  );
  const { body } = new DOMParser().parseFromString(renamed, "text/html");
  if (body.querySelector("[data-pm-slice]")) return html; // Copied in an editor of ours, which writes no styles.
  const pasted = new PastedDocument();
  pasted.readChildren(body, 0);
  pasted.flush();
  return htmlOf(pasted.blocks);
}
