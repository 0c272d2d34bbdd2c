// What the reader points at shows its value: the words of its mark, beside the pointer or the key.
"use strict";
{
  const note = document.createElement("div");
  note.className = "pointed";
  note.setAttribute("role", "status");
  note.hidden = true;
  document.body.append(note);
  let lit = null;
  const hide = () => {
    if (lit) lit.setAttribute("fill", "none");
    lit = null;
    note.hidden = true;
  };
  const show = (mark, x, y) => {
    if (lit !== mark) {
      hide();
      lit = mark;
      mark.setAttribute("fill", "#1b243014");
      note.textContent = mark.dataset.words;
      note.hidden = false;
    }
    const { width, height } = note.getBoundingClientRect();
    const room = document.documentElement.clientWidth - width - 8;
    note.style.left = `${scrollX + Math.max(8, Math.min(x + 12, room))}px`;
    note.style.top = `${scrollY + (y > height + 24 ? y - height - 12 : y + 18)}px`;
  };
  for (const drawing of document.querySelectorAll(".drawing")) {
    const marks = [...drawing.querySelectorAll("[pointer-events] > rect")];
    for (const mark of marks) {
      const title = mark.querySelector("title");
      mark.dataset.words = title.textContent;
      title.remove();
    }
    const point = (event) => {
      const mark = event.target.closest("[data-words]");
      if (mark) show(mark, event.clientX, event.clientY);
      else hide();
    };
    drawing.addEventListener("pointermove", point);
    drawing.addEventListener("pointerdown", point);
    drawing.addEventListener("pointerleave", (event) => event.pointerType !== "touch" && hide());
    drawing.addEventListener("blur", hide);
    drawing.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      if (event.key === "Escape") hide();
      if (!step || !marks.length) return;
      event.preventDefault();
      const at = marks.indexOf(lit);
      const mark = marks[at < 0 ? (step > 0 ? 0 : marks.length - 1) : (at + step + marks.length) % marks.length];
      const { left, top, width } = mark.getBoundingClientRect();
      show(mark, left + width / 2, Math.max(top, 0) + 60);
    });
  }
}
