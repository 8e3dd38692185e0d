/* Fields that choose a picture: the list of titles becomes a thumbnail, a title and buttons. The list stays the form's
   own input, out of sight: other scripts may set it and dispatch "change". */
import { changed } from "page-editor/form";
import { choosePicture } from "page-editor/picture_dialog";
import { askAbout, watcher } from "page-editor/picture_states";

const known = new Map(); // By id: what the server said of the picture.
const asked = new Set(); // Ids that the server was asked about, and has said nothing of.
const fields = new Set();
let watch = () => {};

function make(tag, name, text = "") {
  const element = document.createElement(tag);
  element.className = `picture-field__${name}`;
  element.textContent = text;
  if (tag === "button") element.type = "button";
  return element;
}

function titleOf(select) {
  return select.selectedOptions[0]?.textContent ?? "";
}

class PictureField {
  constructor(place) {
    this.place = place;
    this.select = place.querySelector("select");
    this.shown = make("span", "shown");
    this.thumbnail = make("img", "thumbnail");
    this.thumbnail.alt = "";
    this.title = make("span", "title");
    this.title.id = `${this.select.id}-title`;
    this.state = make("span", "state");
    this.state.setAttribute("aria-live", "polite");
    this.change = make("button", "change");
    this.change.id = `${this.select.id}-change`;
    this.remove = make("button", "remove", "Remove");
    this.remove.id = `${this.select.id}-remove`;
    this.note = make("span", "note");
    this.note.setAttribute("aria-live", "polite");
    this.shown.append(this.thumbnail, this.title, this.state);
    place.prepend(this.shown, this.change, this.remove);
    place.append(this.note);
    this.hideSelect();
    this.change.addEventListener("click", () => this.choose());
    this.remove.addEventListener("click", () => {
      this.set("");
      this.change.focus();
    });
    this.select.addEventListener("change", () => this.show());
    fields.add(this);
    this.show();
  }

  hideSelect() {
    const label = document.querySelector(`label[for="${CSS.escape(this.select.id)}"]`);
    const names = [this.title.id];
    if (label) {
      label.id ||= `${this.select.id}-label`;
      label.htmlFor = this.change.id;
      names.unshift(label.id);
    }
    for (const button of [this.change, this.remove]) {
      button.setAttribute("aria-labelledby", [button.id, ...names].join(" "));
    }
    const described = this.select.getAttribute("aria-describedby");
    if (described) this.change.setAttribute("aria-describedby", described);
    this.select.classList.add("visually-hidden");
    this.select.tabIndex = -1;
    this.select.setAttribute("aria-hidden", "true");
    // Whoever moves the focus to the input, such as to the first error, means its button.
    this.select.addEventListener("focus", () => this.change.focus());
    this.place.querySelector(".picture-field__plain").hidden = true;
  }

  show() {
    const { value } = this.select;
    const picture = known.get(value);
    this.shown.hidden = !value;
    this.remove.hidden = !value;
    this.change.textContent = value ? "Change" : "Choose a picture";
    this.title.textContent = value ? (picture?.title ?? titleOf(this.select)) : "";
    this.state.textContent = (value && picture?.state_words) || "";
    this.thumbnail.hidden = !picture?.thumbnail;
    if (picture?.thumbnail && this.thumbnail.getAttribute("src") !== picture.thumbnail) {
      this.thumbnail.src = picture.thumbnail;
    }
    if (value && !picture) learn(this.place.dataset.states, [value]);
  }

  set(value) {
    this.note.textContent = "";
    this.select.value = value;
    this.select.dispatchEvent(new Event("change", { bubbles: true }));
    changed();
  }

  async choose() {
    const chosen = await choosePicture(this.place.dataset.chooser, this.select.value);
    if (!chosen) return;
    const { id, title } = chosen;
    const before = known.get(this.select.value);
    known.delete(id); // Its words may have been changed in the chooser.
    asked.delete(id);
    await learn(this.place.dataset.states, [id]);
    if (![...this.select.options].some((option) => option.value === id)) this.select.add(new Option(title, id));
    this.set(id);
    const picture = known.get(id);
    if (picture) this.fillWords(picture, before);
    this.change.focus();
  }

  /* The place's own description: the picture's, unless someone wrote one here. */
  fillWords(picture, before) {
    const input = (name) => this.select.form?.elements[this.select.name.replace(/picture$/, name)];
    const [alt, decoration] = [input("alt"), input("is_decorative")];
    if (!alt) return;
    const isEmpty = !alt.value.trim() && !decoration?.checked;
    const isFromBefore = before && alt.value === before.alt && Boolean(decoration?.checked) === before.is_decorative;
    if (!isEmpty && !isFromBefore) {
      this.note.textContent = "Check that what's written below still fits this picture.";
      return;
    }
    alt.value = picture.alt;
    if (decoration) decoration.checked = picture.is_decorative;
    alt.dispatchEvent(new Event("input", { bubbles: true }));
    decoration?.dispatchEvent(new Event("change", { bubbles: true }));
    if (decoration && !picture.alt && !picture.is_decorative) {
      this.note.textContent = "Describe the picture below, or tick that it's only decoration.";
    }
  }
}

function tell(pictures) {
  for (const picture of pictures) known.set(String(picture.id), picture);
  for (const field of fields) if (known.has(field.select.value)) field.show();
}

async function learn(address, ids) {
  const open = ids.filter((id) => !asked.has(id));
  if (!open.length) return;
  for (const id of open) asked.add(id);
  try {
    tell(await askAbout(address, open));
  } catch {
    // The titles stand there without their pictures.
  }
  for (const id of open) if (known.has(id)) asked.delete(id);
  watch();
}

function waiting() {
  const inUse = [...fields].filter((field) => field.place.isConnected).map((field) => field.select.value);
  return inUse.filter((id) => known.get(id)?.state === "waiting");
}

function equip(root) {
  for (const place of root.querySelectorAll(".picture-field")) {
    if (place.closest(".empty-form") || place.querySelector(".picture-field__change")) continue;
    new PictureField(place);
  }
}

export function equipPictureFields() {
  const places = [...document.querySelectorAll(".picture-field")];
  if (!places.length) return;
  const { states } = places[0].dataset;
  watch = watcher(states, waiting, tell);
  const ids = places.map((place) => place.querySelector("select").value).filter(Boolean);
  learn(states, [...new Set(ids)]);
  equip(document);
  document.addEventListener("formset:added", (event) => equip(event.target));
}
