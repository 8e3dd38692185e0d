/* What the checks say of a block, beside the block. */
import { blockOf, byId, heading } from "page-editor/form";

export function showFindings(findings) {
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
    item.textContent = finding.message;
    if (finding.quote) {
      const quote = document.createElement("q");
      quote.textContent = finding.quote;
      item.append(" ", quote);
    }
    list.append(item);
  }
}

export function showStoredFindings() {
  showFindings(JSON.parse(byId("page-findings")?.textContent ?? "[]"));
}
