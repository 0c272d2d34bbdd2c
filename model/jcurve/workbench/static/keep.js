// Keeping a state: reasons, files of one's own, a link that carries it, the report and the workbook.

const LINK = "#jcurve=";

/** Text as letters that stand in an address, and back. */
const packed = (value) => btoa(String.fromCharCode(...new TextEncoder().encode(JSON.stringify(value)))).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
const unpacked = (text) => JSON.parse(new TextDecoder().decode(Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (each) => each.charCodeAt(0))));

const field = (label, placeholder, wide = "") => h("input", { type: "text", className: `jc-text ${wide}`, "aria-label": label, placeholder, autocomplete: "off" });

/** Open the state that a link or its letters carry; what went wrong, in words, or nothing. */
async function openLink(link, text) {
  let sent;
  try {
    sent = unpacked(text.trim().slice(text.trim().lastIndexOf("=") + 1));
    if (typeof sent.start !== "string") throw new Error("no scenario");
  } catch (error) {
    return "This is no link of the workbench: copy all of it";
  }
  const opened = await link.ask({ do: "open", name: sent.start, overrides: sent.overrides, notes: sent.notes });
  if (!opened.ok) return opened.error.what;
  if (sent.pictures) await link.ask({ do: "look", pictures: sent.pictures, cards: sent.cards });
  const here = await link.ask({ do: "link" });
  return here.ok && here.result.hash !== sent.hash ? `Opened, but the numbers may differ: this project's ${sent.start} is not the one the link was made from` : "";
}

class Keep {
  constructor(tools) {
    this.tools = tools;
    this.link = tools.link;
    this.element = h("div");
  }

  again() { if (this.state) this.showNotes(this.state); }

  open(schema) {
    this.schema = schema;
    this.shown = null;
    this.name = h("input", { type: "text", className: "jc-text", id: freshId("name"), placeholder: "small_letters_and_digits", autocomplete: "off" });
    this.reason = h("input", { type: "text", className: "jc-text jc-wide", id: freshId("reason"), placeholder: "Why these values", autocomplete: "off" });
    this.said = h("div", { role: "status" });
    this.making = h("div");
    this.saveButton = h("button", { type: "submit", className: "jc-button", textContent: "Save scenario" });
    this.updateButton = press("Update", () => this.manage({ what: "update", name: this.state.start, reason: this.reason.value }, (made) => `Updated ${made.name}.`));
    this.changes = h("div", { className: "jc-notes" });
    this.copy = press("Copy as YAML", () => this.yaml());
    this.received = field("Link to open", "Paste a link here");
    this.which = h("select", { "aria-label": "Scenario to manage", on: { change: () => this.fit() } });
    this.renamed = field("New name", "new_name");
    this.renameButton = press("Rename", () => this.manage({ what: "rename", name: this.which.value, new: this.renamed.value.trim() }, (made) => `Renamed to ${made.name}.`));
    this.deleteButton = press("Delete", () => this.remove());
    const copyButton = press("Duplicate", () => this.manage({ what: "copy", name: this.which.value, new: this.renamed.value.trim() }, (made) => `Saved as ${made.name}.`));
    const submit = (act) => ({ submit: (event) => { event.preventDefault(); act(); } });
    fill(this.element, this.changes,
      h("form", { className: "jc-form", on: submit(() => this.save()) },
        h("label", { htmlFor: this.name.id, textContent: "Name" }), this.name,
        h("label", { htmlFor: this.reason.id, textContent: "Reason" }), this.reason, this.saveButton, this.updateButton),
      h("div", { className: "jc-form" }, this.copy,
        schema.offers.report ? press("Render report", () => this.files("report", "Rendering the report of this state")) : null,
        schema.offers.workbook ? press("Excel workbook", () => this.files("workbook", "Writing the workbook of this state")) : null,
        press("Copy link", (event) => this.share(event.target)), press("Print", () => window.print())),
      h("form", { className: "jc-form", on: submit(() => this.receive()) },
        h("span", { textContent: "A link from a colleague" }), this.received, h("button", { type: "submit", className: "jc-button", textContent: "Open link" })),
      h("div", { className: "jc-form" }, h("span", { textContent: "Scenario" }), this.which, copyButton, this.renameButton, h("span", { textContent: "as" }), this.renamed, this.deleteButton),
      this.making, this.said);
  }

  words(text, ...more) { fill(this.said, h("p", { textContent: text }), more); }

  failed(reply) { fill(this.said, h("p", { className: "jc-refusal", role: "alert", textContent: `${reply.error.what}.` })); }

  async save() {
    const reply = await this.link.ask({ do: "save", name: this.name.value.trim(), reason: this.reason.value });
    if (!reply.ok) return this.failed(reply);
    const { name, file } = reply.result;
    await this.link.ask({ do: "open", name });
    return this.words(`Saved as ${name} in ${file}, and open now. It runs as any scenario: jcurve report -s ${name}`);
  }

  async manage(message, told) {
    const reply = await this.link.ask({ do: "manage", ...message });
    if (reply.ok) this.words(told(reply.result));
    else this.failed(reply);
    return reply;
  }

  async remove() {
    const reply = await this.manage({ what: "delete", name: this.which.value }, (made) => `Deleted ${made.name}.`);
    if (!reply.ok) return;
    const { name, text } = reply.result;
    this.said.append(press("Undo", () => this.manage({ what: "restore", name, text }, () => `${name} is back.`), { "aria-label": `Undo deleting ${name}` }));
  }

  async yaml() {
    const reply = await this.link.ask({ do: "yaml", name: this.name.value.trim(), reason: this.reason.value });
    if (!reply.ok) return this.failed(reply);
    this.words("The scenario file of this state:", h("pre", { className: "jc-yaml", tabIndex: 0, textContent: reply.result }));
    return copyText(reply.result, this.copy);
  }

  async share(pressed) {
    const reply = await this.link.ask({ do: "link" });
    if (!reply.ok) return this.failed(reply);
    const { pictures, cards } = this.state;
    const sent = { ...reply.result, pictures: pictures.map((each) => [each.name, each.side]), cards: cards.map((each) => each.name) };
    const text = `${location.origin}${location.pathname}${LINK}${packed(sent)}`;
    this.words("Whoever has the same project opens it in a workbench of theirs, or pastes it there under “A link from a colleague”. It carries the state itself; nothing is kept on a server.",
      h("pre", { className: "jc-yaml", tabIndex: 0, textContent: text }));
    return copyText(text, pressed);
  }

  async receive() {
    const said = await openLink(this.link, this.received.value);
    this.words(said ? `${said}.` : "Opened the state of the link.");
    if (!said) this.received.value = "";
  }

  /** Make files beside the panel; several may be made at once, each says how far it is. */
  async files(what, doing) {
    const begun = Date.now(), step = h("span"), clock = h("span", { className: "jc-quiet", "aria-hidden": "true" });
    const row = h("div", { role: "status" }, h("p", {}, `${doing} … `, step, clock));
    this.making.prepend(row);
    const ticking = setInterval(() => say(clock, ` ${Math.round((Date.now() - begun) / 1000)} s`), 1000);
    const reply = await this.link.askSlowly({ do: what }, (text) => say(step, text));
    clearInterval(ticking);
    if (!reply.ok) return fill(row, h("p", { className: "jc-refusal", role: "alert", textContent: `${reply.error.what}.` }));
    const links = reply.result.files.map((file, at) => press(file.type === "text/html" ? "Open the page" : `Download ${file.name}`, () => handOver(file, reply.buffers[at])));
    if (links.length === 1) handOver(reply.result.files[0], reply.buffers[0]);
    return fill(row, h("p", { textContent: reply.result.name ? `Published as edition ${reply.result.name}.` : "Ready." }), links);
  }

  fit() {
    const own = this.state.own.includes(this.which.value);
    for (const each of [this.renameButton, this.deleteButton]) {
      each.disabled = !own;
      each.title = own ? "" : "It comes with J-Curve: duplicate it";
    }
  }

  show(state) {
    this.state = state;
    const changed = Object.keys(state.overrides).length > 0;
    this.saveButton.disabled = this.copy.disabled = !changed;
    this.saveButton.title = changed ? "" : "Nothing is changed";
    show(this.updateButton, state.own.includes(state.start));
    this.updateButton.disabled = !changed;
    this.updateButton.textContent = `Update ${state.start}`;
    if (this.which.dataset.names !== String([state.scenarios, state.own])) {
      const { value } = this.which;
      this.which.dataset.names = String([state.scenarios, state.own]);
      fill(this.which, state.scenarios.map((name) => h("option", { value: name, textContent: name.replaceAll("_", " ") })));
      this.which.value = state.scenarios.includes(value) ? value : state.start;
    }
    this.fit();
    this.showNotes(state);
  }

  /** A field for the reason of each change; the one reason stands for those without. Only while
   * somebody can see them: a browser reads all fields of a page again when one is new. */
  showNotes(state) {
    if (this.element.closest("[hidden]")) return;
    const own = state.differences.filter((each) => each.own);
    const token = JSON.stringify([own.map((each) => [each.key, each.before, each.after]), state.notes]);
    if (token === this.shown || this.changes.contains(document.activeElement)) return;
    this.shown = token;
    fill(this.changes, own.length ? h("table", { className: "jc-table jc-differences" },
      h("caption", { textContent: `Changed since ${state.start} was opened; a reason of its own for each is optional` }),
      h("tbody", {}, own.map((each) => {
        const note = field(`Reason for ${each.label}`, "Why", "jc-wide");
        note.value = state.notes[each.key] || "";
        note.addEventListener("change", () => this.link.ask({ do: "note", key: each.key, text: note.value }));
        return h("tr", {}, h("th", { scope: "row" }, h("button", { type: "button", className: "jc-link", textContent: each.label, title: each.key, on: { click: () => this.tools.reveal(each.key) } })),
          h("td", { className: "jc-quiet", textContent: `${each.before} → ${each.after}` }), h("td", {}, note),
          h("td", {}, h("button", { type: "button", className: "jc-icon", textContent: "↺", title: "Set back", "aria-label": `Set back: ${each.label}`, on: { click: () => this.link.ask({ do: "reset", key: each.key }) } })));
      }))) : h("p", { className: "jc-quiet", textContent: `Nothing is changed since ${state.start} was opened.` }));
  }
}
