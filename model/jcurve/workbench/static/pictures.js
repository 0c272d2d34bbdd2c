// One to four pictures at once: live curves come with every state, answers and exhibits of the
// report when the hand rests. Each has its own choice of what and of which side.

const MOST_PICTURES = 4;

class Pictures {
  constructor(link, tools) {
    this.link = link;
    this.tools = tools;
    this.slots = [];
    this.grid = h("div", { className: "jc-grid-of-pictures" });
    this.element = h("section", { className: "jc-pictures", "aria-label": "Pictures" }, this.grid);
  }

  open(schema) {
    this.schema = schema;
    for (const slot of this.slots) slot.open(schema);
  }

  /** Ask for other pictures; the answer comes with the state. */
  look(change) {
    const wanted = this.slots.map((slot) => slot.chosen());
    change(wanted);
    this.link.ask({ do: "look", pictures: wanted }, "look");
  }

  add(name = "rest:matters", side = null) {
    if (this.slots.length < MOST_PICTURES) this.look((wanted) => wanted.push([name, side || wanted[0][1]]));
  }

  show(state) {
    const { pictures } = state;
    while (this.slots.length > pictures.length) this.slots.pop().close();
    while (this.slots.length < pictures.length) {
      const slot = new Picture(this, this.slots.length);
      slot.open(this.schema);
      this.slots.push(slot);
      this.grid.append(slot.element);
    }
    this.grid.dataset.count = pictures.length;
    for (const slot of this.slots) slot.show(state, pictures.length);
    this.state = state;
    this.simulate();
  }

  // ---- the simulation behind the curves ------------------------------------------------------

  get banded() { return this.slots.filter((slot) => slot.banded); }

  get wanted() { return JSON.stringify([this.state.hash, this.banded.map((slot) => slot.chosen())]); }

  bandOf(slot) {
    return this.bands && this.bands.of === this.wanted && slot.banded ? this.bands.list[this.banded.indexOf(slot)] : null;
  }

  /** Draw more cases, a few at a time, while the state stays and somebody looks. */
  simulate() {
    clearTimeout(this.waiting);
    if (!this.banded.length || this.drawing || (this.bands?.of === this.wanted && !this.bands.more)) return;
    this.waiting = setTimeout(async () => {
      const of = this.wanted;
      this.drawing = true;
      const reply = await this.link.askSlowly({ do: "band", pictures: this.banded.map((slot) => slot.chosen()) });
      this.drawing = false;
      if (reply.ok && of === this.wanted) {
        this.bands = { of, more: reply.result.more, list: reply.result.bands };
        for (const slot of this.banded) slot.chart.show({ ...slot.chart.data, band: this.bandOf(slot) });
      } else if (!reply.ok) {
        for (const slot of this.banded) slot.says.textContent = `${reply.error.what}.`;
        return;
      }
      this.simulate();
    }, this.bands?.of === this.wanted ? 30 : 160);
  }
}

class Picture {
  constructor(home, at) {
    this.home = home;
    this.link = home.link;
    this.at = at;
    const which = at ? ` of picture ${at + 1}` : "";
    this.which = h("select", { "aria-label": at ? `Picture ${at + 1}` : "Exhibit", on: { change: () => this.look() } });
    this.side = h("select", { "aria-label": at ? `Side${which}` : "View or world", on: { change: () => this.look() } });
    this.title = h("h2", { className: "jc-picture-title" });
    this.what = h("p", { className: "jc-what" });
    this.busy = h("span", { className: "jc-busy", textContent: "updating …" });
    this.says = h("p", { className: "jc-says" });
    this.chart = new LineChart({ height: (width) => this.height(width) });
    this.fixed = h("div", { className: "jc-drawing", hidden: true });
    this.answer = h("div", { className: "jc-answer", hidden: true });
    this.numbers = h("div", { className: "jc-numbers", id: freshId("numbers"), hidden: true });
    this.toggle = toggle("Numbers", this.numbers);
    this.toggle.addEventListener("click", () => this.tell());
    const spread = () => { this.spread.setAttribute("aria-pressed", String(!this.banded)); this.chart.show({ ...this.chart.data, band: null }); home.simulate(); };
    this.spread = press("Simulate", spread, { className: "jc-link", "aria-pressed": "false", title: "80% of simulated cases behind the curve: every assumption drawn from its range" });
    const button = (text, label, click) => press(text, click, { className: "jc-icon", title: label, "aria-label": label });
    this.more = at ? null : button("+", "Add a picture", () => home.add());
    this.less = at ? button("×", `Remove picture ${at + 1}`, () => home.look((wanted) => wanted.splice(at, 1))) : null;
    this.follower = null;
    this.element = h("section", { className: "jc-picture", "aria-label": at ? `Picture ${at + 1}` : "Picture" },
      h("div", { className: "jc-bar" }, h("div", {}, this.title, this.what, this.busy),
        h("div", { className: "jc-choices" }, this.which, this.side, this.spread, this.toggle, this.more, this.less)),
      this.chart.element, this.fixed, this.answer, this.says, this.numbers);
  }

  height(width) {
    return this.count > 1 ? 236 : Math.min(372, Math.max(250, 0.4 * width));
  }

  close() {
    clearTimeout(this.waiting);
    this.chart.watcher.disconnect();
    this.follower?.close();
    this.element.remove();
  }

  open(schema) {
    const option = ({ name, title }) => h("option", { value: name, textContent: title });
    this.lines = h("optgroup", { label: "Any line" });
    fill(this.which, h("optgroup", { label: "Live" }, schema.pictures.map(option)),
      h("optgroup", { label: "When the hand rests" }, schema.at_rest.map(option)),
      h("optgroup", { label: "From the report" }, schema.exhibits.map(option)), this.lines);
    fill(this.lines, schema.quantities.filter((each) => each.has_years).map((each) => option({ name: `line:${each.name}`, title: each.title })));
    fill(this.side, schema.sides.map(({ name, title }) => h("option", { value: name, textContent: title })));
  }

  get banded() { return this.spread.getAttribute("aria-pressed") === "true" && !this.spread.hidden; }

  chosen() { return [this.which.value, this.side.value]; }

  look() { this.home.look(() => {}); }

  show(state, count) {
    this.state = state;
    const had = this.count;
    this.count = count;
    const picture = state.pictures[this.at];
    const { name } = picture;
    if (!this.link.isBusy("look")) {
      this.which.value = name;
      this.side.value = picture.side;
    }
    const [kind] = name.split(":");
    const live = kind !== "report" && kind !== "rest";
    show(this.toggle, live);
    show(this.spread, live);
    show(this.side, live || !this.at);
    show(this.chart.element, live);
    show(this.fixed, kind === "report");
    show(this.answer, kind === "rest");
    if (this.more) this.more.disabled = count >= MOST_PICTURES;
    clearTimeout(this.waiting);
    if (!live) show(this.numbers, false);
    if (kind !== "rest" && this.follower) { this.follower.close(); this.follower = null; fill(this.answer); }
    if (kind === "report") {
      this.fixed.classList.add("jc-old");
      this.title.textContent = this.which.selectedOptions[0].textContent;
      this.what.textContent = "drawing …";
      this.says.textContent = "";
      this.waiting = setTimeout(() => this.rest(name), 300);
    } else if (kind === "rest") {
      this.follow(name);
    } else {
      say(this.says, "");
      say(this.title, picture.title);
      say(this.what, picture.what);
      if (this.chart.data && had !== count) this.chart.width = 0;
      this.chart.show({ ...picture, band: this.home.bandOf(this) });
      this.tell();
    }
  }

  /** An answer that follows: the same part as under the tabs, here as a picture. */
  follow(name) {
    if (this.follower?.name !== name) {
      this.follower?.close();
      this.follower = name === "rest:worth" ? new Worth(this.home.tools) : new Matters(this.home.tools);
      this.follower.name = name;
      this.follower.open(this.home.schema);
      fill(this.answer, this.follower.element);
    }
    this.title.textContent = this.which.selectedOptions[0].textContent;
    this.what.textContent = "";
    this.says.textContent = "";
    this.follower.show(this.state);
  }

  async rest(name) {
    const reply = await this.link.askSlowly({ do: "exhibit", name });
    const { hash, view } = this.state;
    if (this.state.pictures[this.at]?.name !== name) return;
    if (!reply.ok) {
      this.says.textContent = reply.error.what;
    } else if (reply.result.hash === hash && reply.result.view === view) {
      const { title, subtitle, svg, alt, reading, source } = reply.result;
      this.title.textContent = title;
      this.what.textContent = subtitle;
      this.says.textContent = source ? `${reading} Source: ${source}.` : reading;
      this.fixed.innerHTML = svg;
      const drawn = this.fixed.querySelector("svg");
      drawn?.setAttribute("role", "img");
      drawn?.setAttribute("aria-label", alt);
      drawn?.setAttribute("class", "jc-svg jc-on-paper");
      this.fixed.classList.remove("jc-old");
    }
  }

  /** The numbers, written only while they are looked at. */
  tell() {
    if (this.numbers.hidden) return;
    const picture = this.state.pictures[this.at];
    const { years, rows } = this.chart.numbers();
    const trace = (year) => this.home.tools.showTrace({ line: picture.line, at: String(year), side: picture.side });
    fill(this.numbers, h("table", { className: "jc-table" },
      h("caption", { textContent: `${picture.title}, ${picture.what}. A click on a number of the present state traces it.` }),
      h("thead", {}, h("tr", {}, h("td"), years.map((year) => h("th", { scope: "col", textContent: year })))),
      h("tbody", {}, rows.map(([label, cells], at) => h("tr", {},
        h("th", { scope: "row", textContent: label }),
        cells.map((cell, column) => h("td", {}, at || !cell ? cell
          : press(cell, () => trace(years[column]), { className: "jc-link", "aria-label": `${cell} in ${years[column]}. Show what it rests on` }))))))));
  }
}
