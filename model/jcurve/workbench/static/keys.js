// Keys mean the same in a notebook as in the app: what is typed is taken on the key itself.

const TEXTS = "input[type=text], input[type=search], textarea";

/** Listen to the keys that a notebook or a browser would else keep for itself. */
function listenToKeys(root, link) {
  // In a notebook, keys on what has the focus would else be the notebook's own shortcuts.
  root.addEventListener("focusin", ({ target }) => { target.dataset.lmSuppressShortcuts = "true"; });
  root.addEventListener("keydown", (event) => {
    const { target } = event;
    const held = event.ctrlKey || event.metaKey;
    const key = event.key.toLowerCase();
    if (key === "enter" && !held && target.matches(TEXTS) && target.type !== "textarea") {
      // JupyterLab cancels the line break of which a browser makes a change or a submit.
      taken(event);
      commit(target);
    } else if (held && key === "s") {
      taken(event);
      commit(target);
      link.quiet().then(() => save(root, event));
    } else if (held && (key === "z" || key === "y") && !isTyping(target)) {
      taken(event);
      link.ask({ do: key === "y" || event.shiftKey ? "redo" : "undo" });
    }
  });
}

function taken(event) {
  event.preventDefault();
  event.stopPropagation();
}

/** A text that is not taken yet, or that stands for itself: a browser undoes within it. */
function isTyping(target) {
  return target.matches(TEXTS) && (Boolean(target.dataset.typed) || !target.matches(".jc-number"));
}

function commit(target) {
  if (target.form) target.form.requestSubmit();
  else if (target.matches(TEXTS)) target.dispatchEvent(new Event("change", { bubbles: true }));
}

/** In a notebook the notebook is saved, in the app what it shows. */
function save(root, { key, code, keyCode, ctrlKey, metaKey, shiftKey }) {
  if (root.classList.contains("jc-in-lab")) {
    const again = { key, code, keyCode, ctrlKey, metaKey, shiftKey, bubbles: true, cancelable: true };
    root.parentElement.dispatchEvent(new KeyboardEvent("keydown", again));
  } else {
    root.querySelector("[data-tab=save]")?.click();
    root.querySelector(".jc-tools .jc-pane:not([hidden]) input")?.focus();
  }
}
