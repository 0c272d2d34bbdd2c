// A value that moves with time: a small picture whose points can be dragged, a slider for the whole
// path, and its periods in fields into which a row of a sheet can be pasted.

const SPARK = { width: 300, height: 64, pad: 7 };

class PathControl extends Control {
  main() {
    const { about } = this;
    this.rows = new Map();
    const body = h("tbody");
    for (const period of about.periods) {
      const field = this.textField({ label: `${about.label}, ${period}`, period });
      field.addEventListener("paste", (event) => this.paste(event, period));
      field.addEventListener("focus", () => { this.looked = period; });
      this.rows.set(period, field);
      body.append(h("tr", {}, h("th", { scope: "row", textContent: period }), h("td", {}, field)));
    }
    this.past = h("p", { className: "jc-idle-words", hidden: true });
    const rule = about.between === "linear" ? "evenly between points" : about.between === "hold" ? "each point holds to the next" : "at an even rate between points";
    const table = h("table", { className: "jc-years" },
      h("caption", { textContent: `By ${about.by}, ${about.unit || "quarters"}; ${rule}; points in bold. A row of a sheet can be pasted` }), body);
    this.whole = this.textField({ label: `${about.label}: the whole path by per cent, such as +10%` });
    this.whole.placeholder = "+10%";
    const later = (by, text) => press(text, () => this.change({ do: "shift", key: about.key, by }, false), { "aria-label": `${about.label}: a ${about.by} ${by > 0 ? "later" : "earlier"}` });
    const filled = "the value of the year that you were in, in every year after it";
    const onward = press("Fill on", () => this.fillOn(), { title: filled, "aria-label": `${about.label}: ${filled}` });
    const all = h("div", { className: "jc-field jc-whole" }, h("span", { className: "jc-unit", textContent: "Whole path" }), this.whole, later(-1, "← earlier"), later(1, "later →"), about.by === "year" ? onward : null);
    const region = h("div", { id: `${this.id}-years` }, this.past, all, table);
    const open = toggle(`By ${about.by}`, region);
    open.classList.add("jc-open");
    if (!about.has_position) open.id = this.id;
    this.where = h("span", { className: "jc-unit jc-where" });
    this.spark = svg("svg", { class: "jc-spark", viewBox: `0 0 ${SPARK.width} ${SPARK.height}`, role: "img" });
    return h("div", {}, h("div", { className: "jc-field" }, about.has_position ? this.sliderField() : null, this.where, open), this.spark, region);
  }

  sliderField() {
    const { about } = this;
    this.slider = h("input", {
      type: "range", className: "jc-slider", id: this.id, min: -1.5, max: 1.5, step: 0.05,
      "aria-label": `${about.label}: whole path between low and high`, "aria-describedby": this.refusal.id,
      title: "The whole path: shaded from its low to its high",
      on: { ...this.gestures(), input: () => this.move(Number(this.slider.value)) },
    });
    this.slider.style.setProperty("--low", 1 / 6);
    this.slider.style.setProperty("--high", 5 / 6);
    return this.slider;
  }

  texts() { return [...this.rows.values(), this.whole]; }

  was(own) {
    const [first] = own.points.filter((period) => period in this.about.rows && own.rows[period] !== this.about.rows[period]);
    return first ? `changed; ${first}: ${own.rows[first]} from ${united(this.about.rows[first], this.about.unit)}` : "changed";
  }

  value(now, own) {
    const { about, state } = this;
    const end = state.ends[about.key];
    this.held = end ? end.rows : {};
    show(this.past, Boolean(end));
    if (end) this.excuse(this.past, end);
    for (const [period, field] of this.rows) {
      const past = period in this.held;
      field.dataset.past = past ? "1" : "";
      if (!field.dataset.typed) field.value = past ? this.held[period] : now.rows[period];
      field.classList.toggle("jc-point", !past && now.points.includes(period));
    }
    if (!this.whole.dataset.typed) this.whole.value = "";
    const at = own ? (state.positions[about.key] ?? null) : 0;
    if (this.slider) this.slider.value = at ?? 0;
    const shown = this.period(now);
    this.where.textContent = `${shown}: ${united(now.rows[shown], about.unit)}`;
    this.slider?.setAttribute("aria-valuetext", `${this.place(at)}; ${this.where.textContent}`);
    this.draw(now);
  }

  /** The period that stands for the path: the last one that can be set and is shown. */
  period(now) {
    const open = this.about.periods.filter((period) => !(period in this.held));
    const own = now.points.filter((period) => open.includes(period));
    return own[own.length - 1] || open[open.length - 1] || this.about.periods[0];
  }

  place(at) {
    if (at === null) return "a path of its own";
    if (at === 0) return "as the scenario has it";
    if (Math.abs(at) === 1) return at > 0 ? "its high" : "its low";
    return `${Math.round(Math.abs(at) * 100)}% of the way to its ${at > 0 ? "high" : "low"}`;
  }

  move(at) {
    const edited = this.state && this.state.positions[this.about.key] === undefined && this.state.values[this.about.key];
    this.slider.setAttribute("aria-valuetext", this.place(at));
    this.change({ do: "move", key: this.about.key, at }, true);
    if (edited) this.link.note(`The ${this.about.by}s of “${this.about.label}” that were set one by one have given way to the whole path; Undo brings them back.`);
  }

  paste(event, period) {
    const rows = event.clipboardData.getData("text").replace(/[\r\n]+$/, "").split(/\r?\n/).map((line) => line.split("\t"));
    const cells = rows.length === 1 ? rows[0] : rows.every((row) => row.length === 1) ? rows.map(([cell]) => cell) : null;
    if (cells && cells.length === 1) return;
    event.preventDefault();
    // A sheet's header of periods says where its second row goes.
    const [head, values] = rows;
    const named = !cells && rows.length === 2 && head.every((text) => this.rows.has(text.trim()));
    if (cells) this.change({ do: "paste", key: this.about.key, period, cells }, false, this.rows.get(period));
    else if (named) this.change({ do: "paste", key: this.about.key, period: head[0].trim(), cells: values }, false, this.rows.get(period));
    else this.refuse("A block of several rows; one row or one column is pasted here", this.rows.get(period));
  }

  /** A year's value in every year after it that can be set. */
  fillOn() {
    const open = this.about.periods.filter((period) => !(period in this.held)).map(Number);
    const from = Number(this.looked && !(this.looked in this.held) ? this.looked : open[0]);
    const cells = Array(open[open.length - 1] - from).fill(this.rows.get(String(from)).value);
    if (cells.length) this.change({ do: "paste", key: this.about.key, period: String(from + 1), cells }, false, this.rows.get(String(from)));
  }

  // ---- the small picture -----------------------------------------------------------------

  draw(now) {
    const { about } = this;
    const open = about.periods.filter((period) => !(period in this.held));
    const periods = open.length > 1 ? open : about.periods;
    const number = (rows) => periods.map((period) => Number(rows[period]));
    const mine = number(now.rows), ghost = number(about.rows);
    const band = (about.band || []).map((limit) => periods.map((period) => limit[period])).map((row) => row.every((each) => each !== undefined) ? row : null).filter(Boolean);
    const all = [...mine, ...ghost, ...band.flat()];
    const low = this.dragged ? this.scale.low : Math.min(0, ...all), high = this.dragged ? this.scale.high : Math.max(...all) * 1.08 || 1;
    this.scale = { low, high };
    const { width, height, pad } = SPARK;
    const x = (at) => pad + (at * (width - 2 * pad)) / Math.max(periods.length - 1, 1);
    const y = (value) => height - pad - ((value - low) * (height - 2 * pad)) / (high - low || 1);
    const line = (values) => values.map((value, at) => `${at ? "L" : "M"}${x(at).toFixed(1)} ${y(value).toFixed(1)}`).join("");
    const parts = [];
    if (band.length === 2) parts.push(svg("path", { class: "jc-spark-band", d: `${line(band[0])}L${band[1].map((value, at) => `${x(at).toFixed(1)} ${y(value).toFixed(1)}`).reverse().join("L")}Z` }));
    parts.push(svg("path", { class: "jc-spark-ghost", d: line(ghost) }), svg("path", { class: "jc-spark-line", d: line(mine) }));
    mine.forEach((value, at) => {
      const dot = svg("circle", { class: now.points.includes(periods[at]) ? "jc-dot jc-dot-point" : "jc-dot", cx: x(at), cy: y(value), r: 4 });
      dot.append(svg("title", {}, `${periods[at]}: ${united(now.rows[periods[at]], about.unit)}`));
      dot.addEventListener("pointerdown", (event) => this.drag(event, periods[at]));
      parts.push(dot);
    });
    this.spark.setAttribute("aria-label", `${about.label}: ${united(periods.map((period) => `${period} ${now.rows[period]}`).join(", "), about.unit)}`);
    this.spark.replaceChildren(...parts);
  }

  /** A point follows the hand; the whole drag undoes as one. */
  drag(event, period) {
    if (this.element.classList.contains("jc-idle")) return;
    event.preventDefault();
    this.gesture += 1;
    this.dragged = true;
    const box = this.spark.getBoundingClientRect();
    const { low, high } = this.scale;
    const digits = Math.max(0, 2 - Math.floor(Math.log10(high - low || 1)));
    const follow = (move) => {
      const share = 1 - ((move.clientY - box.top) / box.height * SPARK.height - SPARK.pad) / (SPARK.height - 2 * SPARK.pad);
      const text = String(Number((low + share * (high - low)).toFixed(digits)));
      this.rows.get(period).value = text;
      this.set(text, true, period, this.rows.get(period));
    };
    const drop = () => {
      this.dragged = false;
      removeEventListener("pointermove", follow);
      this.shown = "";
      if (this.state) this.show(this.state);
    };
    addEventListener("pointermove", follow);
    addEventListener("pointerup", drop, { once: true });
  }
}
