// A control of its own kind for each assumption: a number, a date, a switch, a choice, what a mix
// leaves. Lives, paths and mixes have files of their own.

class NumberControl extends Control {
  main() {
    const { about } = this;
    this.input = this.textField({ id: this.id });
    return h("div", { className: "jc-field" }, about.slider ? this.sliderField(about.slider) : null,
      this.input, h("span", { className: "jc-unit", textContent: about.unit }));
  }

  sliderField({ min, max, step, low, high }) {
    const { about } = this;
    const share = (value) => Math.max(0, Math.min(1, (value - min) / (max - min)));
    const spoken = (value) => united(this.say(value), about.unit);
    this.slider = h("input", {
      type: "range", className: "jc-slider", min, max, step,
      "aria-label": about.label, "aria-describedby": this.refusal.id,
      title: `Range of the evidence${about.period ? ` from ${about.period}` : ""}: ${spoken(low)} to ${spoken(high)}`,
      on: {
        ...this.gestures(),
        input: () => {
          const text = this.say(this.slider.value);
          this.slider.setAttribute("aria-valuetext", spoken(this.slider.value));
          this.slid(text);
        },
      },
    });
    this.slider.style.setProperty("--low", share(low));
    this.slider.style.setProperty("--high", share(high));
    return this.slider;
  }

  /** A value of the slider as text. */
  say(value) { return String(Number(Number(value).toFixed(decimalsOf(this.about.slider.step)))); }

  slid(text) {
    this.input.value = text;
    this.set(text, true);
  }

  value(now) {
    super.value(now);
    if (!this.slider) return;
    this.slider.value = now.number;
    this.slider.setAttribute("aria-valuetext", united(now.text, this.about.unit));
  }
}

/** A quarter of a year: one choice for the year, one for the quarter. */
function quarterFields({ id, label, first, last, onChange }) {
  const from = Number(first.slice(0, 4)), to = Number(last.slice(0, 4));
  const years = Array.from({ length: to - from + 1 }, (_, at) => String(from + at));
  const on = { change: () => onChange(`${year.value}${quarter.value}`) };
  const year = h("select", { id, "aria-label": `${label}, year`, on }, years.map((each) => h("option", { value: each, textContent: each })));
  const quarter = h("select", { "aria-label": `${label}, quarter`, on }, ["Q1", "Q2", "Q3", "Q4"].map((each) => h("option", { value: each, textContent: each })));
  const put = (text) => { [year.value, quarter.value] = [text.slice(0, 4), text.slice(4)]; };
  return { year, quarter, put };
}

class DateControl extends NumberControl {
  main() {
    const { about } = this;
    const [first, last] = about.bounds;
    this.fields = quarterFields({ id: this.id, label: about.label, first, last, onChange: (text) => this.set(text) });
    this.input = this.fields.year;
    return h("div", { className: "jc-field" }, about.slider ? this.sliderField(about.slider) : null,
      this.fields.year, this.fields.quarter);
  }

  texts() { return []; }

  say(value) { return quarterLabel(Number(value)); }

  slid(text) {
    this.fields.put(text);
    this.set(text, true);
  }

  value(now) {
    this.fields.put(now.text);
    if (this.slider) this.slider.value = now.number;
    this.slider?.setAttribute("aria-valuetext", now.text);
  }
}

class SwitchControl extends Control {
  main() {
    this.input = h("input", {
      type: "checkbox", id: this.id, "aria-describedby": this.refusal.id,
      on: { change: () => this.set(this.input.checked ? "on" : "off") },
    });
    this.word = h("span", { className: "jc-unit" });
    return h("div", { className: "jc-field" }, this.input, this.word);
  }

  was() { return `changed from ${this.about.number === 1 ? "on" : "off"}`; }

  value(now) {
    this.input.checked = now.number === 1;
    this.word.textContent = now.number === 1 ? "on" : "off";
  }
}

class ChoiceControl extends Control {
  main() {
    this.input = h("select", {
      id: this.id, "aria-describedby": this.refusal.id,
      on: { change: () => this.set(this.input.value) },
    }, this.about.choices.map((name) => h("option", { value: name, textContent: name.replaceAll("_", " ") })));
    return h("div", { className: "jc-field" }, this.input);
  }

  was() { return `changed from ${this.about.text.replaceAll("_", " ")}`; }

  value(now) { this.input.value = now.text; }
}

class DerivedControl extends Control {
  main() {
    this.input = h("output", { id: this.id, className: "jc-derived" });
    return h("div", { className: "jc-field" }, this.input,
      h("span", { className: "jc-unit", textContent: `${this.about.unit} (what the others leave)` }));
  }

  texts() { return []; }

  was() { return ""; }

  value(now) {
    const held = this.state.ends[this.about.key]?.rows || {};
    const period = now.rows && this.about.periods.filter((each) => !(each in held)).pop();
    this.input.textContent = period ? `${period}: ${now.rows[period]}` : now.text;
  }
}
