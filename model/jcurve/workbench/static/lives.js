// Changes of a useful life: from which quarter on, and how many years.

class LivesControl extends NumberControl {
  main() {
    const { about } = this;
    this.list = h("div", { className: "jc-lives" });
    this.add = press("Add a change", () => { this.more = true; this.draw(); this.list.querySelector(".jc-life-new select")?.focus(); });
    this.made = h("p", { className: "jc-made" });
    const next = about.slider ? h("div", { className: "jc-field" },
      h("span", { className: "jc-unit", textContent: `From ${about.period.replace("Q", " Q")}` }), this.sliderField(about.slider),
      this.told = h("output", { className: "jc-unit" })) : null;
    return h("div", {}, this.made, next, this.list, this.add);
  }

  texts() { return [...this.list.querySelectorAll("input")]; }

  was() { return "changed"; }

  release(fields) {
    this.drawn = "";
    super.release(fields);
  }

  slid(text) {
    this.told.textContent = `${text} years`;
    this.send([...this.rows.filter(([date]) => date !== this.about.period), [this.about.period, text]], true);
  }

  send(rows, dragging = false, field = null) {
    this.change({ do: "lives", key: this.about.key, rows }, dragging, field);
  }

  value(now) {
    this.rows = now.changes;
    if (this.slider) {
      this.slider.value = now.number ?? this.slider.min;
      const set = this.rows.some(([date]) => date === this.about.period);
      this.told.textContent = set ? `${now.number} years` : `as now: ${now.number} years`;
      this.slider.setAttribute("aria-valuetext", this.told.textContent);
    }
    const key = JSON.stringify(now.changes);
    if (key === this.drawn || this.texts().some((each) => each.dataset.typed)) return;
    this.drawn = key;
    this.more = false;
    this.draw();
  }

  /** Changes that were reported are told; later ones can be moved, changed and taken away. */
  draw() {
    const { about } = this;
    const reported = this.rows.filter(([date]) => date <= about.reported);
    const later = this.rows.filter(([date]) => date > about.reported);
    this.made.textContent = reported.length ? `Reported: ${reported.map(([date, life]) => `${life} years from ${date.replace("Q", " Q")}`).join(", ")}` : "";
    fill(this.list, later.map(([date, life]) => this.row(date, life)), this.more ? this.row("", "") : null);
    show(this.add, !this.more);
  }

  row(date, life) {
    const { about } = this;
    const others = this.rows.filter(([each]) => each !== date);
    const words = date ? `${about.label}, from ${date}` : `${about.label}, a new change`;
    const { year, quarter, put } = quarterFields({
      id: "", label: words, first: about.reported, last: about.last,
      onChange: (text) => { if (field.value.trim()) this.send([...others, [text, field.value]]); },
    });
    put(date || (others.some(([each]) => each === about.period) ? `${Number(about.period.slice(0, 4)) + 2}Q1` : about.period || about.last));
    const field = this.textField({ label: `${words}: years` });
    field.value = life;
    const ask = () => { if (field.dataset.typed) this.send([...others, [`${year.value}${quarter.value}`, field.value]], false, field); };
    field.addEventListener("change", (event) => { event.stopImmediatePropagation(); ask(); }, true);
    return h("div", { className: date ? "jc-field" : "jc-field jc-life-new" }, h("span", { className: "jc-unit", textContent: "From" }), year, quarter, field,
      h("span", { className: "jc-unit", textContent: "years" }),
      press("✕", () => { if (date) this.send(others); else { this.more = false; this.draw(); this.hint(); } }, { className: "jc-icon", title: "Take away", "aria-label": `Take away: ${words}` }));
  }
}
