/* A ring on a picture marks its focal point, and beside it stand the shapes that pages cut it to: in the admin's forms
   of pictures and people, and in the picture chooser. The two numbers are the form's own: without this script they do
   all that it does. */

const LABELS = {
  card: "At the top and on cards",
  gallery: "Beside other pictures",
  round: "Beside their name",
  share: "In shared links",
  tall: "Beside facts, on a tablet",
};
const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const STEP = 5; // Percent. Pages round the focal point to tenths.

function percent(input) {
  const value = Math.round(Number(input.value));
  return Number.isFinite(value) ? Math.min(100, Math.max(0, value)) : 50;
}

function cropsOf(place, source) {
  return place.dataset.shapes.split(" ").map((shape) => {
    const figure = document.createElement("figure");
    const image = document.createElement("img");
    image.className = `focal-point__cut focal-point__cut--${shape}`;
    image.src = source;
    image.alt = "";
    const caption = document.createElement("figcaption");
    caption.textContent = LABELS[shape];
    figure.append(image, caption);
    return figure;
  });
}

/* The ring: a slider for screen readers, which then leave the arrow keys to it. */
function makeRing() {
  const ring = document.createElement("span");
  ring.className = "focal-point__marker";
  ring.tabIndex = 0;
  ring.setAttribute("role", "slider");
  ring.setAttribute("aria-label", "Focal point");
  ring.setAttribute("aria-valuemin", "0");
  ring.setAttribute("aria-valuemax", "100");
  return ring;
}

export function equipFocalPoint(place) {
  const form = place.closest("form");
  const across = form?.querySelector("[name=focal_x]");
  const down = form?.querySelector("[name=focal_y]");
  if (!across || !down || place.querySelector(".focal-point__shapes")) return;
  const frame = place.querySelector(".focal-point__picture");
  const ring = makeRing();
  const shapes = document.createElement("div");
  shapes.className = "focal-point__shapes";
  place.append(shapes);
  let address = "";

  function show() {
    const [x, y] = [percent(across), percent(down)];
    ring.style.left = `${x}%`;
    ring.style.top = `${y}%`;
    ring.setAttribute("aria-valuenow", String(x));
    ring.setAttribute("aria-valuetext", `${x}% from the left, ${y}% from the top`);
    for (const image of shapes.querySelectorAll("img")) image.style.objectPosition = `${x}% ${y}%`;
  }

  function set(x, y) {
    for (const [input, value] of [[across, x], [down, y]]) {
      input.value = String(Math.min(100, Math.max(0, Math.round(value))));
      input.dispatchEvent(new Event("input", { bubbles: true }));
    }
  }

  function cut(source) {
    shapes.replaceChildren(...cropsOf(place, source));
    frame.append(ring);
    show();
  }

  frame.addEventListener("click", (event) => {
    const box = frame.querySelector("img")?.getBoundingClientRect();
    if (!box) return;
    set((100 * (event.clientX - box.left)) / box.width, (100 * (event.clientY - box.top)) / box.height);
    ring.focus({ preventScroll: true });
  });
  ring.addEventListener("keydown", (event) => {
    const step = STEPS[event.key];
    if (!step || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const by = event.shiftKey ? 1 : STEP;
    set(percent(across) + step[0] * by, percent(down) + step[1] * by);
  });
  for (const input of [across, down]) input.addEventListener("input", show);

  // A picture that was just chosen is shown before it is saved.
  form.querySelector("#id_image, #id_photo")?.addEventListener("change", (event) => {
    const [file] = event.target.files;
    if (!file || !file.type.startsWith("image/")) return;
    if (address) URL.revokeObjectURL(address);
    address = URL.createObjectURL(file);
    let picture = frame.querySelector("img");
    if (!picture) {
      picture = document.createElement("img");
      frame.replaceChildren(picture);
    }
    picture.removeAttribute("width");
    picture.removeAttribute("height");
    picture.alt = "The picture you chose";
    picture.src = address;
    cut(address);
  });

  const stored = frame.querySelector("img");
  if (stored) cut(stored.src);
}

for (const place of document.querySelectorAll(".focal-point")) equipFocalPoint(place);
