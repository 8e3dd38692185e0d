/* For the admin's forms of pictures and people alone: a click on the picture sets its focal point, and beside it
   stand the shapes that pages cut it to. The two numbers are the form's own: a keyboard sets them
   there, and without this script they do all that it does. */
"use strict";
(() => {
  const SHAPES = [["card", "On cards and beside headings"], ["square", "In shared links"]];

  function begin() {
    const place = document.querySelector(".focal-point");
    const across = document.getElementById("id_focal_x");
    const down = document.getElementById("id_focal_y");
    if (!place || !across || !down) return;
    const frame = place.querySelector(".focal-point__picture");
    const marker = document.createElement("span");
    marker.className = "focal-point__marker";
    const shapes = document.createElement("div");
    shapes.className = "focal-point__shapes";
    place.append(shapes);
    let address = "";

    function percent(input) {
      const value = Math.round(Number(input.value));
      return Number.isFinite(value) ? Math.min(100, Math.max(0, value)) : 50;
    }

    function show() {
      const [x, y] = [percent(across), percent(down)];
      marker.style.left = `${x}%`;
      marker.style.top = `${y}%`;
      for (const image of shapes.querySelectorAll("img")) image.style.objectPosition = `${x}% ${y}%`;
    }

    function cut(source) {
      shapes.replaceChildren(
        ...SHAPES.map(([shape, label]) => {
          const figure = document.createElement("figure");
          const image = document.createElement("img");
          image.className = `focal-point__cut focal-point__cut--${shape}`;
          image.src = source;
          image.alt = "";
          const caption = document.createElement("figcaption");
          caption.textContent = label;
          figure.append(image, caption);
          return figure;
        }),
      );
      frame.append(marker);
      show();
    }

    function set(event, picture) {
      const box = picture.getBoundingClientRect();
      across.value = String(Math.round((100 * (event.clientX - box.left)) / box.width));
      down.value = String(Math.round((100 * (event.clientY - box.top)) / box.height));
      show();
    }

    frame.addEventListener("click", (event) => {
      const picture = frame.querySelector("img");
      if (picture) set(event, picture);
    });
    for (const input of [across, down]) input.addEventListener("input", show);

    // A picture that was just chosen is shown before it is saved.
    document.querySelector("#id_image, #id_photo")?.addEventListener("change", (event) => {
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

  document.addEventListener("DOMContentLoaded", begin);
})();
