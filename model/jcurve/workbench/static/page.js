// Elements and words: the few helpers that everything else is made with.

let jcCount = 0;

/** A fresh id for a label or a description; several panels may share one page. */
function freshId(stem) {
  jcCount += 1;
  return `jc-${stem}-${jcCount}`;
}

/** An element with properties and children. `on` holds listeners, `data` data attributes. */
function h(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "on") {
      for (const [event, listener] of Object.entries(value)) made.addEventListener(event, listener);
    } else if (name === "data") {
      Object.assign(made.dataset, value);
    } else if (name in made && !name.startsWith("aria") && name !== "list" && name !== "role") {
      made[name] = value;
    } else {
      made.setAttribute(name, value === true ? "" : value);
    }
  }
  made.append(...children.flat(Infinity).filter((child) => child !== undefined && child !== null));
  return made;
}

/** An element of a drawing. */
function svg(tag, attributes = {}, text = "") {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  if (text) made.textContent = text;
  return made;
}

/** Replace an element's children. */
function fill(element, ...children) {
  element.replaceChildren(...children.flat(Infinity).filter((child) => child !== undefined && child !== null));
}

/** A button that does something at once. */
function press(text, click, more = {}) {
  return h("button", { type: "button", className: "jc-button", textContent: text, ...more, on: { click } });
}

/** Text of an element, written only where it differs: writing costs a layout. */
function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Show or hide, for the eye and for a screen reader alike. */
function show(element, visible) {
  element.hidden = !visible;
}

/** Names of a button that toggles something below it. */
function toggle(label, region, open = false) {
  const button = h("button", { type: "button", className: "jc-link", textContent: label });
  button.setAttribute("aria-expanded", String(open));
  button.setAttribute("aria-controls", region.id);
  show(region, open);
  button.addEventListener("click", () => {
    const now = region.hidden;
    show(region, now);
    button.setAttribute("aria-expanded", String(now));
  });
  return button;
}

/** "12 assumptions", "1 assumption". */
function counted(number, noun) {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

/** What a field holds with the unit beside it, as reports write it: 9.5% a year, $205bn. */
function united(text, unit) {
  const money = /^USD( bn| m)?( per .*)?$/.exec(unit);
  if (money && /^[\d.]+$/.test(text)) {
    const [whole, ...rest] = text.split(".");
    const grouped = [whole.replace(/\B(?=(\d{3})+$)/g, ","), ...rest].join(".");
    return `$${grouped}${(money[1] || "").trim()}${money[2] || ""}`;
  }
  return `${text}${unit.startsWith("%") ? "" : " "}${unit}`.trim();
}

/** Digits of a slider's step, so that 9.3 is never 9.300000000000001. */
function decimalsOf(step) {
  const text = String(step);
  if (text.includes("e-")) return Number(text.split("e-")[1]);
  return text.includes(".") ? text.split(".")[1].length : 0;
}

/** The quarter with an index from 2012Q1, as the model counts them. */
function quarterLabel(index) {
  return `${2012 + Math.floor(index / 4)}Q${(index % 4) + 1}`;
}

/** Hand a file to the browser: opened when it is a page, else saved. */
function handOver(file, bytes) {
  const url = URL.createObjectURL(new Blob([bytes], { type: file.type }));
  const link = h("a", { href: url });
  if (file.type === "text/html") {
    link.target = "_blank";
    link.rel = "noopener";
  } else {
    link.download = file.name;
  }
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60000);
}
