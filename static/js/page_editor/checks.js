/* What the checks say: of a block beside it, and of the whole page in the list of the bar. */
import { announce, blockOf, byId, heading, openBlock } from "page-editor/form";

const inWords = (count) => (count ? `${count} thing${count === 1 ? "" : "s"} to check` : "Nothing to check");

function withQuote(node, finding) {
  node.textContent = finding.message;
  if (finding.quote) {
    const quote = document.createElement("q");
    quote.textContent = finding.quote;
    node.append(" ", quote);
  }
  return node;
}

function showAtBlocks(findings) {
  for (const list of document.querySelectorAll(".order-machine .block-findings")) list.remove();
  for (const finding of findings) {
    const block = blockOf(finding.block);
    if (!block) continue;
    let list = block.querySelector(":scope > .block-findings");
    if (!list) {
      list = document.createElement("ul");
      list.className = "block-findings";
      heading(block).after(list);
    }
    const item = document.createElement("li");
    item.className = finding.blocks ? "block-findings__must" : "block-findings__should";
    list.append(withQuote(item, finding));
  }
}

function thing(finding) {
  const item = document.createElement("li");
  item.className = `things__one${finding.blocks ? " things__one--must" : ""}`;
  const where = document.createElement(finding.block ? "a" : "span");
  where.className = "things__where";
  where.textContent = finding.label;
  if (finding.block) {
    where.href = `?block=${finding.block}`;
    where.dataset.block = finding.block;
  }
  const what = document.createElement("span");
  what.className = "things__what";
  item.append(where, " ", withQuote(what, finding));
  return item;
}

function showInList(findings) {
  const things = document.querySelector(".things");
  if (!things) return;
  const count = things.querySelector(".things__count");
  const words = inWords(findings.length);
  if (count.textContent !== words) announce(words);
  count.textContent = words;
  const none = document.createElement("li");
  none.className = "things__none";
  none.textContent = "The checks found no problems.";
  things.querySelector(".things__list").replaceChildren(...(findings.length ? findings.map(thing) : [none]));
}

export function showFindings(findings) {
  showAtBlocks(findings);
  showInList(findings);
}

export function beginChecks() {
  showAtBlocks(JSON.parse(byId("page-findings")?.textContent ?? "[]"));
  const things = document.querySelector(".things");
  things?.addEventListener("click", (event) => {
    const block = blockOf(event.target.closest("a")?.dataset.block);
    if (!block) return;
    event.preventDefault();
    things.open = false;
    openBlock(block);
  });
}
