// The panel: puts the parts together and shows the state the kernel confirmed last.

function render({ model, el }) {
  const status = h("span", { className: "jc-status", role: "status" });
  const inApp = Boolean(document.body.dataset.voila);
  const lost = h("div", { className: "jc-lost", role: "alert", hidden: true },
    "The kernel does not answer. Everything shown is the last state that it confirmed; changes since then are not applied. ",
    inApp ? "A reload starts a new one, which offers this state. " : "Run the cell again (Ctrl+Enter): the panel that comes offers this state.",
    inApp ? h("button", { type: "button", className: "jc-button", textContent: "Reload", on: { click: () => location.reload() } }) : null);
  const typed = h("span", { className: "jc-typed-count" });
  const said = h("div", { className: "jc-kept", role: "status", hidden: true });
  let noted, keeping;
  const root = h("div", { className: "jc", "aria-label": "J-Curve workbench", role: "region" });
  root.addEventListener("jc-typed", () => {
    const count = root.querySelectorAll(".jc-number[data-typed]").length;
    typed.textContent = count ? `${counted(count, "value")} typed, not applied` : "";
  });

  const link = new Link(model, {
    onLost: (isLost) => {
      show(lost, isLost);
      root.classList.toggle("jc-is-lost", isLost);
      if (isLost) controls.release();
    },
    onNote: (text) => { fill(said, text); show(said, true); clearTimeout(noted); noted = setTimeout(() => show(said, false), 12000); },
    onBusy: (busy) => root.setAttribute("aria-busy", String(busy)),
  });
  const controls = new Controls(link);
  const tools = new Tools(link, { reveal: (key) => controls.reveal(key) });
  const trace = (asked) => tools.showTrace(asked);
  const cards = new Cards(link, trace);
  const pictures = new Pictures(link, tools);

  const start = h("select", { "aria-label": "Scenario to start from", on: { change: () => open() } });
  const open = async () => {
    const reply = await link.ask({ do: "open", name: start.value });
    if (!reply.ok) {
      status.textContent = reply.error.what;
      start.value = model.get("state").start;
    }
  };
  const action = (text, label, message) => press(text, () => link.ask(message), { title: label, "aria-label": label });
  // For who has no mouse: past the many controls at once; seen only when it has the focus.
  const skip = (text, place) => press(`Skip to ${text}`, () => root.querySelector(place)?.focus(), { className: "jc-button jc-skip" });
  const undo = action("↶ Undo", "Undo", { do: "undo" });
  const redo = action("↷ Redo", "Redo", { do: "redo" });
  const reset = action("↺ Reset all", "Set everything back", { do: "reset" });
  const kept = h("div", { className: "jc-kept", role: "status", hidden: true });

  root.append(
    h("div", { className: "jc-top" },
      h("strong", { className: "jc-name", textContent: "J-Curve" }),
      skip("numbers", ".jc-tile"), skip("pictures", ".jc-picture select"), skip("answers", ".jc-tabs [aria-selected=true]"),
      h("label", { className: "jc-start" }, "Scenario ", start),
      undo, redo, reset, typed, status),
    lost, kept, said,
    h("div", { className: "jc-main" }, controls.element,
      h("div", { className: "jc-right" }, cards.element, pictures.element, tools.element)));
  new Preview(root, link);
  if (inApp) root.classList.add("jc-in-app");
  else root.classList.add("jc-in-lab");

  listenToKeys(root, link);

  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  // A notebook has a theme of its own; on a page of its own the reader's system says.
  const dress = () => {
    const { jpThemeLight } = document.body.dataset;
    root.classList.toggle("jc-dark", root.classList.contains("jc-in-lab") && jpThemeLight ? jpThemeLight === "false" : dark.matches);
  };
  const themes = new MutationObserver(dress);
  themes.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-light"] });
  dark.addEventListener("change", dress);
  dress();

  // JupyterLab's address changes while one works; a tab has one memory there.
  const memory = `jcurve ${inApp ? location.pathname : "in a notebook"}`;
  root.dataset.memory = memory;

  /** Another scenario: its controls, and the state in them, whichever of the two came first. */
  function opened() {
    const schema = model.get("schema");
    controls.open(schema);
    cards.open(schema);
    pictures.open(schema);
    tools.open(schema);
    changed();
  }

  function changed() {
    const state = model.get("state");
    link.panel = { schema: model.get("schema"), state };
    if (start.dataset.names !== String(state.scenarios)) {
      start.dataset.names = String(state.scenarios);
      fill(start, state.scenarios.map((name) => h("option", { value: name, textContent: name.replaceAll("_", " ") })));
    }
    start.value = state.start;
    undo.disabled = !state.can_undo;
    redo.disabled = !state.can_redo;
    const number = state.changed.length;
    reset.disabled = !number;
    const schema = model.get("schema");
    say(status, `${schema.company} · reported to ${schema.data_through.replace("Q", " Q")} · valued ${state.valuation_date.replace("Q", " Q")} · ${number ? counted(number, "change") : "no change"} to ${state.start}`);
    cards.show(state.cards);
    pictures.show(state);
    controls.show(state);
    tools.show(state);
    root.dataset.serial = state.serial;
    root.dataset.hash = state.hash;
    clearTimeout(keeping);
    if (state.serial) keeping = setTimeout(() => keep(state), 0); // once the picture is drawn
  }

  /** Whether anybody is there: a panel of a saved notebook has no kernel, one that was restarted
   * another. */
  function hello() {
    const silent = setTimeout(() => link.lose(true), PATIENCE);
    link.ask({ do: "hello" }).then(() => clearTimeout(silent));
  }

  /** The changes outlive a reload of the page, for which the app starts a new kernel. */
  function keep(state) {
    try {
      sessionStorage.setItem(memory, JSON.stringify({ start: state.start, overrides: state.overrides }));
    } catch (error) { /* no storage: nothing is offered after a reload */ }
  }

  /** The address carries a state: open it, once. */
  async function followLink() {
    const said = await openLink(link, location.hash);
    history.replaceState(null, "", location.pathname + location.search);
    fill(kept, said ? `${said}. ` : "Opened the state of the link. ", h("button", { type: "button", className: "jc-button", textContent: "Close", on: { click: () => show(kept, false) } }));
    show(kept, true);
  }

  function offer() {
    let before = null;
    try {
      before = JSON.parse(sessionStorage.getItem(memory));
    } catch (error) { return; }
    const number = before ? Object.keys(before.overrides).length : 0;
    if (model.get("state").serial || !before || (!number && before.start === model.get("state").start)) return;
    const close = () => show(kept, false);
    fill(kept, `The state that was last confirmed here: ${number ? counted(number, "change") : "no change"} to ${before.start}. `,
      h("button", { type: "button", className: "jc-button", textContent: "Restore", on: { click: async () => { const reply = await link.ask({ do: "open", name: before.start, overrides: before.overrides }); if (reply.ok) close(); else fill(kept, reply.error.what); } } }), " ",
      h("button", { type: "button", className: "jc-button", textContent: "Leave", on: { click: close } }));
    show(kept, true);
  }

  model.on("comm_live_update", hello);
  model.on("change:schema", opened);
  model.on("change:state", changed);
  opened();
  if (location.hash.startsWith(LINK)) followLink();
  else offer();
  el.append(root);
  hello();
  return () => {
    link.close();
    themes.disconnect();
    dark.removeEventListener("change", dress);
    model.off("comm_live_update", hello);
    model.off("change:schema", opened);
    model.off("change:state", changed);
  };
}

export default { render };
