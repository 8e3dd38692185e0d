/* Pasting into rich text: bold, italics, lists and links stay as they were copied, everything else is left out.
   The page editor's import map names the modules (content/admin/editing/media.py). */
import { Extension, Link, Plugin } from "django-prose-editor/editor";
import { cleanHtml } from "page-editor/pasted_html";
import { htmlOfText } from "page-editor/pasted_text";

const INVISIBLE = /[\u00ad\u034f\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]/g;

/* Text without marks, as from a plain editor. An event of the document, because pasteHTML() runs the paste handlers. */
function pasteText(view, event) {
  const { clipboardData } = event;
  if (!clipboardData || !view.editable || clipboardData.getData("text/html")) return false;
  const html = htmlOfText(clipboardData.getData("text/plain").replace(INVISIBLE, ""));
  if (!html) return false;
  event.preventDefault();
  view.pasteHTML(html, event);
  return true;
}

export const PastedText = Extension.create({
  name: "pastedText",
  transformPastedHTML: (html) => cleanHtml(html.replace(INVISIBLE, "")),
  addProseMirrorPlugins: () => [new Plugin({ props: { handleDOMEvents: { paste: pasteText } } })],
});

/* Links are made with the button, or by pasting an address over words. The rule that turns addresses within pasted
   text into links would also cut a link whose words hold a domain. */
export const WebLink = Link.extend({
  addPasteRules: () => [],
  // The dialog answers "" where no one has typed a title.
  addAttributes() {
    const { title, ...others } = this.parent();
    return { ...others, title: { ...title, renderHTML: ({ title: words }) => (words ? { title: words } : {}) } };
  },
});
