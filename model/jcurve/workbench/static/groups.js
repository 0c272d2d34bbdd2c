// All controls, found by group or by search.

/** All controls, in groups that are built when they are opened, with a search over them. */
class Controls {
  constructor(link) {
    this.link = link;
    this.built = new Map();
    this.values = {};
    this.positions = {};
    this.search = h("input", {
      type: "search", className: "jc-search", placeholder: "Search assumptions",
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
    body.append(...group.keys.map((key) => this.make(key, `group ${at}`).element));
  }

  /** The control of a key at a place; the same key may stand in several. */
  make(key, place) {
    const name = `${place} ${key}`;
    let made = this.built.get(name);
    if (!made) {
      made = new Control(this.schema.controls[key], this.link);
      made.show(this.values, this.positions);
      this.built.set(name, made);
    }
    return made;
  }

  show(values, positions) {
    this.values = values;
    this.positions = positions;
    for (const control of this.built.values()) control.show(values, positions);
    for (const group of this.groups) {
      const changed = group.keys.filter((key) => key in values).length;
      group.mark.textContent = changed ? `${changed} of ${group.keys.length} changed` : String(group.keys.length);
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
    const has = (text) => words.every((word) => text.toLowerCase().includes(word));
    const hits = [...all.filter((each) => has(`${each.key} ${each.label}`)),
      ...all.filter((each) => !has(`${each.key} ${each.label}`) && has(`${each.key} ${each.label} ${each.rationale}`))];
    this.count.textContent = `${hits.length} of ${all.length}${hits.length > shown ? `, the first ${shown} shown` : ""}`;
    fill(this.list, hits.slice(0, shown).map((each) => this.make(each.key, "search").element));
  }

  /** Bring the control of a key into view. */
  reveal(key) {
    this.search.value = key;
    this.find();
    const control = this.built.get(`search ${key}`);
    control?.element.scrollIntoView({ block: "nearest" });
    (control?.slider || control?.input)?.focus();
  }
}
