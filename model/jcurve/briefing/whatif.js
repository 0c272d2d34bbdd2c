// Dials look up what the model has computed; nothing is calculated here.
"use strict";
for (const panel of document.querySelectorAll(".whatif")) {
  const dials = [...panel.querySelectorAll("input")].map((input) => ({
    input,
    home: input.dataset.home,
    values: JSON.parse(input.dataset.values),
    at: input.parentElement.querySelector(".at"),
  }));
  const outputs = [...panel.querySelectorAll("[data-cells]")].map((place) => ({
    place,
    cells: JSON.parse(place.dataset.cells),
  }));
  const show = () => {
    let index = 0;
    for (const { input, values, at } of dials) {
      const chosen = Number(input.value);
      index = index * values.length + chosen;
      at.textContent = values[chosen];
      input.setAttribute("aria-valuetext", values[chosen]);
    }
    for (const { place, cells } of outputs) place.textContent = cells[index];
  };
  for (const { input } of dials) input.addEventListener("input", show);
  panel.querySelector("button").addEventListener("click", () => {
    for (const { input, home } of dials) input.value = home;
    show();
  });
  show();
  panel.hidden = false;
}
