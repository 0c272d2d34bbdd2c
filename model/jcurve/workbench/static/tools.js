// Below the pictures: what each change is worth, what matters, cases, what must be true, trace,
// saving.
// An answer belongs to the state it was asked of; when the state moves on, it says so.

class Tools {
  constructor(link, { reveal }) {
    this.link = link;
    this.reveal = reveal;
    this.tabs = new Map();
    this.bar = h("div", { className: "jc-tabs", role: "tablist", "aria-label": "Analysis" });
    this.panes = h("div", { className: "jc-panes" });
    this.element = h("section", { className: "jc-tools", "aria-label": "Analysis" }, this.bar, this.panes);
    this.worth = this.follower("worth", "What each change is worth", new Worth(this));
    this.matters = this.follower("matters", "What matters here", new Matters(this));
    this.compare = this.follower("compare", "Compare", new Compare(this));
    this.solve = this.add("solve", "What must be true");
    this.trace = this.add("trace", "Trace");
    this.save = this.follower("save", "Save and share", new Keep(this));
    this.fillSolve();
    fill(this.trace.pane, h("p", { className: "jc-quiet", textContent: "Choose a headline number, or a number under “Numbers”, to see what it rests on." }));
    this.followers = [this.worth, this.matters, this.compare, this.save];
    this.select("worth");
  }

  add(name, title) {
    const id = freshId("tab");
    const pane = h("div", { className: "jc-pane", role: "tabpanel", id: `${id}-pane`, "aria-labelledby": id, tabIndex: 0, hidden: true });
    const tab = h("button", {
      type: "button", id, role: "tab", textContent: title, "aria-controls": pane.id, data: { tab: name },
      on: { click: () => this.select(name), keydown: (event) => this.walk(event, name) },
    });
    this.bar.append(tab);
    this.panes.append(pane);
    const made = { tab, pane, title, stale: null };
    this.tabs.set(name, made);
    return made;
  }

  /** A tab whose answer follows the state by itself. */
  follower(name, title, part) {
    const made = this.add(name, title);
    fill(made.pane, part.element);
    return { ...made, part };
  }

  select(name) {
    for (const [each, { tab, pane }] of this.tabs) {
      tab.setAttribute("aria-selected", String(each === name));
      tab.tabIndex = each === name ? 0 : -1;
      show(pane, each === name);
    }
    for (const { part } of this.followers || []) part.again();
  }

  walk(event, name) {
    const names = [...this.tabs.keys()];
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const next = names[(names.indexOf(name) + step + names.length) % names.length];
    this.select(next);
    this.tabs.get(next).tab.focus();
    event.preventDefault();
  }

  open(schema) {
    this.schema = schema;
    for (const { part } of this.followers) part.open(schema);
    fill(this.keys, Object.values(schema.controls).filter((each) => !["derived", "changes", "choice"].includes(each.kind))
      .map((each) => h("option", { value: each.key, textContent: each.label })));
  }

  /** Show a state; answers about an earlier one are marked. */
  show(state) {
    this.state = state;
    const number = state.differences.length;
    say(this.worth.tab, number ? `What each change is worth (${number})` : "What each change is worth");
    say(this.compare.tab, state.pins.length ? `Compare (${state.pins.length})` : "Compare");
    for (const { part } of this.followers) part.show(state);
    for (const each of [this.solve, this.trace]) {
      if (each.stale) show(each.stale, each.hash !== `${state.hash} ${state.view}`);
    }
  }

  /** Put an answer into a tab, with the note that shows when the state has moved on. */
  answer(tab, place, again, ...children) {
    tab.hash = `${this.state.hash} ${this.state.view}`;
    tab.stale = h("p", { className: "jc-stale", role: "status", hidden: true }, "The state has changed since. ",
      h("button", { type: "button", className: "jc-link", textContent: "Ask again", on: { click: again } }));
    fill(place, tab.stale, ...children);
  }

  failed(place, reply) {
    fill(place, h("p", { className: "jc-refusal", role: "alert", textContent: reply.error.what }));
  }

  async work(place, message, onProgress) {
    fill(place, h("p", { className: "jc-quiet", role: "status", textContent: "Working …" }));
    return this.link.askSlowly(message, onProgress || (() => {}));
  }

  // ---- questions -------------------------------------------------------------------------

  fillSolve() {
    this.keys = h("datalist", { id: freshId("keys") });
    const key = h("input", { type: "text", className: "jc-text jc-key", id: freshId("key"), list: this.keys.id, value: "advertising.compute_elasticity", autocomplete: "off" });
    const target = h("input", { type: "text", className: "jc-text", id: freshId("target"), value: "npv=0", autocomplete: "off" });
    const place = h("div");
    const ask = async () => {
      const reply = await this.work(place, { do: "solve", key: this.keyOf(key.value), target: target.value.trim() });
      if (!reply.ok) this.failed(place, reply);
      else this.answer(this.solve, place, ask, ...solutionOf(reply.result, this.link));
    };
    fill(this.solve.pane, h("form", { className: "jc-form", on: { submit: (event) => { event.preventDefault(); ask(); } } },
      h("label", { htmlFor: key.id, textContent: "What must" }), key, this.keys,
      h("label", { htmlFor: target.id, textContent: "be for" }), target,
      h("button", { type: "submit", className: "jc-button", textContent: "Solve" }),
      h("span", { className: "jc-quiet", textContent: "such as npv=0, irr=wacc, payback=2036Q4" })), place);
  }

  /** The key of what is typed: itself, or that of a label. */
  keyOf(text) {
    const wanted = text.trim().toLowerCase();
    return Object.values(this.schema.controls).find((each) => each.label.toLowerCase() === wanted)?.key || text.trim();
  }

  async showTrace(asked) {
    this.select("trace");
    const { pane } = this.trace;
    const reply = await this.work(pane, { do: "trace", ...asked });
    if (!reply.ok) this.failed(pane, reply);
    else this.answer(this.trace, pane, () => this.showTrace(asked), traceTree(reply.result, (next) => this.showTrace({ side: asked.side, ...next })));
  }
}
