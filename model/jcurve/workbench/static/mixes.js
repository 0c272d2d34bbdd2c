// Shares of one whole: a bar of all of them, and the controls of each. One takes what the others
// leave; typed itself, it keeps the others' proportions.

class MixControl {
  constructor(mix, members, link) {
    this.mix = mix;
    this.members = members;
    this.link = link;
    this.bar = h("div", { className: "jc-mix-bar", role: "img" });
    this.key = h("p", { className: "jc-mix-key" });
    const title = h("h3", { className: "jc-mix-title", textContent: `${mix.title}: parts of one whole` });
    const rest = members.find((each) => each.about.key === mix.remainder);
    if (rest && !rest.about.periods) this.shareOut(rest);
    this.element = h("div", { className: "jc-mix", role: "group", "aria-label": mix.title }, title, this.bar, this.key, members.map((each) => each.element));
  }

  /** The remainder can be typed too: the others then share what is left as they did. */
  shareOut(rest) {
    const field = rest.textField({ label: `${rest.about.label}: set it, and keep the others' proportions` });
    rest.set = (text, dragging, period, from) => rest.change({ do: "share_out", key: rest.about.key, text }, false, from);
    rest.texts = () => [field];
    rest.value = (now) => { if (!field.dataset.typed) field.value = now.text; };
    rest.input.replaceWith(field);
    rest.input = field;
    field.id = rest.id;
  }

  show(state) {
    for (const each of this.members) each.show(state);
    const { about } = this.members[0];
    const period = (about.periods || []).filter((each) => !(each in (state.ends[about.key]?.rows || {}))).pop();
    const shares = this.members.map(({ about: own }, at) => {
      const now = state.values[own.key] || own;
      return { label: this.mix.names[at], share: Number(now.rows ? now.rows[period] : now.text) };
    });
    const told = JSON.stringify(shares);
    if (told === this.told) return;
    this.told = told;
    fill(this.bar, shares.map(({ share }, at) => {
      const part = h("span", { className: `jc-mix-part jc-mix-${at % 6}` });
      part.style.width = `${share}%`;
      return part;
    }));
    const words = shares.map(({ label, share }) => `${label} ${Number(share.toFixed(1))}%`);
    this.bar.setAttribute("aria-label", `${this.mix.title}${period ? ` in ${period}` : ""}: ${words.join(", ")}`);
    fill(this.key, period ? `${period}: ` : "", words.map((text, at) => [h("span", { className: `jc-mix-swatch jc-mix-${at % 6}` }), `${text} `]));
  }

  release() { for (const each of this.members) each.release(); }
}
