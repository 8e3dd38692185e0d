/* The picture chooser in a dialog: it shows the parts of the page at /admin/content/picture/choose/, and asks for
   them again at each search, filter, upload and choice. Without scripts that page does the same by itself. */
import { equipFocalPoint } from "focal-point";
import { watcher } from "page-editor/picture_states";

const PARTS = ["search", "filters", "upload", "list", "details"];
const PAUSE = 300; // Milliseconds after the last key of a search.
const HEIC_BRAND = /^(hei[cmsx]|hev[cx]|m[is]f1)$/;
const WORDS = {
  failed: "That didn't work. Check your connection, then try again.",
  forbidden: "Your role can't do that. Ask the person who manages logins.",
  loggedOut: "You've been logged out. Log in again in another tab, then come back and try again.",
};

function make(tag, name, text = "") {
  const element = document.createElement(tag);
  element.className = name;
  element.textContent = text;
  if (tag === "button") element.type = "button";
  return element;
}

function valuesOf(form) {
  const data = new FormData(form);
  data.delete("csrfmiddlewaretoken");
  return new URLSearchParams(data).toString();
}

/* Opens the chooser. Returns a promise of the chosen picture, { id, title }; null if none was chosen. */
export function choosePicture(address, chosen) {
  return new Promise((resolve) => new PictureDialog(address, resolve).open(chosen));
}

class PictureDialog {
  constructor(address, resolve) {
    this.address = address;
    this.resolve = resolve;
    this.chosen = null;
    this.turn = 0;
    this.dialog = make("dialog", "picture-dialog");
    this.title = make("h2", "picture-dialog__title", "Choose a picture");
    this.title.id = "picture-dialog-title";
    this.dialog.setAttribute("aria-labelledby", this.title.id);
    this.close = make("button", "picture-dialog__close");
    this.close.setAttribute("aria-label", "Close");
    this.status = make("p", "visually-hidden");
    this.status.setAttribute("role", "status");
    this.problem = make("p", "picture-dialog__problem");
    this.problem.setAttribute("role", "alert");
    this.body = make("div", "picture-dialog__body", "Loading…");
    const head = make("div", "picture-chooser__head");
    head.append(this.title, this.close);
    this.body.prepend(head);
    this.dialog.append(this.status, this.problem, this.body);
    this.listen();
  }

  part(name) {
    return this.body.querySelector(`.picture-chooser__${name}`);
  }

  get details() {
    return this.body.querySelector(".picture-chooser__form");
  }

  get isChanged() {
    return Boolean(this.details) && valuesOf(this.details) !== this.stored;
  }

  open(chosen) {
    document.body.append(this.dialog);
    this.dialog.showModal();
    const url = new URL(this.address, location.href);
    if (chosen) url.searchParams.set("picture", chosen);
    this.load(url, {}, PARTS).then(() => {
      (this.body.querySelector(".picture-card__radio:checked") ?? this.body.querySelector("[name=q]"))?.focus();
    });
  }

  listen() {
    const { dialog } = this;
    this.close.addEventListener("click", () => this.leave());
    dialog.addEventListener("cancel", (event) => {
      event.preventDefault();
      this.leave();
    });
    dialog.addEventListener("close", () => {
      this.turn += 1;
      dialog.remove();
      this.resolve(this.chosen);
    });
    dialog.addEventListener("submit", (event) => {
      event.preventDefault();
      const form = event.target;
      if (form.matches(".picture-chooser__search")) this.search();
      else if (form.matches(".picture-chooser__form")) this.save({ focus: ".picture-chooser__save" });
    });
    dialog.addEventListener("input", (event) => {
      if (event.target.name !== "q") return;
      clearTimeout(this.typing);
      this.typing = setTimeout(() => this.search(), PAUSE);
    });
    dialog.addEventListener("change", (event) => {
      const input = event.target;
      if (input.matches(".picture-card__radio")) this.select(input.value);
      else if (input.type === "file" && input.files.length) this.upload(input.files[0]);
    });
    dialog.addEventListener("click", (event) => this.click(event));
    // A file that misses the drop zone must not replace the editor's page.
    for (const name of ["dragover", "dragleave", "drop"]) dialog.addEventListener(name, (event) => this.drag(event));
  }

  click(event) {
    const link = event.target.closest("a[href]:not([target])");
    if (event.target.closest(".picture-chooser__use")) this.use();
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const url = new URL(link.href);
    const isFilter = Boolean(link.closest(".picture-chooser__filters"));
    const words = this.body.querySelector("[name=q]").value.trim();
    if (isFilter && words) url.searchParams.set("q", words);
    this.load(url, {}, ["search", "filters", "list"]).then(() => {
      const next = isFilter ? ".picture-chooser__filters [aria-current]" : ".picture-card__radio";
      this.body.querySelector(next)?.focus();
      this.tellCount();
    });
  }

  drag(event) {
    event.preventDefault();
    const zone = this.part("upload");
    const isOver = event.type === "dragover" && event.target.closest(".picture-chooser__main");
    zone?.classList.toggle("picture-chooser__upload--over", Boolean(isOver));
    if (event.type === "drop" && zone && event.dataTransfer.files.length) this.upload(event.dataTransfer.files[0]);
  }

  async search() {
    clearTimeout(this.typing);
    const url = new URL(this.address, location.href);
    for (const [name, value] of new FormData(this.part("search"))) if (value.trim()) url.searchParams.set(name, value);
    const picture = this.details?.dataset.picture;
    if (picture) url.searchParams.set("picture", picture);
    if (await this.load(url, {}, ["filters", "list"])) this.tellCount();
  }

  /* Shows another picture. What was written about the one before is stored first. */
  async select(id) {
    const before = this.details?.dataset.picture;
    if (this.isChanged && !(await this.save({ isQuiet: true }))) {
      const radio = this.body.querySelector(`.picture-card__radio[value="${CSS.escape(before)}"]`);
      if (radio) radio.checked = true;
      return;
    }
    const url = new URL(this.address, location.href);
    url.search = new URLSearchParams(new FormData(this.part("list"))).toString();
    url.searchParams.set("picture", id);
    if (await this.load(url, {}, ["details"])) {
      this.status.textContent = `${this.part("details").querySelector("h2").textContent} is shown.`;
    }
  }

  async upload(file) {
    const form = this.part("upload");
    const place = this.part("upload-problem");
    const refused = await this.refusal(file, form);
    place.replaceChildren(...(refused ? [make("p", "errornote", refused)] : []));
    form.querySelector("[type=file]").value = "";
    if (refused || this.isUploading) return;
    const body = new FormData(form);
    body.set("image", file);
    this.isUploading = true;
    this.status.textContent = "Uploading…";
    form.classList.add("picture-chooser__upload--busy");
    const response = await this.load(form.action, { method: "POST", body }, PARTS, ["upload"]);
    this.isUploading = false;
    this.part("upload")?.classList.remove("picture-chooser__upload--busy");
    if (!response?.ok) return;
    (this.details?.querySelector("[name=alt]") ?? this.part("details").querySelector("h2")).focus();
    this.status.textContent = this.part("done")?.textContent ?? "";
  }

  /* The reason why the server would refuse a file, if that can be told without sending it. */
  async refusal(file, form) {
    const head = new TextDecoder("latin1").decode(await file.slice(0, 12).arrayBuffer());
    if (head.slice(4, 8) === "ftyp" && HEIC_BRAND.test(head.slice(8))) return form.dataset.heic;
    return file.size > Number(form.dataset.largest) ? form.dataset.tooLarge : "";
  }

  /* Stores the details. Returns whether that was possible; if not, the form says why. */
  async save({ focus = "", isQuiet = false } = {}) {
    const form = this.details;
    if (!form?.querySelector(".picture-chooser__save")) return true;
    const parts = isQuiet ? [] : ["filters", "list", "details"];
    const response = await this.load(form.action, { method: "POST", body: new FormData(form) }, parts, ["details"]);
    if (response?.ok) {
      this.status.textContent = "Saved.";
      if (focus) this.body.querySelector(focus)?.focus();
    } else if (response) {
      this.details.querySelector("[aria-invalid=true]")?.focus();
    }
    return Boolean(response?.ok);
  }

  async use() {
    const id = this.details.dataset.picture;
    const title = this.details.elements.title?.value ?? this.part("details").querySelector("h2").textContent;
    if (this.isChanged && !(await this.save({ isQuiet: true }))) return;
    this.chosen = { id, title };
    this.dialog.close();
  }

  leave() {
    if (this.isChanged && !confirm("Close without saving what you wrote about this picture?")) return;
    this.dialog.close();
  }

  tellCount() {
    this.status.textContent = (this.part("list").querySelector("legend, .picture-chooser__none")?.textContent ?? "").trim();
  }

  /* Loads a page of the chooser and shows these parts of it; of a page that refused a form, those of ``refused``.
     Returns the response; null if it was not a page of the chooser, or another one was asked for meanwhile. */
  async load(url, options, parts, refused = []) {
    this.turn += 1;
    const { turn } = this;
    this.dialog.setAttribute("aria-busy", "true");
    let response = null;
    let page = null;
    try {
      response = await fetch(url, options);
      page = new DOMParser().parseFromString(await response.text(), "text/html").querySelector(".picture-chooser");
    } catch {
      // Told below.
    }
    if (turn !== this.turn) return null;
    this.dialog.setAttribute("aria-busy", "false");
    this.problem.textContent = page ? "" : this.reason(response);
    if (!page) return null;
    this.show(page, response.ok ? parts : refused, response.ok);
    return response;
  }

  reason(response) {
    if (response?.status === 413) return this.part("upload")?.dataset.tooLarge ?? WORDS.failed;
    if (response?.redirected) return WORDS.loggedOut;
    return response?.status === 403 ? WORDS.forbidden : WORDS.failed;
  }

  show(page, parts, isStored) {
    if (!this.part("list")) {
      this.body.replaceChildren(document.adoptNode(page));
      const head = this.part("head");
      head.prepend(this.title);
      head.append(this.close);
      const { states } = page.dataset;
      this.watch = watcher(states, () => this.waiting(), (pictures) => pictures.forEach((one) => this.tell(one)));
    } else {
      for (const name of parts) {
        const next = page.querySelector(`.picture-chooser__${name}`);
        if (next) this.part(name)?.replaceWith(document.adoptNode(next));
      }
    }
    if (parts.includes("details")) this.equipDetails(isStored);
    this.watch();
  }

  equipDetails(isStored) {
    const place = this.details?.querySelector(".focal-point");
    if (place) equipFocalPoint(place);
    const use = this.body.querySelector(".picture-chooser__use");
    if (use) use.hidden = false;
    this.stored = isStored && this.details ? valuesOf(this.details) : "";
  }

  waiting() {
    if (!this.dialog.open) return [];
    const waiting = this.body.querySelectorAll("[data-picture][data-state=waiting]");
    return [...waiting].map((one) => one.dataset.picture);
  }

  tell(picture) {
    for (const place of this.body.querySelectorAll(`[data-state][data-picture="${picture.id}"]`)) {
      place.dataset.state = picture.state;
      place.textContent = picture.state_words;
      const image = place.closest(".picture-card")?.querySelector("img");
      if (image && picture.thumbnail) image.src = picture.thumbnail;
    }
  }
}
