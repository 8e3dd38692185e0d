/* How the preview looks on another device: its style sheets ask for the colour scheme and for paper, and here they get
   another answer than the browser's. By changing the conditions of the sheets themselves, the preview needs no second
   set of styles that could differ from what readers get. */
const ALWAYS = "(min-width: 0px)";
const NEVER = "(max-width: 0px)";
const conditions = new WeakMap(); // What each MediaList says by itself.

function answer(condition, look) {
  const wanted = look === "dark" ? "dark" : "light";
  const text = condition.replace(/\(\s*prefers-color-scheme\s*:\s*(dark|light)\s*\)/g, (_all, scheme) =>
    scheme === wanted ? ALWAYS : NEVER,
  );
  if (look !== "print") return text;
  return text.replace(/\b(print|screen)\b/g, (medium) => (medium === "print" ? "screen" : "print"));
}

function change(media, look) {
  if (!conditions.has(media)) conditions.set(media, media.mediaText);
  const wanted = answer(conditions.get(media), look);
  if (wanted && media.mediaText !== wanted) media.mediaText = wanted;
}

function walk(sheet, look) {
  if (sheet.media?.mediaText) change(sheet.media, look);
  for (const rule of sheet.cssRules) {
    if (rule.styleSheet) walk(rule.styleSheet, look);
    else if (rule.cssRules) walk(rule, look);
  }
}

/* The pictures of a document, which may not be the frame's yet. */
export function dressPictures(doc, look) {
  for (const source of doc.querySelectorAll("source[media]")) {
    source.dataset.media ??= source.media;
    source.media = answer(source.dataset.media, look);
  }
}

export function dress(doc, look) {
  for (const sheet of doc.styleSheets) walk(sheet, look);
  dressPictures(doc, look);
  doc.documentElement.dataset.look = look;
  doc.documentElement.style.colorScheme = look === "dark" ? "dark" : "light";
}
