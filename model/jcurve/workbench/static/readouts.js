// What the state says: headline numbers, the picture and its table, what differs, traces.

const TREND = { 1: ["▲", "better"], "-1": ["▼", "worse"], 0: ["", ""] };

/** The headline numbers; a click on one shows what it rests on. */
class Headlines {
  constructor(onTrace) {
    this.onTrace = onTrace;
    this.element = h("section", { className: "jc-tiles", "aria-label": "Headline numbers" });
    this.tiles = new Map();
    this.spoken = h("p", { className: "jc-spoken", role: "status" });
    this.element.append(this.spoken);
  }

  /** Told to who listens, once the numbers have come to rest. */
  speak(headlines) {
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => {
      this.spoken.textContent = headlines.slice(0, 2).map(({ title, text, change }) => `${title}: ${text}, ${change}`).join(". ");
    }, 900);
  }

  show(headlines) {
    this.speak(headlines);
    for (const each of headlines) {
      const tile = this.tiles.get(each.name) || this.make(each);
      tile.value.textContent = each.text;
      tile.note.textContent = each.note || " ";
      const [sign, word] = TREND[each.trend];
      tile.change.textContent = sign ? `${sign} ${each.change}` : each.change;
      tile.change.className = `jc-change jc-trend-${word || "none"}`;
      tile.button.setAttribute("aria-label",
        `${each.title}: ${each.text}${each.note ? `, ${each.note}` : ""}; ${each.change}${word ? `, ${word}` : ""}. Show what it rests on`);
    }
  }

  make({ name, title }) {
    const value = h("span", { className: "jc-value" });
    const note = h("span", { className: "jc-note" });
    const change = h("span", { className: "jc-change" });
    const button = h("button", {
      type: "button", className: "jc-tile", data: { headline: name }, title: "Show what it rests on",
      on: { click: () => this.onTrace({ line: name }) },
    }, h("span", { className: "jc-tile-title", textContent: title }), value, note, change);
    this.element.append(button);
    const tile = { button, value, note, change };
    this.tiles.set(name, tile);
    return tile;
  }
}

/** The picture, the choice of it, and its numbers by year. */
class Picture {
  constructor(link, onTrace) {
    this.link = link;
    this.onTrace = onTrace;
    this.side = h("select", { "aria-label": "View or world", on: { change: () => this.look() } });
    this.report = "";
    this.which = h("select", { "aria-label": "Exhibit", on: { change: () => this.look() } });
    this.title = h("h2", { className: "jc-picture-title" });
    this.what = h("p", { className: "jc-what" });
    this.drawing = h("div", { className: "jc-drawing" });
    this.numbers = h("div", { className: "jc-numbers", id: freshId("numbers"), hidden: true });
    this.toggle = toggle("Numbers", this.numbers);
    this.toggle.addEventListener("click", () => this.tell());
    this.busy = h("span", { className: "jc-busy", textContent: "updating …" });
    this.says = h("p", { className: "jc-says" });
    this.element = h("section", { className: "jc-picture", "aria-label": "Picture" },
      h("div", { className: "jc-bar" }, h("div", {}, this.title, this.what, this.busy),
        h("div", { className: "jc-choices" }, this.which, this.side, this.toggle)),
      this.drawing, this.says, this.numbers);
  }

  open(schema) {
    const option = ({ name, title }) => h("option", { value: name, textContent: title });
    fill(this.which, h("optgroup", { label: "Live" }, schema.pictures.map(option)),
      h("optgroup", { label: "From the report" }, schema.exhibits.map(option)));
    fill(this.side, schema.sides.map(({ name, title }) => h("option", { value: name, textContent: title })));
  }

  /** Live pictures come with every state; exhibits of the report are asked for at rest. */
  look() {
    const name = this.which.value;
    this.report = name.startsWith("report:") ? name : "";
    this.link.ask({ do: "look", side: this.side.value, ...(this.report ? {} : { picture: name }) }, "look");
  }

  async rest() {
    const name = this.report;
    const reply = await this.link.askSlowly({ do: "exhibit", name });
    const { hash, view } = this.state;
    if (this.report !== name) return;
    if (!reply.ok) {
      this.says.textContent = reply.error.what;
    } else if (reply.result.hash === hash && reply.result.view === view) {
      const { title, subtitle, svg, alt, reading, source } = reply.result;
      this.title.textContent = title;
      this.what.textContent = subtitle;
      this.says.textContent = source ? `${reading} Source: ${source}.` : reading;
      this.drawing.innerHTML = svg;
      const drawn = this.drawing.querySelector("svg");
      drawn?.setAttribute("role", "img");
      drawn?.setAttribute("aria-label", alt);
      drawn?.setAttribute("class", "jc-svg");
      this.drawing.classList.remove("jc-old");
    }
  }

  show(state) {
    this.state = state;
    const { picture, side } = state;
    if (!this.link.isBusy("look")) {
      this.which.value = this.report || picture.name;
      this.side.value = side;
    }
    show(this.toggle, !this.report);
    clearTimeout(this.waiting);
    if (this.report) {
      this.drawing.classList.add("jc-old");
      this.title.textContent = this.which.selectedOptions[0].textContent;
      this.what.textContent = "drawing …";
      this.says.textContent = "";
      show(this.numbers, false);
      this.waiting = setTimeout(() => this.rest(), 300);
      return;
    }
    this.drawing.classList.remove("jc-old");
    this.says.textContent = "";
    this.title.textContent = picture.title;
    this.what.textContent = picture.what;
    this.drawing.innerHTML = picture.svg;
    this.tell();
  }

  /** The numbers, written only while they are looked at. */
  tell() {
    if (this.numbers.hidden) return;
    const { picture } = this.state;
    const { line, years, rows } = picture.table;
    fill(this.numbers, h("table", { className: "jc-table" },
      h("caption", { textContent: `${picture.title}, ${picture.what}. A click on a number of the present state traces it.` }),
      h("thead", {}, h("tr", {}, h("th", { textContent: "" }), years.map((year) => h("th", { scope: "col", textContent: year })))),
      h("tbody", {}, Object.entries(rows).reverse().map(([label, cells], at) => h("tr", {},
        h("th", { scope: "row", textContent: label }),
        cells.map((cell, column) => h("td", {}, at || !cell ? cell : h("button", {
          type: "button", className: "jc-link", textContent: cell,
          "aria-label": `${cell} in ${years[column]}. Show what it rests on`,
          on: { click: () => this.onTrace({ line, at: String(years[column]), side: picture.side }) },
        }))))))));
  }
}

/** What differs from base, with a way back for what was changed here. */
function differencesOf(state, link, reveal) {
  if (!state.differences.length) return [h("p", { className: "jc-quiet", textContent: "Nothing differs from the base scenario." })];
  return [h("table", { className: "jc-table jc-differences" },
    h("thead", {}, h("tr", {}, ["Assumption", "Base", "Here", "Why", ""].map((text) => h("th", { scope: "col", textContent: text })))),
    h("tbody", {}, state.differences.map((each) => h("tr", {},
      h("th", { scope: "row" }, h("button", { type: "button", className: "jc-link", textContent: each.label, title: each.key, on: { click: () => reveal(each.key) } })),
      h("td", { textContent: each.before }),
      h("td", { textContent: each.after }),
      h("td", { textContent: each.own ? "changed here" : each.why }),
      h("td", {}, each.own ? h("button", {
        type: "button", className: "jc-icon", textContent: "↺", title: "Set back", "aria-label": `Set back: ${each.label}`,
        on: { click: () => link.ask({ do: "reset", key: each.key }) },
      }) : null)))))];
}

/** A trace as a tree of numbers; one that is opened elsewhere leads on from here. */
function traceTree(node, onTrace, depth = 0) {
  const unit = node.unit && node.unit !== "switch" ? ` ${node.unit}` : "";
  const line = h("span", { className: "jc-trace-line" },
    h("strong", { textContent: `${node.value}${unit}` }), " ",
    h("code", { textContent: node.row }),
    node.at ? h("span", { className: "jc-quiet", textContent: ` ${node.at}` }) : null,
    h("span", { className: "jc-trace-says", textContent: node.definition.replace(/\*([^*]+)\*/g, "$1") }),
    node.leaf ? h("span", { className: "jc-quiet", textContent: [node.leaf.kind, node.leaf.source, node.leaf.as_of].filter(Boolean).join(" · ") }) : null,
    node.formula ? h("code", { className: "jc-formula", textContent: `= ${node.formula}` }) : null);
  if (node.omitted || node.elsewhere) {
    line.append(h("button", {
      type: "button", className: "jc-link", textContent: node.omitted ? `${node.omitted} more below` : "open",
      "aria-label": `Trace ${node.row}`, on: { click: () => onTrace({ line: node.row, at: /^\d{4}(Q\d)?$/.test(node.at) ? node.at : undefined }) },
    }));
  }
  if (!node.children.length) return h("div", { className: "jc-trace jc-leaf" }, line);
  return h("details", { className: "jc-trace", open: depth < 2 }, h("summary", {}, line),
    node.children.map((child) => traceTree(child, onTrace, depth + 1)));
}

/** Bars from the base to the output at each assumption's low and high; told in words too. */
function tornadoRows(found, reveal) {
  const known = found.rows.flatMap(({ at_low: a, at_high: b }) => [a, b]).filter((each) => each !== null);
  if (found.number === null || !known.length) {
    return [h("p", { className: "jc-quiet", textContent: `${found.title} has no number in this state, so ranges cannot be measured from it: choose another measure.` })];
  }
  const low = Math.min(found.number, ...known), high = Math.max(found.number, ...known);
  const place = (value) => (100 * (value - low)) / (high - low || 1);
  const bar = (value, end) => {
    if (value === null) return null;
    const [from, to] = [place(found.number), place(value)].sort((a, b) => a - b);
    const made = h("span", { className: `jc-swing jc-swing-${end}` });
    made.style.left = `${from}%`;
    made.style.width = `${to - from}%`;
    return made;
  };
  const axis = h("span", { className: "jc-swing-base" });
  axis.style.left = `${place(found.number)}%`;
  return [
    h("p", { className: "jc-quiet" }, `${found.title} is ${found.base}. The ${found.rows.length} of ${found.of} ranges that move it most, each alone: `,
      h("span", { className: "jc-swatch jc-swing-low" }), " at low, ", h("span", { className: "jc-swatch jc-swing-high" }), " at high."),
    h("div", { className: "jc-swings", role: "list" }, found.rows.map((row) => h("div", { className: "jc-swing-row", role: "listitem" },
      h("button", { type: "button", className: "jc-link", textContent: row.label, title: row.key, on: { click: () => reveal(row.key) } }),
      h("span", { className: "jc-swing-words", textContent: `${row.low}: ${row.low_text}` }),
      h("span", { className: "jc-swing-bar", "aria-hidden": "true" }, bar(row.at_low, "low"), bar(row.at_high, "high"), axis.cloneNode()),
      h("span", { className: "jc-swing-words", textContent: `${row.high}: ${row.high_text}` }))))];
}
