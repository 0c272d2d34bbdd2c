// One control for each assumption, generated from its description. A control shows a value
// of the state unless the reader is changing it; what is refused stays beside it, in words.

class Control {
  constructor(about, link, onAbout) {
    this.about = about;
    this.link = link;
    this.id = freshId("control");
    this.refused = false;
    this.gesture = 0;
    this.refusal = h("p", { className: "jc-refusal", id: `${this.id}-refusal`, role: "alert", hidden: true });
    this.info = h("div", { className: "jc-info", id: `${this.id}-info`, hidden: true });
    this.typed = h("p", { className: "jc-hint", hidden: true, textContent: "Typed, not applied: Enter applies it, Escape takes it back." });
    this.changed = h("span", { className: "jc-was" });
    this.back = h("button", {
      type: "button", className: "jc-icon", hidden: true, title: "Set back",
      "aria-label": `Set back: ${about.label}`, textContent: "↺",
      on: { click: () => this.reset() },
    });
    this.field = this.main();
    const more = toggle("About", this.info);
    more.setAttribute("aria-label", `About: ${about.label}`);
    more.addEventListener("click", () => this.tell());
    this.element = h("div", { className: "jc-control", data: { key: about.key } },
      h("div", { className: "jc-head" },
        h("label", { htmlFor: this.id, className: "jc-label", textContent: about.label }),
        this.back, more),
      this.field, this.typed, this.changed, this.refusal, this.info);
    this.show({});
  }

  /** The parts that hold the value, by kind. */
  main() {
    const { kind } = this.about;
    if (kind === "switch") return this.switchField();
    if (kind === "choice") return this.choiceField();
    if (kind === "path") return this.pathField();
    if (kind === "derived") return this.derivedField();
    return this.numberField();
  }

  /** A field that asks when Enter is pressed or it is left; Escape shows the state again, and
   * arrows move a number by a step. What is typed and not yet taken is marked. */
  textField({ label = "", id = "", period = "", wide = false }) {
    const field = h("input", {
      type: "text", autocomplete: "off", spellcheck: false, data: { period },
      "aria-describedby": this.refusal.id, ...(label ? { "aria-label": label } : {}),
      className: wide ? "jc-number jc-wide" : "jc-number",
      on: {
        input: () => { field.dataset.typed = "1"; this.hint(); },
        change: () => { if (field.dataset.typed) this.set(field.value, false, period, field); },
        keydown: (event) => {
          if (event.key === "Escape") { taken(event); this.release(); }
          if (event.key === "ArrowUp") this.nudge(event, field, 1);
          if (event.key === "ArrowDown") this.nudge(event, field, -1);
        },
      },
    });
    if (id) field.id = id;
    if (period) field.dataset.period = period;
    return field;
  }

  /** Up or down by a step, or by ten. */
  nudge(event, field, way) {
    const { step } = this.about;
    if (!step || !/^\s*[+-]?[\d.]+\s*$/.test(field.value)) return;
    taken(event);
    if (Date.now() - (this.pressed || 0) > 1000) this.gesture += 1;
    this.pressed = Date.now();
    const next = Number(field.value) + way * step * (event.shiftKey ? 10 : 1);
    field.value = String(Number(next.toFixed(decimalsOf(step))));
    this.set(field.value, true, field.dataset.period, field);
  }

  /** Say what is typed and not taken. */
  hint() {
    const waits = this.texts().some((field) => field.dataset.typed) && !this.refused;
    show(this.typed, waits);
    this.element.dispatchEvent(new CustomEvent("jc-typed", { bubbles: true }));
  }

  texts() { return [this.input, ...(this.rows ? this.rows.values() : [])].filter(Boolean); }

  numberField() {
    const { about } = this;
    this.input = this.textField({ id: this.id, wide: about.kind === "changes" });
    const unit = about.kind === "changes" ? `by date; add one as 2027Q1: 6` : about.unit;
    const parts = [this.input, h("span", { className: "jc-unit", textContent: unit })];
    if (about.slider) parts.unshift(this.sliderField(about.slider));
    return h("div", { className: "jc-field" }, parts);
  }

  sliderField({ min, max, step, low, high }) {
    const { about } = this;
    const digits = decimalsOf(step);
    const share = (value) => Math.max(0, Math.min(1, (value - min) / (max - min)));
    this.say = (value) => (about.kind === "date" ? quarterLabel(value) : String(Number(Number(value).toFixed(digits))));
    this.slider = h("input", {
      type: "range", className: "jc-slider", min, max, step,
      "aria-label": about.label, "aria-describedby": this.refusal.id,
      title: `Range of the evidence${about.period ? ` from ${about.period}` : ""}: ${about.low} to ${about.high} ${about.unit}`.trim(),
      on: {
        ...this.gestures(),
        input: () => {
          const text = this.say(this.slider.value);
          if (about.kind !== "changes") this.input.value = text;
          this.slider.setAttribute("aria-valuetext", `${text} ${about.unit}`);
          this.set(text, true, about.period);
        },
      },
    });
    this.slider.style.setProperty("--low", share(low));
    this.slider.style.setProperty("--high", share(high));
    return this.slider;
  }

  /** A drag, or keys in quick succession, are one gesture: they undo as one. */
  gestures() {
    return {
      pointerdown: () => { this.gesture += 1; },
      keydown: () => {
        if (Date.now() - (this.pressed || 0) > 1000) this.gesture += 1;
        this.pressed = Date.now();
      },
    };
  }

  switchField() {
    this.input = h("input", {
      type: "checkbox", id: this.id, "aria-describedby": this.refusal.id,
      on: { change: () => this.set(this.input.checked ? "on" : "off") },
    });
    this.word = h("span", { className: "jc-unit" });
    return h("div", { className: "jc-field" }, this.input, this.word);
  }

  choiceField() {
    this.input = h("select", {
      id: this.id, "aria-describedby": this.refusal.id,
      on: { change: () => this.set(this.input.value) },
    }, this.about.choices.map((name) => h("option", { value: name, textContent: name.replaceAll("_", " ") })));
    return h("div", { className: "jc-field" }, this.input);
  }

  derivedField() {
    this.input = h("output", { id: this.id, className: "jc-derived" });
    return h("div", { className: "jc-field" }, this.input,
      h("span", { className: "jc-unit", textContent: `${this.about.unit} (what the others leave)` }));
  }

  pathField() {
    const { about } = this;
    this.rows = new Map();
    const body = h("tbody");
    for (const period of about.periods) {
      const field = this.textField({ label: `${about.label}, ${period}`, period });
      this.rows.set(period, field);
      body.append(h("tr", {}, h("th", { scope: "row", textContent: period }), h("td", {}, field)));
    }
    const table = h("table", { className: "jc-years", id: `${this.id}-years` },
      h("caption", { textContent: `By ${about.by}, ${about.unit || "quarters"}; ${about.between === "linear" ? "evenly between points" : "each point holds to the next"}; points in bold` }),
      body);
    const open = toggle(`By ${about.by}`, table);
    open.id = about.has_position ? "" : this.id;
    const parts = [];
    if (about.has_position) {
      this.slider = h("input", {
        type: "range", className: "jc-slider", id: this.id, min: -1.5, max: 1.5, step: 0.05,
        "aria-label": `${about.label}: whole path between low and high`, "aria-describedby": this.refusal.id,
        title: "−1 is the low path, 0 its own, 1 the high path",
        on: {
          ...this.gestures(),
          input: () => {
            this.slider.setAttribute("aria-valuetext", this.place(Number(this.slider.value)));
            this.where.textContent = this.place(Number(this.slider.value));
            this.move(Number(this.slider.value));
          },
        },
      });
      this.slider.style.setProperty("--low", 1 / 6);
      this.slider.style.setProperty("--high", 5 / 6);
      this.where = h("span", { className: "jc-unit jc-where" });
      parts.push(this.slider, this.where);
    }
    return h("div", {}, h("div", { className: "jc-field" }, parts, open), table);
  }

  place(at) {
    if (at === null) return "own path";
    if (at === 0) return "as is";
    if (at === 1) return "high";
    if (at === -1) return "low";
    const share = Math.round(Math.abs(at) * 100);
    return `${share}% to ${at > 0 ? "high" : "low"}`;
  }

  // ---- asking --------------------------------------------------------------------------

  get slot() { return `control ${this.about.key}`; }

  set(text, dragging = false, period = "", field = null) {
    const message = { do: "set", key: this.about.key, text, period };
    this.change(message, dragging, field);
  }

  move(at) { this.change({ do: "move", key: this.about.key, at }, true); }

  reset() { this.change({ do: "reset", key: this.about.key }, false); }

  async change(message, dragging, field = null) {
    if (dragging) message.gesture = `${this.id}-${this.gesture}`;
    this.element.classList.add("jc-pending");
    const slot = message.period ? `${this.slot} ${message.period}` : this.slot;
    const reply = await this.link.ask(message, slot);
    if (reply.superseded) return;
    const busy = this.link.isBusy(slot);
    if (!busy) this.element.classList.remove("jc-pending");
    if (!reply.ok) this.refuse(reply.error.what, field || this.input || this.slider);
    else if (!busy) this.release(field && field.value === message.text ? [field] : field ? [] : this.texts());
  }

  refuse(words, field) {
    this.refused = true;
    field.setAttribute("aria-invalid", "true");
    this.refusal.textContent = `${/[.?!]$/.test(words) ? words : `${words}.`} Not applied; everything shown keeps the last valid value.`;
    show(this.refusal, true);
    this.element.classList.add("jc-refused");
    this.hint();
  }

  /** Show the state's value again in some fields, all by default: what is typed in them goes. */
  release(fields = this.texts()) {
    this.refused = false;
    show(this.refusal, false);
    this.element.classList.remove("jc-refused", "jc-pending");
    for (const field of [...this.texts(), this.slider]) field?.removeAttribute("aria-invalid");
    for (const field of fields) delete field.dataset.typed;
    this.hint();
    if (this.shown) this.show(...this.shown);
  }

  // ---- showing -------------------------------------------------------------------------

  /** Show the state: `values` by key of what differs from the opened scenario. */
  show(values, positions = {}) {
    this.shown = [values, positions];
    if (this.refused || this.element?.classList.contains("jc-pending")) return;
    const { about } = this;
    const own = values[about.key];
    const now = own || about;
    this.element?.classList.toggle("jc-changed", Boolean(own));
    show(this.back, Boolean(own) && about.kind !== "derived");
    const plain = about.kind !== "path" && about.kind !== "changes";
    const told = own && own.note ? `; ${own.note}` : "";
    this.changed.textContent = own ? `${plain ? `changed from ${about.text} ${about.unit}`.trim() : "changed"}${told}` : "";
    if (about.kind === "switch") {
      this.input.checked = now.number === 1;
      this.word.textContent = now.number === 1 ? "on" : "off";
    } else if (about.kind === "derived") {
      this.input.textContent = now.rows ? Object.entries(now.rows).filter(([p]) => now.points.includes(p)).map(([p, v]) => `${p}: ${v}`).join("; ") : now.text;
    } else if (about.kind === "path") {
      this.showPath(now, own, positions);
    } else if (!this.input.dataset.typed) {
      this.input.value = now.text;
    }
    if (this.slider && about.slider) {
      this.slider.value = now.number;
      this.slider.setAttribute("aria-valuetext", `${about.kind === "changes" ? now.number : now.text} ${about.unit}`);
    }
  }

  showPath(now, own, positions) {
    for (const [period, field] of this.rows) {
      if (!field.dataset.typed) field.value = now.rows[period];
      field.classList.toggle("jc-point", now.points.includes(period));
    }
    if (!this.slider) return;
    const at = own ? (positions[this.about.key] ?? null) : 0;
    this.slider.value = at ?? 0;
    this.where.textContent = this.place(at);
    this.slider.setAttribute("aria-valuetext", this.place(at));
  }

  /** What the value rests on; written when it is first asked for. */
  tell() {
    if (this.info.childElementCount) return;
    const { about } = this;
    const rows = [
      ["Key", about.key],
      ["Basis", `${about.basis}, as of ${about.as_of}`],
      ...(about.low === undefined ? [["Range", "none stated"]]
        : about.kind === "path" ? [["Low", `${about.low} ${about.unit}`], ["High", `${about.high} ${about.unit}, ${about.distribution}`]]
          : [["Range", `${about.low} to ${about.high} ${about.unit}, ${about.distribution}`]]),
      ["Accepted", about.choices ? about.choices.join(", ") : about.bounds ? `${about.bounds[0]} to ${about.bounds[1]} ${about.unit}` : ""],
      ["Sources", about.source.join(", ") || "none"],
      ["Why", about.rationale],
      ["Here", about.why],
    ];
    fill(this.info, h("dl", {}, rows.filter(([, text]) => text).map(([name, text]) =>
      [h("dt", { textContent: name }), h("dd", { textContent: text })])));
  }
}
