// What moves a number: what each change is worth, and which driver matters. Both follow the
// state by themselves: when the hand rests, and a few times a second while it moves.

// ms: an answer keeps the kernel from the next move. While the hand moves it is asked for right after
// a state has come, when the next move is furthest away; else when the hand has rested.
const RESTS = 180, AT_LEAST_EVERY = 300;

/** Words and value of a quantity: its title in the schema, with the year of a line. */
function titleOf(schema, name) {
  const [row, year] = name.split(":");
  const line = row.split("@")[0];
  const found = schema.quantities.find((each) => each.name === line);
  return `${found ? found.title : line}${year ? ` ${year}` : ""}`;
}

/** A choice of quantities: the measures, and whatever stands as a card. */
function fillMeasures(select, schema, cards) {
  const names = [...new Set([...schema.measures, ...cards])];
  if (select.dataset.names === String(names)) return;
  const { value } = select;
  select.dataset.names = String(names);
  fill(select, names.map((name) => h("option", { value: name, textContent: titleOf(schema, name) })));
  if (names.includes(value)) select.value = value;
}

class Follower {
  constructor(tools) {
    this.link = tools.link;
    this.tools = tools;
    this.asked = 0;
    this.place = h("div", { className: "jc-follows" });
    this.measure = h("select", { "aria-label": "Quantity", on: { change: () => this.again() } });
  }

  open(schema) { this.schema = schema; }

  close() {
    this.closed = true;
    clearTimeout(this.timer);
  }

  get token() { return `${this.state.hash} ${this.state.view} ${JSON.stringify(this.message())}`; }

  show(state) {
    this.state = state;
    fillMeasures(this.measure, this.schema, state.cards.map((each) => each.name));
    this.follow();
  }

  again() { if (this.state) this.follow(); }

  /** Ask soon, if what is shown is not of this state and anybody can see it. */
  follow() {
    clearTimeout(this.timer);
    if (this.flying || this.closed || this.token === this.shown || !this.visible()) return;
    this.place.classList.add("jc-old");
    this.timer = setTimeout(() => this.ask(), Date.now() - this.asked >= AT_LEAST_EVERY ? 1 : RESTS);
  }

  visible() { return !this.element.closest("[hidden]"); }

  async ask() {
    const { token } = this;
    this.flying = true;
    this.asked = Date.now();
    const reply = await this.link.askSlowly(this.message());
    this.flying = false;
    this.asked = Date.now();
    if (this.closed) return;
    if (reply.ok) this.draw(reply.result);
    else fill(this.place, h("p", { className: "jc-refusal", role: "alert", textContent: `${reply.error.what}.` }));
    this.shown = token;
    this.place.dataset.of = token.slice(0, 64);
    this.place.classList.toggle("jc-old", token !== this.token);
    this.follow();
  }
}

/** A bar between two places of an axis, in per cent of its width. */
function swing(from, to, kind) {
  const made = h("span", { className: `jc-swing jc-swing-${kind}` });
  made.style.left = `${Math.min(from, to)}%`;
  made.style.width = `${Math.max(Math.abs(to - from), 0.4)}%`;
  return made;
}

function tick(at, kind = "jc-swing-base") {
  const made = h("span", { className: kind });
  made.style.left = `${at}%`;
  return made;
}

/** The waterfall from another case to this one; each step can be undone by itself. */
class Worth extends Follower {
  constructor(tools) {
    super(tools);
    this.against = h("select", { "aria-label": "From", on: { change: () => this.again() } });
    this.element = h("div", { className: "jc-worth" },
      h("div", { className: "jc-form" }, h("span", { textContent: "What each change does to" }), this.measure, h("span", { textContent: "from" }), this.against),
      this.place);
  }

  show(state) {
    const names = [...state.pins.map((name) => [`pin:${name}`, `${name} (pinned)`]), ...state.scenarios.map((name) => [`scenario:${name}`, name.replaceAll("_", " ")])];
    if (this.against.dataset.names !== String(names)) {
      const { value } = this.against;
      this.against.dataset.names = String(names);
      fill(this.against, names.map(([name, title]) => h("option", { value: name, textContent: title })));
      this.against.value = names.some(([name]) => name === value) ? value : "scenario:base";
    }
    super.show(state);
  }

  message() { return { do: "worth", of: this.measure.value, against: this.against.value }; }

  draw(found) {
    const from = this.against.selectedOptions[0].textContent;
    if (!found.rows.length) {
      fill(this.place, h("p", { className: "jc-quiet", textContent: `Nothing differs in value from ${from}: ${found.title} is ${found.after_text} in both.` }));
      return;
    }
    let sum = found.before, low = Math.min(sum, found.after), high = Math.max(sum, found.after);
    const steps = found.rows.map((row) => {
      const start = sum;
      sum += row.amount;
      low = Math.min(low, sum);
      high = Math.max(high, sum);
      return { row, start, end: sum };
    });
    const at = (value) => (100 * (value - low)) / (high - low || 1);
    const against = this.against.value;
    const total = (label, value, text) => h("tr", { className: "jc-total" }, h("th", { scope: "row", textContent: label }), h("td"),
      h("td", {}, h("span", { className: "jc-swing-bar", "aria-hidden": "true" }, tick(at(value), "jc-place"))), h("td", { className: "jc-amount", textContent: text }), h("td"));
    fill(this.place, h("table", { className: "jc-table jc-waterfall" },
      h("caption", { textContent: `${found.title}: ${found.difference} in all${found.how}.` }),
      h("thead", {}, h("tr", {}, ["Change", "From and to", "", "Worth"].map((text) => (text ? h("th", { scope: "col", textContent: text }) : h("td"))), h("td"))),
      h("tbody", {}, total(from, found.before, found.before_text),
        steps.map(({ row, start, end }) => h("tr", { className: "jc-step" },
          h("th", { scope: "row" }, row.keys.length === 1 ? h("button", { type: "button", className: "jc-link", textContent: row.label, title: row.keys[0], on: { click: () => this.tools.reveal(row.keys[0]) } }) : h("span", { textContent: row.label, title: row.says })),
          h("td", { className: "jc-quiet", textContent: row.from ? `${row.from} → ${row.to}` : row.to }),
          h("td", {}, h("span", { className: "jc-swing-bar", "aria-hidden": "true" }, swing(at(start), at(end), row.amount < 0 ? "down" : "up"))),
          h("td", { className: `jc-amount jc-trend-${{ 1: "better", "-1": "worse" }[row.trend] || "none"}`, textContent: row.text, data: { amount: row.amount } }),
          h("td", {}, h("button", { type: "button", className: "jc-icon", textContent: "↺", title: `Set as in ${from}`, "aria-label": `Undo this step: ${row.label}`, on: { click: () => this.link.ask({ do: "take", keys: row.keys, of: against }) } })))),
        total("Present state", found.after, found.after_text))));
  }
}

/** The tornado of the drivers, with the range of each and the present place in it. */
class Matters extends Follower {
  constructor(tools) {
    super(tools);
    this.all = h("select", { "aria-label": "Which ranges", on: { change: () => this.again() } },
      h("option", { value: "", textContent: "the drivers" }), h("option", { value: "all", textContent: "everything with a range" }));
    this.element = h("div", { className: "jc-matters" },
      h("div", { className: "jc-form" }, h("span", { textContent: "What matters for" }), this.measure, h("span", { textContent: "among" }), this.all), this.place);
  }

  message() { return { do: "tornado", of: this.measure.value, everything: this.all.value === "all" }; }

  draw(found) {
    const known = found.rows.flatMap(({ at_low: a, at_high: b }) => [a, b]).filter((each) => each !== null);
    if (found.number === null || !known.length) {
      fill(this.place, h("p", { className: "jc-quiet", textContent: `${found.title} has no number in this state, so ranges cannot be measured from it: choose another measure.` }));
      return;
    }
    const low = Math.min(found.number, ...known), high = Math.max(found.number, ...known);
    const at = (value) => (100 * (value - low)) / (high - low || 1);
    const bar = (value, end) => (value === null ? null : swing(at(found.number), at(value), end));
    // The words stand on the side to which their bar points.
    const words = (row) => {
      const told = [`${row.low}: ${row.low_text}`, `${row.high}: ${row.high_text}`];
      return row.at_low !== null && row.at_high !== null && row.at_low > row.at_high ? told.reverse() : told;
    };
    const within = (place) => 100 * ((place + 0.25) / 1.5);
    const head = `${found.title} is ${found.text}. The ${found.rows.length} of ${found.of} ranges that move it most, each alone: `;
    if (!this.list?.isConnected) this.begin();
    say(this.head, head);
    const rows = found.rows.map((row) => {
      const made = this.rows.get(row.key) || this.row(row);
      const [before, after] = words(row), told = `${row.now}, ${row.low} to ${row.high}`;
      say(made.before, before);
      say(made.after, after);
      made.name.title = `${row.says}\n${row.now}`;
      made.bars.replaceChildren(...[bar(row.at_low, "low"), bar(row.at_high, "high"), tick(at(found.number))].filter(Boolean));
      made.range.setAttribute("aria-label", told);
      made.range.title = told;
      made.place.style.left = `${within(row.place)}%`;
      return made.element;
    });
    // Rows stay where they are unless their order is another: less to lay out anew.
    if (rows.length !== this.list.childElementCount || rows.some((row, where) => row !== this.list.children[where])) this.list.replaceChildren(...rows);
  }

  begin() {
    this.rows = new Map();
    this.head = h("span");
    this.list = h("div", { className: "jc-swings", role: "list" });
    fill(this.place, h("p", { className: "jc-quiet" }, this.head, h("span", { className: "jc-swatch jc-swing-low" }), " at low, ", h("span", { className: "jc-swatch jc-swing-high" }), " at high; ",
      h("span", { className: "jc-swatch jc-place" }), " where the value stands in the range of its evidence."), this.list);
  }

  row({ key, label }) {
    const name = press(label, () => this.tools.reveal(key), { className: "jc-link" });
    const [before, after] = [1, 2].map(() => h("span", { className: "jc-swing-words" }));
    const bars = h("span", { className: "jc-swing-bar", "aria-hidden": "true" });
    const place = tick(0, "jc-place"), range = h("span", { className: "jc-range", role: "img" }, h("span", { className: "jc-range-bar" }), place);
    const made = { name, before, after, bars, range, place, element: h("div", { className: "jc-swing-row", role: "listitem" }, name, before, bars, after, range) };
    this.rows.set(key, made);
    return made;
  }
}

/** What must be true, in words, with a way to set it. */
function solutionOf(found, link) {
  const says = { plausible: "inside the range of its evidence", stretch: "beyond the range of its evidence", outside: "far outside the range of its evidence" };
  const range = found.range ? ` The evidence gives ${found.range}.` : "";
  const now = ` It is ${found.present} now.`;
  if (found.text === "") {
    const near = found.nearest ? ` It comes nearest at ${found.nearest}.` : "";
    return [h("p", {}, h("strong", { textContent: `${found.goal}: ${found.reason}.` }), `${near}${now}${range}`)];
  }
  const set = { do: "set", key: found.key, text: found.set, period: found.period };
  return [h("p", {}, h("strong", { textContent: `${found.label}${found.period ? `, ${found.period}` : ""}: ${found.text}` }),
    ` ${found.direction ? `or ${found.direction.replace("at or ", "")} ` : ""}gives ${found.goal}${found.standing ? `, ${says[found.standing]}` : ""}.${now}${range}`),
    h("button", { type: "button", className: "jc-button", textContent: "Set it", on: { click: () => link.ask(set) } })];
}

/** Goal seek on the control itself: set this so that a quantity is what is typed. */
class Goal {
  constructor(control, link) {
    this.control = control;
    this.link = link;
    this.measure = h("select", { "aria-label": `Goal of ${control.about.label}`, on: { change: () => this.fit() } });
    this.wanted = h("input", { type: "text", className: "jc-number", value: "0", "aria-label": "is to be", autocomplete: "off" });
    this.unit = h("span", { className: "jc-unit" });
    this.said = h("div", { className: "jc-goal-says", role: "status" });
    this.element = h("form", { className: "jc-form jc-goal", on: { submit: (event) => { event.preventDefault(); this.ask(); } } },
      h("span", { textContent: "Set it so that" }), this.measure, h("span", { textContent: "is" }), this.wanted, this.unit,
      h("button", { type: "submit", className: "jc-button", textContent: "Find" }), this.said);
    const offer = () => fillMeasures(this.measure, link.panel.schema, link.panel.state.cards.map((each) => each.name));
    this.measure.addEventListener("focus", offer);
    offer();
    this.fit();
  }

  fit() {
    const line = this.measure.value.split(":")[0].split("@")[0];
    const unit = this.link.panel.schema.quantities.find((each) => each.name === line)?.unit || "";
    this.unit.textContent = { percent: "%", "percent per year": "% a year" }[unit] || unit;
  }

  async ask() {
    fill(this.said, "Working …");
    const reply = await this.link.askSlowly({ do: "solve", key: this.control.about.key, of: this.measure.value, text: this.wanted.value });
    fill(this.said, reply.ok ? solutionOf(reply.result, this.link) : h("p", { className: "jc-refusal", role: "alert", textContent: `${reply.error.what}.` }));
  }
}

/** What an edit would do, shown beside the field before it is accepted. */
class Preview {
  constructor(root, link) {
    this.link = link;
    this.note = h("div", { className: "jc-preview", role: "status", hidden: true });
    root.append(this.note);
    root.addEventListener("input", (event) => this.typed(event.target));
    for (const name of ["change", "focusout"]) root.addEventListener(name, () => this.hide());
    root.addEventListener("keydown", (event) => { if (["Enter", "Escape"].includes(event.key)) this.hide(); });
    this.root = root;
  }

  hide() {
    this.field = null;
    clearTimeout(this.timer);
    show(this.note, false);
  }

  typed(field) {
    const control = field.closest?.(".jc-control");
    if (!control || field.type !== "text") return;
    this.field = field;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.ask(field, control), 120);
  }

  async ask(field, control) {
    const text = field.value;
    if (!text.trim()) return show(this.note, false);
    const reply = await this.link.askSlowly({ do: "try", of: "npv", key: control.dataset.key, text, period: field.dataset.period || "" });
    if (this.field !== field || field.value !== text) return undefined;
    show(this.note, reply.ok);
    if (!reply.ok) return undefined;
    const { title, text: after, change } = reply.result;
    fill(this.note, `${title} would be `, h("strong", { textContent: after }), change ? ` (${change})` : "");
    const box = field.getBoundingClientRect(), around = this.root.getBoundingClientRect();
    this.note.style.left = `${Math.max(4, box.left - around.left)}px`;
    this.note.style.top = `${box.bottom - around.top + 3}px`;
    return undefined;
  }
}
