// Cases side by side: results and the inputs in which they differ, as a table that can be taken away.

class Compare extends Follower {
  constructor(tools) {
    super(tools);
    this.chosen = new Set(["scenario:base"]);
    this.boxes = h("div", { className: "jc-chips", role: "group", "aria-label": "Cases to compare" });
    const name = h("input", { type: "text", className: "jc-text", id: freshId("pin"), placeholder: "Name of this case" });
    const said = h("p", { className: "jc-refusal", role: "alert", hidden: true });
    const pin = async () => {
      const wanted = name.value.trim();
      const reply = await this.link.ask({ do: "pin", name: wanted });
      show(said, !reply.ok);
      if (!reply.ok) { said.textContent = `${reply.error.what}.`; return; }
      this.chosen.add(`pin:${wanted.split(/\s+/).join(" ")}`);
      name.value = "";
    };
    this.element = h("div", {},
      h("form", { className: "jc-form", on: { submit: (event) => { event.preventDefault(); pin(); } } },
        h("label", { htmlFor: name.id, textContent: "Pin this case as" }), name,
        h("button", { type: "submit", className: "jc-button", textContent: "Pin" }), said), this.boxes, this.place);
  }

  get names() { return [...this.chosen].filter((name) => this.known.includes(name)); }

  message() { return { do: "compare", names: this.names, cards: this.state.cards.map((each) => each.name) }; }

  show(state) {
    this.state = state;
    this.known = [...state.pins.map((name) => `pin:${name}`), ...state.scenarios.map((name) => `scenario:${name}`)];
    const pins = new Set(state.pins);
    for (const name of pins) if (!this.pins?.has(name)) this.chosen.add(`pin:${name}`);
    this.pins = pins;
    if (this.boxes.dataset.names !== String(this.known)) {
      this.boxes.dataset.names = String(this.known);
      fill(this.boxes, this.known.map((name) => {
        const title = name.slice(name.indexOf(":") + 1);
        const box = h("input", { type: "checkbox", id: freshId("case"), checked: this.chosen.has(name), on: { change: () => { if (box.checked) this.chosen.add(name); else this.chosen.delete(name); this.again(); } } });
        const act = (text, label, message) => h("button", { type: "button", className: "jc-link", textContent: text, "aria-label": `${label} ${title}`, on: { click: () => this.link.ask(message) } });
        return h("span", { className: "jc-chip" }, box, h("label", { htmlFor: box.id, textContent: title.replaceAll("_", " ") }),
          name.startsWith("pin:") ? [act("Go to", "Go to", { do: "go_to", name: title }), act("Unpin", "Unpin", { do: "unpin", name: title })] : null);
      }));
    }
    this.follow();
  }

  draw(found) {
    this.found = found;
    const head = h("thead", {}, h("tr", {}, h("td"), h("th", { scope: "col", textContent: "Unit" }), found.cases.map((name) => h("th", { scope: "col", textContent: name.replaceAll("_", " ") }))));
    const rows = (list, told) => list.map((row) => h("tr", {}, h("th", { scope: "row" }, told(row)), h("td", { className: "jc-quiet", textContent: row.unit }),
      row.cells.map((cell) => h("td", { className: cell === row.cells[row.cells.length - 1] ? "" : "jc-differs", textContent: cell }))));
    const part = (text) => h("tr", {}, h("th", { className: "jc-part", scope: "rowgroup", colSpan: 2 + found.cases.length, textContent: text }));
    fill(this.place, h("div", { className: "jc-form" },
      h("button", { type: "button", className: "jc-button", textContent: "Download table", title: "As CSV, which Excel opens", on: { click: () => handOver({ name: "cases.csv", type: "text/csv" }, `\uFEFF${this.table(",")}`) } }),
      h("button", { type: "button", className: "jc-button", textContent: "Copy table", on: { click: (event) => copyText(this.table("\t"), event.target) } })),
    h("table", { className: "jc-table jc-cases" }, head,
      h("tbody", {}, part("Results"), rows(found.results.map((row) => ({ ...row, unit: "" })), (row) => row.label)),
      h("tbody", {}, part(found.inputs.length ? "Inputs that differ" : "No input differs"),
        rows(found.inputs, (row) => h("button", { type: "button", className: "jc-link", textContent: `${row.label}${row.period ? `, ${row.period}` : ""}`, title: row.key, on: { click: () => this.tools.reveal(row.key) } })))));
  }

  /** The table as text: numbers where there are numbers, names that no spreadsheet takes as formulas. */
  table(between) {
    const { cases, results, inputs } = this.found;
    const plain = (text) => (/^[=+\-@\t]/.test(text) && Number.isNaN(Number(text)) ? `'${text}` : text);
    const cell = (value) => {
      const text = plain(value === null || value === undefined ? "" : String(value));
      return between === "," && /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text.replaceAll("\t", " ");
    };
    return [["", "Key", "Period", "Unit", ...cases],
      ...results.map((row) => [row.label, "", "", row.unit, ...row.numbers.map((number, at) => (number === null ? row.cells[at] : number))]),
      ...inputs.map((row) => [row.label, row.key, row.period, row.unit, ...row.cells]),
    ].map((row) => row.map(cell).join(between)).join("\r\n");
  }
}

/** Copy, and say so on the button; where the browser forbids it, say that. */
async function copyText(text, button) {
  const before = button.textContent;
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
  } catch (error) {
    button.textContent = "The browser does not allow it";
  }
  setTimeout(() => { button.textContent = before; }, 2500);
}
