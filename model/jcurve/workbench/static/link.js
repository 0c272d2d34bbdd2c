// The line to the kernel. Quick questions go one at a time, and of the moves that wait for
// one slider only the last is kept: the last position always wins, and none is shown that
// the kernel has not confirmed.

const PATIENCE = 6000; // ms without an answer after which the numbers are called stale

class Link {
  constructor(model, { onLost, onBusy, onNote }) {
    this.model = model;
    this.onLost = onLost;
    this.onBusy = onBusy;
    this.onNote = onNote;
    this.name = Math.random().toString(36).slice(2, 8);
    this.count = 0;
    this.waiting = []; // quick questions not yet sent
    this.flying = null; // the one that is
    this.slow = new Map(); // those that may take seconds, by number
    this.resting = []; // who waits until nothing quick is asked
    this.lost = false;
    this.listener = (message, buffers) => this.heard(message, buffers);
    model.on("msg:custom", this.listener);
  }

  /** Say something of what was just done. */
  note(text) { this.onNote(text); }

  close() {
    this.model.off("msg:custom", this.listener);
    clearTimeout(this.timer);
  }

  /** Ask; a promise of the reply, or of `{superseded: true}` where a later one replaced it. */
  ask(message, slot = "") {
    return new Promise((resolve) => {
      const older = slot && this.waiting.find((each) => each.slot === slot);
      if (older) {
        older.resolve({ superseded: true });
        older.message = message;
        older.resolve = resolve;
      } else {
        this.waiting.push({ message, slot, resolve });
      }
      this.next();
    });
  }

  /** Ask what may take seconds; `onProgress` is told of it in words. */
  askSlowly(message, onProgress = () => {}) {
    return new Promise((resolve) => {
      const n = this.number();
      this.slow.set(n, { resolve, onProgress });
      this.send({ ...message, n });
      this.watch();
    });
  }

  /** Whether anything of a slot waits or flies. */
  isBusy(slot) {
    return [this.flying, ...this.waiting].some((each) => each && each.slot === slot);
  }

  /** A promise of the moment at which nothing quick is asked. */
  quiet() {
    if (!this.flying && !this.waiting.length) return Promise.resolve();
    return new Promise((resolve) => { this.resting.push(resolve); });
  }

  number() {
    this.count += 1;
    return `${this.name}-${this.count}`;
  }

  send(message) {
    try {
      this.model.send(message);
    } catch (error) {
      this.lose(true);
    }
  }

  next() {
    if (this.flying || !this.waiting.length) {
      this.onBusy(Boolean(this.flying));
      if (!this.flying) for (const resolve of this.resting.splice(0)) resolve();
      return;
    }
    this.flying = this.waiting.shift();
    this.flying.n = this.number();
    this.onBusy(true);
    this.send({ ...this.flying.message, n: this.flying.n });
    this.watch();
  }

  watch() {
    clearTimeout(this.timer);
    if (this.flying) {
      this.timer = setTimeout(() => this.lose(true), this.slow.size ? 6 * PATIENCE : PATIENCE);
    }
  }

  /** What was asked stays asked: a kernel that comes back answers it, one that died does not. */
  lose(lost) {
    if (lost) this.onBusy(false);
    if (lost !== this.lost) {
      this.lost = lost;
      this.onLost(lost);
    }
  }

  /** A reply is heard once the state that it speaks of is here: the two come on their own ways. */
  heard(reply, buffers) {
    const behind = () => reply.serial > this.model.get("state").serial;
    if (reply && behind()) {
      const here = () => {
        if (behind()) return;
        this.model.off("change:state", here);
        this.take(reply, buffers);
      };
      this.model.on("change:state", here);
    } else {
      this.take(reply, buffers);
    }
  }

  take(reply, buffers) {
    if (!reply || typeof reply.n !== "string" || !reply.n.startsWith(`${this.name}-`)) return;
    this.lose(false);
    const slow = this.slow.get(reply.n);
    if (slow) {
      if (reply.progress !== undefined) {
        slow.onProgress(reply.progress);
        return;
      }
      this.slow.delete(reply.n);
      slow.resolve({ ...reply, buffers });
    } else if (this.flying && this.flying.n === reply.n) {
      const { resolve } = this.flying;
      this.flying = null;
      resolve(reply);
    }
    this.watch();
    this.next();
  }
}
