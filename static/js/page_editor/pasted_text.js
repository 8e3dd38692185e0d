/* Plain text that is pasted: an empty line ends a paragraph, lines that begin with "- ", "• " or "1." are lists.
   Addresses stay text. */
import { htmlOf, paragraphsOf } from "page-editor/pasted_blocks";

const BULLET = /^[-*\u2013\u2022\u00b7\u25cf\u25cb\u25e6\u25aa\u25a0]\s+(?=\S)/;
const NUMBER = /^(\d{1,3})[.)]\s+(?=\S)/;

function lineOf(text) {
  const words = text.trim();
  const indent = text.replaceAll("\t", "    ").search(/\S|$/);
  const marker = BULLET.exec(words) ?? NUMBER.exec(words);
  return { words, indent, marker, number: marker?.[1] ? Number(marker[1]) : 0 };
}

/* Returns HTML; "" for a single line, which stays in the paragraph that it is pasted into. */
export function htmlOfText(text) {
  const lines = text.replace(/\r\n?|[\u2028\u2029]/g, "\n").split("\n").map(lineOf);
  if (lines.filter((line) => line.words).length < 2) return "";
  const blocks = [];
  let indents = []; // Of the lists that are open.
  let isAfterGap = true;
  for (const line of lines) {
    const last = blocks.at(-1);
    if (!line.words) {
      isAfterGap = true;
      continue;
    }
    while (indents.length > 1 && line.indent < indents.at(-1)) indents.pop();
    const isItem = line.marker && (line.number < 2 || isNext(blocks, line, indents));
    if (isItem) {
      if (!indents.length || line.indent > indents.at(-1)) indents.push(line.indent);
      const words = line.words.slice(line.marker[0].length);
      blocks.push({ level: indents.length, isOrdered: line.number > 0, number: line.number, texts: [words] });
    } else if (last?.texts && !isAfterGap && line.indent > indents.at(-1)) {
      last.texts[0] += ` ${line.words}`;
    } else if (last?.lines && !isAfterGap) {
      last.lines.push(line.words);
    } else {
      indents = [];
      blocks.push({ lines: [line.words] });
    }
    isAfterGap = false;
  }
  return htmlOf(blocks.map(blockOf));
}

/* Whether a number goes on with the list that is open, so that "12. Street" is none. */
function isNext(blocks, line, indents) {
  const level = line.indent > (indents.at(-1) ?? -1) ? indents.length + 1 : indents.length;
  for (const block of blocks.toReversed()) {
    if (block.lines || block.level < level) return false;
    if (block.level === level) return block.number === line.number - 1;
  }
  return false;
}

function blockOf({ lines, texts, ...item }) {
  if (texts) return { ...item, group: "", paragraphs: texts.map((text) => [{ text }]) };
  return { runs: paragraphsOf(lines.flatMap((text) => [{ text }, { isBreak: true }]))[0] };
}
