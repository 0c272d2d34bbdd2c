// All controls, found by group or by search.

const KINDS = {
  number: NumberControl, date: DateControl, switch: SwitchControl, choice: ChoiceControl,
  derived: DerivedControl, changes: LivesControl, path: PathControl,
};

/** All controls, in groups that are built when they are opened, with a search over them. */
class Controls {
  constructor(link) {
    this.link = link;
    this.built = new Map();
    this.search = h("input", {
      type: "search", className: "jc-search", placeholder: "Search: discount rate, chip life, a source …",
      "aria-label": "Search assumptions", on: { input: () => this.find() },
    });
    this.count = h("p", { className: "jc-count", role: "status" });
    this.list = h("div", { className: "jc-groups" });
    this.element = h("section", { className: "jc-left", "aria-label": "Assumptions" }, this.search, this.count, this.list);
  }

  /** Begin with the controls of a scenario. */
  open(schema) {
    this.schema = schema;
    this.built.clear();
    this.state = null;
    this.mixes = new Map(schema.mixes.flatMap((mix) => mix.members.map((key) => [key, mix])));
    this.groups = schema.groups.map((group, at) => {
      const body = h("div", { className: "jc-group-body" });
      const mark = h("span", { className: "jc-group-count" });
      const element = h("details", { className: "jc-group" },
        h("summary", {}, h("span", { textContent: group.title }), mark), body);
      element.addEventListener("toggle", () => { if (element.open) this.build(group, body, at); });
      return { ...group, element, body, mark, at };
    });
    this.find();
    this.groups[0].element.open = true;
    this.build(this.groups[0], this.groups[0].body, 0);
  }

  build(group, body, at) {
    if (body.childElementCount) return;
    body.append(...this.elements(group.keys, `group ${at}`));
  }

  /** The elements of some keys at a place: those of a mix come together, once. */
  elements(keys, place) {
    const parts = keys.map((key) => this.make(this.mixes.get(key) || key, place).element);
    return [...new Set(parts)];
  }

  /** The control of a key or a mix at a place; the same may stand in several. */
  make(what, place) {
    const name = `${place} ${what.title ? what.members.join() : what}`;
    let made = this.built.get(name);
    if (!made) {
      const control = (key) => {
        const about = this.schema.controls[key];
        return new KINDS[about.kind](about, this.link, (other) => this.reveal(other));
      };
      made = what.title ? new MixControl(what, what.members.map(control), this.link) : control(what);
      if (this.state) made.show(this.state);
      this.built.set(name, made);
    }
    return made;
  }

  show(state) {
    this.state = state;
    for (const control of this.built.values()) control.show(state);
    for (const group of this.groups) {
      const changed = group.keys.filter((key) => state.changed.includes(key)).length;
      say(group.mark, changed ? `${changed} of ${group.keys.length} changed` : String(group.keys.length));
    }
  }

  release() {
    for (const control of this.built.values()) control.release();
  }

  find() {
    const words = this.search.value.toLowerCase().split(/\s+/).filter(Boolean);
    if (!words.length) {
      this.count.textContent = "";
      fill(this.list, this.groups.map((group) => group.element));
      return;
    }
    const shown = 40;
    const all = Object.values(this.schema.controls);
    const { words: trade, sources } = this.schema;
    const has = (text) => words.every((word) => text.toLowerCase().includes(word));
    const named = (each) => `${each.key} ${each.label} ${each.says}`;
    const cited = (each) => each.source.map((id) => `${id} ${sources[id]?.title || ""}`).join(" ");
    // What the trade means by a word first, then names, then reasons and sources.
    const rank = (each) => [trade[each.key] || "", named(each), `${named(each)} ${each.rationale} ${trade[each.key] || ""} ${cited(each)}`].findIndex(has);
    const hits = all.map((each) => [rank(each), each]).filter(([at]) => at >= 0).sort(([a], [b]) => a - b).map(([, each]) => each);
    this.count.textContent = `${hits.length} of ${all.length}${hits.length > shown ? `, the first ${shown} shown` : ""}`;
    fill(this.list, this.elements(hits.slice(0, shown).map((each) => each.key), "search"));
  }

  /** Bring the control of a key into view. */
  reveal(key) {
    this.search.value = key;
    this.find();
    const element = this.list.querySelector(`[data-key="${key}"]`);
    element?.scrollIntoView({ block: "nearest" });
    element?.querySelector(".jc-field input, .jc-field select, .jc-field button")?.focus();
  }
}
