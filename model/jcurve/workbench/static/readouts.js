// What the state says in numbers: cards, and traces.

const TREND = { 1: ["▲", "better"], "-1": ["▼", "worse"], 0: ["", ""] };

/** Numbers of the reader's choice; a click on one shows what it rests on. */
class Cards {
  constructor(link, onTrace) {
    this.link = link;
    this.onTrace = onTrace;
    this.tiles = new Map();
    this.spoken = h("p", { className: "jc-spoken", role: "status" });
    this.list = h("div", { className: "jc-tiles" });
    this.element = h("section", { className: "jc-cards", "aria-label": "Headline numbers" }, this.spoken, this.list);
  }

  open(schema) {
    this.schema = schema;
    this.names = h("datalist", { id: freshId("quantities") }, schema.quantities.map(({ title, says }) => h("option", { value: title, label: says })));
    this.what = h("input", { type: "text", className: "jc-text", list: this.names.id, "aria-label": "Result or line for a new card", placeholder: "Any result or line", autocomplete: "off", on: { input: () => this.fit() } });
    this.year = h("select", { "aria-label": "Year", disabled: true }, schema.years.map((year) => h("option", { value: year, textContent: year })));
    this.year.value = String(Math.max(...schema.years) > 2028 ? 2028 : Math.max(...schema.years));
    this.side = h("select", { "aria-label": "Company or view", disabled: true }, schema.sides.map(({ name, title }) => h("option", { value: name, textContent: title })));
    this.side.value = "with";
    this.said = h("span", { className: "jc-refusal", role: "alert", hidden: true });
    this.form = h("form", { className: "jc-form jc-new-card", id: freshId("card"), on: { submit: (event) => { event.preventDefault(); this.add(); } } },
      this.what, this.names, this.year, this.side, h("button", { type: "submit", className: "jc-button", textContent: "Add card" }), this.said);
    this.open_ = toggle("+ Card", this.form);
    this.element.replaceChildren(this.spoken, this.list, h("div", { className: "jc-under-cards" }, this.open_, this.form));
    this.tiles.clear();
    fill(this.list);
  }

  found() {
    const wanted = this.what.value.trim().toLowerCase();
    const all = this.schema.quantities;
    return all.find((each) => each.title.toLowerCase() === wanted || each.name === wanted)
      || (wanted.length > 2 ? all.find((each) => each.title.toLowerCase().includes(wanted)) : undefined);
  }

  fit() {
    const found = this.found();
    this.year.disabled = this.side.disabled = !found?.has_years;
  }

  async add() {
    const found = this.found();
    show(this.said, !found);
    if (!found) { this.said.textContent = `No result or line is called “${this.what.value.trim()}”.`; return; }
    const name = found.has_years ? `${found.name}@${this.side.value}:${this.year.value}` : found.name;
    const plain = found.has_years ? `${found.name}:${this.year.value}` : found.name;
    let reply = await this.choose([...this.order, name]);
    if (!reply.ok && name !== plain) reply = await this.choose([...this.order, plain]);
    show(this.said, !reply.ok);
    if (!reply.ok) this.said.textContent = reply.error.what;
    else this.what.value = "";
  }

  choose(cards) { return this.link.ask({ do: "look", cards: [...new Set(cards)] }); }

  /** Told to who listens, once the numbers have come to rest. */
  speak(cards) {
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => {
      this.spoken.textContent = cards.slice(0, 2).map(({ title, text, change }) => `${title}: ${text}, ${change}`).join(". ");
    }, 900);
  }

  show(cards) {
    this.speak(cards);
    const order = cards.map((each) => each.name);
    if (String(order) !== String(this.order) || !this.list.childElementCount) {
      this.order = order;
      fill(this.list, cards.map((each) => (this.tiles.get(each.name) || this.make(each)).box));
      this.list.dataset.count = cards.length;
    }
    for (const each of cards) {
      const tile = this.tiles.get(each.name);
      tile.about = each;
      say(tile.value, each.text);
      say(tile.note, each.note || " ");
      const [sign, word] = TREND[each.trend];
      say(tile.change, sign ? `${sign} ${each.change}` : each.change);
      tile.change.className = `jc-change jc-trend-${word || "none"}`;
      tile.button.setAttribute("aria-label",
        `${each.title}: ${each.text}${each.note ? `, ${each.note}` : ""}; ${each.change}${word ? `, ${word}` : ""}. Show what it rests on`);
    }
  }

  make({ name, title }) {
    const value = h("span", { className: "jc-value" });
    const note = h("span", { className: "jc-note" });
    const change = h("span", { className: "jc-change" });
    const tile = { value, note, change };
    tile.button = press("", () => this.onTrace({ line: tile.about.line, at: tile.about.year || undefined }), { className: "jc-tile", data: { headline: name }, title: "Show what it rests on" });
    tile.button.append(h("span", { className: "jc-tile-title", textContent: title }), value, note, change);
    const away = () => this.choose(this.order.filter((each) => each !== name));
    tile.box = h("div", { className: "jc-card" }, tile.button, press("×", away, { className: "jc-icon jc-less", title: "Remove this card", "aria-label": `Remove the card ${title}` }));
    this.tiles.set(name, tile);
    return tile;
  }
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
    const open = () => onTrace({ line: node.row, at: /^\d{4}(Q\d)?$/.test(node.at) ? node.at : undefined });
    line.append(press(node.omitted ? `${node.omitted} more below` : "open", open, { className: "jc-link", "aria-label": `Trace ${node.row}` }));
  }
  if (!node.children.length) return h("div", { className: "jc-trace jc-leaf" }, line);
  return h("details", { className: "jc-trace", open: depth < 2 }, h("summary", {}, line),
    node.children.map((child) => traceTree(child, onTrace, depth + 1)));
}
