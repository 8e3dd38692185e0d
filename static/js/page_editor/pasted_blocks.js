/* What was pasted, between reading and writing it: a list of paragraphs ({ runs }) and items of lists ({ level,
   isOrdered, group, start, paragraphs }), in their order. A run is a piece of text with its marks, or a line break. */

const blank = document.implementation.createHTMLDocument("");

/* Paragraphs of runs: two line breaks in a row end one. */
export function paragraphsOf(runs) {
  const paragraphs = [[]];
  for (const [index, run] of runs.entries()) {
    if (run.isBreak && runs[index - 1]?.isBreak) paragraphs.push([]);
    else paragraphs.at(-1).push(run);
  }
  return paragraphs.map(trimmed).filter((paragraph) => paragraph.length);
}

/* Without spaces and line breaks at its ends; pieces with the same marks become one. */
function trimmed(runs) {
  const joined = [];
  for (const run of runs) {
    const last = joined.at(-1);
    const isSame = last && !run.isBreak && !last.isBreak;
    if (isSame && last.strong === run.strong && last.em === run.em && last.href === run.href) last.text += run.text;
    else joined.push({ ...run });
  }
  const isEmpty = (run) => run.isBreak || !run.text.trim();
  while (joined.length && isEmpty(joined[0])) joined.shift();
  while (joined.length && isEmpty(joined.at(-1))) joined.pop();
  for (const [index, run] of joined.entries()) {
    if (run.isBreak) continue;
    if (index === 0 || joined[index - 1].isBreak) run.text = run.text.trimStart();
    if (index === joined.length - 1 || joined[index + 1].isBreak) run.text = run.text.trimEnd();
  }
  return joined;
}

function elementOf(run) {
  if (run.isBreak) return blank.createElement("br");
  let node = blank.createTextNode(run.text);
  for (const name of ["em", "strong"]) {
    if (!run[name]) continue;
    const mark = blank.createElement(name);
    mark.append(node);
    node = mark;
  }
  if (!run.href) return node;
  const link = blank.createElement("a");
  link.setAttribute("href", run.href);
  link.append(node);
  return link;
}

function paragraph(runs) {
  const element = blank.createElement("p");
  element.append(...runs.map(elementOf));
  return element;
}

/* Puts an item into the list that is open at its level, or into a new one. ``open`` are the lists around it. */
function place(item, open, root) {
  while (open.length && open.at(-1).level > item.level) open.pop();
  const last = open.at(-1);
  const isOther = last && (last.isOrdered !== item.isOrdered || last.group !== item.group);
  if (last?.level === item.level && isOther) open.pop();
  if (open.at(-1)?.level !== item.level) {
    const list = blank.createElement(item.isOrdered ? "ol" : "ul");
    if (item.isOrdered && item.start > 1) list.setAttribute("start", String(item.start));
    (open.at(-1)?.list.lastElementChild ?? root).append(list);
    open.push({ level: item.level, isOrdered: item.isOrdered, group: item.group, list });
  }
  const element = blank.createElement("li");
  element.append(...item.paragraphs.map(paragraph));
  open.at(-1).list.append(element);
}

export function htmlOf(blocks) {
  const root = blank.createElement("div");
  let open = [];
  for (const block of blocks) {
    if (block.runs) {
      open = [];
      root.append(paragraph(block.runs));
    } else if (block.paragraphs.length) {
      place(block, open, root);
    }
  }
  return root.innerHTML;
}
