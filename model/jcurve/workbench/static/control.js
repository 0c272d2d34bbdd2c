// What all controls share. A control is generated from the description of an assumption; it shows
// a value of the state unless the reader is changing it. What is refused stays beside it, in
// words; what cannot act is greyed, with the reason and a way to what rules instead.

class Control {
  constructor(about, link, reveal) {
    this.reveal = reveal;
    this.about = about;
    this.link = link;
    this.id = freshId("control");
    this.refused = false;
    this.gesture = 0;
    this.refusal = h("p", { className: "jc-refusal", id: `${this.id}-refusal`, role: "alert", hidden: true });
    this.info = h("div", { className: "jc-info", id: `${this.id}-info`, hidden: true });
    this.typed = h("p", { className: "jc-hint", hidden: true, textContent: "Typed, not applied: Enter applies it, Escape takes it back." });
    this.changed = h("span", { className: "jc-was" });
    this.back = press("↺", () => this.reset(), { className: "jc-icon", hidden: true, title: "Set back", "aria-label": `Set back: ${about.label}` });
    this.idle = h("p", { className: "jc-idle-words", hidden: true });
    this.field = this.main();
    const more = toggle("About", this.info);
    more.setAttribute("aria-label", `About: ${about.label}`);
    more.addEventListener("click", () => this.tell());
    this.element = h("div", { className: "jc-control", data: { key: about.key } },
      h("div", { className: "jc-head" },
        h("label", { htmlFor: this.id, className: "jc-label", textContent: about.label, title: about.says }),
        this.back, more),
      this.field, this.idle, this.typed, this.changed, this.refusal, this.info);
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

  // ---- asking --------------------------------------------------------------------------

  get slot() { return `control ${this.about.key}`; }

  get pending() { return Boolean(this.element?.classList.contains("jc-pending")); }

  set(text, dragging = false, period = "", field = null) {
    const message = { do: "set", key: this.about.key, text, period };
    this.change(message, dragging, field);
  }

  move(at) { this.change({ do: "move", key: this.about.key, at }, true); }

  reset() { this.change({ do: "reset", key: this.about.key }, false); }

  async change(message, dragging, field = null) {
    if (dragging) message.gesture = `${this.id}-${this.gesture}`;
    this.element.classList.add("jc-pending");
    const typed = field?.value;
    const slot = message.period ? `${this.slot} ${message.period}` : this.slot;
    const reply = await this.link.ask(message, slot);
    if (reply.superseded) return;
    const busy = this.link.isBusy(slot);
    if (!busy) this.element.classList.remove("jc-pending");
    if (!reply.ok) this.refuse(reply.error.what, field || this.input || this.slider);
    else if (!busy) this.release(!field ? this.texts() : field.value === typed ? [field] : []);
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
    this.shown = "";
    this.hint();
    if (this.state) this.show(this.state);
  }

  // ---- showing -------------------------------------------------------------------------

  /** Show a state; what it says of this control may be what is shown already. */
  show(state) {
    this.state = state;
    if (this.refused || this.pending) return;
    const { about } = this;
    const told = JSON.stringify(["values", "idle", "ends", "positions"].map((each) => state[each][about.key]));
    if (told === this.shown) return;
    this.shown = told;
    const own = state.values[about.key];
    this.element.classList.toggle("jc-changed", Boolean(own));
    show(this.back, Boolean(own) && about.kind !== "derived");
    this.changed.textContent = own ? this.was(own) : "";
    this.value(own || about, own);
    this.grey(state.idle[about.key]);
  }

  was() { return `changed from ${united(this.about.text, this.about.unit)}`; }

  /** Show a value, `now`; `own` where it differs from the opened scenario's. */
  value(now) {
    if (!this.input.dataset.typed) this.input.value = now.text;
  }

  /** What can be changed by hand: greyed where nothing comes of it. */
  handles() { return [...this.field.querySelectorAll("input, select, button:not(.jc-link)")]; }

  grey(idle) {
    const dead = Boolean(idle) && !idle.partly;
    this.element.classList.toggle("jc-idle", dead);
    for (const each of this.handles()) each.disabled = dead || each.dataset.past === "1";
    show(this.idle, Boolean(idle));
    if (idle) this.excuse(this.idle, idle);
  }

  /** Words that say why, and a way to what rules instead. */
  excuse(place, { words, ruling }) {
    fill(place, `${words}. `, ruling && ruling !== this.about.key
      ? press("Go there", () => this.reveal(ruling), { className: "jc-link", "aria-label": `Go to what rules instead of ${this.about.label}` }) : null);
  }

  /** A source: its title as a link where it has an address, what it says under the mouse. */
  source(id) {
    const found = this.link.panel.schema.sources[id];
    const title = found ? found.title : id;
    const told = { title: found ? `${id}: ${found.says}` : id, textContent: title };
    return h("div", { className: "jc-source" }, found?.url ? h("a", { ...told, href: found.url, target: "_blank", rel: "noopener noreferrer" }) : h("span", told));
  }

  /** What the value rests on; written when it is first asked for. */
  tell() {
    if (this.info.childElementCount) return;
    const { about } = this;
    const rows = [
      ["Meaning", about.says === about.label ? "" : about.says],
      ["Key", about.key],
      ["Basis", `${about.basis}, as of ${about.as_of}`],
      ...(about.low === undefined ? [["Range", "none stated"]]
        : about.kind === "path" ? [["Low", about.low], ["High", `${about.high}, ${about.distribution}`]]
          : [["Range", `${about.range}, ${about.distribution}`]]),
      ["Accepted", about.choices ? about.choices.join(", ") : about.accepted],
      ["Sources", about.source.length ? about.source.map((id) => this.source(id)) : "none"],
      ["Why", about.rationale],
      ["Here", about.why],
    ];
    fill(this.info, h("dl", {}, rows.filter(([, text]) => text).map(([name, text]) =>
      [h("dt", { textContent: name }), h("dd", {}, text)])));
    if (!["derived", "choice"].includes(about.kind)) this.info.append(new Goal(this, this.link).element);
  }
}
