// A line chart drawn from points and words, at the size it has: direct labels where there is
// room, the values under the mouse or the arrow keys, and a band behind the present curve.

const LOOKS = { "now go_forward": "3.5 2.5", base: "5.6 2.2", pin0: "8.4 2 1.7 2", pin1: "2 2", pin2: "12 2.8" };
const PER_CHARACTER = 6.3;
const LINE_HEIGHT = 14.5;
const DIGITS = new Map(); // a format by decimals: making one is dear

const escaped = (text) => String(text).replace(/[&<>"]/g, (sign) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[sign]);

/** A number with a true minus and groups of thousands. */
function written(value, decimals = 0, percent = false) {
  const scaled = percent ? value * 100 : value;
  if (!DIGITS.has(decimals)) DIGITS.set(decimals, new Intl.NumberFormat("en-US", { minimumFractionDigits: decimals, maximumFractionDigits: decimals }));
  const text = DIGITS.get(decimals).format(Math.abs(scaled));
  return `${scaled < 0 && /[1-9]/.test(text) ? "−" : ""}${text}${percent ? "%" : ""}`;
}

/** At most three digits that count, none before the point lost. */
function compact(value, percent = false) {
  if (percent) return written(value, 1, true);
  if (Math.abs(value) < 1e-9) return "0";
  const rounded = Number(value.toPrecision(3));
  return written(rounded, Math.max(0, 2 - Math.floor(Math.log10(Math.abs(rounded)))));
}

/** Round values from `low` or below to `high` or above, evenly apart. */
function niceTicks(low, high, about) {
  if (high - low <= 1e-12 * Math.max(1, Math.abs(high), Math.abs(low))) [low, high] = [low - 1, high + 1];
  const raw = (high - low) / about;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 2.5, 5, 10].map((each) => each * power).find((each) => each >= raw * (1 - 1e-9));
  const ticks = [];
  for (let at = Math.floor(low / step + 1e-9); at <= Math.ceil(high / step - 1e-9); at += 1) ticks.push(Number((at * step).toPrecision(12)));
  return ticks;
}

const quarterAt = (time) => `${Math.floor(time + 1e-9)} Q${Math.floor((time + 1e-9 - Math.floor(time + 1e-9)) * 4) + 1}`;

class LineChart {
  /** `height` in pixels, by the width. */
  constructor({ height = () => 340 } = {}) {
    this.height = height;
    this.tip = h("div", { className: "jc-tip", role: "status", hidden: true });
    // Parts of a drawing that are the same as before are left as they are.
    this.parts = Array.from({ length: 4 }, () => svg("g"));
    this.cross = svg("path", { class: "jc-axis jc-cross", visibility: "hidden" });
    this.svg = svg("svg", { class: "jc-svg", role: "img" });
    this.svg.append(...this.parts, this.cross);
    this.legend = h("p", { className: "jc-legend", hidden: true });
    this.drawn = h("div", { className: "jc-drawn" }, this.svg, this.legend);
    this.element = h("div", {
      className: "jc-drawing",
      on: {
        pointermove: (event) => this.point(event.clientX),
        pointerleave: () => this.point(null),
        keydown: (event) => this.walk(event),
        blur: () => this.point(null),
      },
    }, this.drawn, this.tip);
    this.element.tabIndex = 0;
    this.element.setAttribute("role", "group");
    this.element.setAttribute("aria-label", "Picture; left and right arrow tell its values");
    this.element.dataset.lmSuppressShortcuts = "true";
    this.watcher = new ResizeObserver(([{ contentRect }]) => {
      if (!this.data || !contentRect.width || contentRect.width === this.width) return;
      this.width = contentRect.width;
      this.draw();
    });
    this.watcher.observe(this.element);
  }

  show(data) {
    this.data = data;
    this.draw();
  }

  draw() {
    const { data } = this;
    const width = this.width ||= this.element.clientWidth || 800;
    const height = this.height(width);
    const named = data.curves.filter((curve) => curve.y.some((y) => y !== null));
    const values = named.flatMap((curve) => curve.y.filter((y) => y !== null)).concat(data.band ? [...data.band.low, ...data.band.high] : []);
    let low = Math.min(0, ...values), high = Math.max(0, ...values);
    if (data.marks.some((mark) => mark.below)) low -= 0.09 * (high - low);
    const ticks = niceTicks(low, high, height < 260 ? 4 : 6);
    const longest = Math.max(0, ...data.curves.map((curve) => curve.label.length));
    this.beside = width >= 480;
    const room = this.beside ? Math.min(Math.max(longest * PER_CHARACTER + 22, 112), 200) : 14;
    const [left, top, bottom, right] = [58, 16, 26, width - room];
    [low, high] = [ticks[0], ticks[ticks.length - 1]];
    const x = (year) => left + ((year - data.first) / (data.last - data.first)) * (right - left);
    const y = (value) => height - bottom - ((value - low) / (high - low)) * (height - top - bottom);
    this.frame = { x, y, left, right, top, bottom: height - bottom, height };
    const drawn = [
      this.axes(data, this.frame, ticks),
      (data.band ? this.band(data.band, x, y) : "") + data.curves.map((curve) => this.line(curve, x, y)).join(""),
      this.beside ? this.labels(named, this.frame, width).join("") : "",
      this.marks(data.marks, this.frame).join(""),
    ];
    this.parts.forEach((part, at) => this.put(part, drawn[at]));
    const told = { viewBox: `0 0 ${width} ${height}`, width, height, "aria-label": `${data.title}, ${data.what}. ${data.alt}` };
    for (const [name, value] of Object.entries(told)) this.svg.setAttribute(name, value);
    this.cross.setAttribute("d", `M0 ${top}V${height - bottom}`);
    show(this.legend, !this.beside);
    if (!this.beside) this.put(this.legend, this.keys(data));
    if (this.told !== null) this.point(null);
  }

  put(place, made) {
    if (place.made === made) return;
    place.made = made;
    place.innerHTML = made;
  }

  text(x, y, words, kind, anchor = "start") {
    return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}" class="${kind}">${escaped(words)}</text>`;
  }

  axes(data, { x, y, left, right, top, bottom }, ticks) {
    const made = [];
    if (data.today && data.first < data.today && data.today < data.last) {
      const at = x(data.today);
      made.push(`<rect class="jc-ahead" x="${at.toFixed(1)}" y="${top}" width="${(right - at).toFixed(1)}" height="${bottom - top}"/><path class="jc-axis" stroke-dasharray="3 3" d="M${at.toFixed(1)} ${top}V${bottom}"/>`);
      if (at - left > 60) made.push(this.text(at - 5, top + 11, "reported", "jc-muted", "end"));
      made.push(this.text(at + 5, top + 11, "forecast", "jc-muted"));
    }
    const step = ticks[1] - ticks[0], size = data.percent ? 100 * step : step;
    let decimals = size < 100 ? Math.max(0, -Math.floor(Math.log10(size) + 1e-9)) : 0;
    if (decimals && Math.abs(((size * 10 ** decimals) % 1) - 0.5) < 1e-6) decimals += 1;
    if (!decimals && Math.abs((size % 1) - 0.5) < 1e-6) decimals = 1;
    for (const tick of ticks) {
      made.push(`<path class="${tick === 0 ? "jc-zero" : "jc-grid"}" d="M${left} ${y(tick).toFixed(1)}H${right}"/>`, this.text(left - 8, y(tick) + 4, written(tick, decimals, data.percent), "jc-muted", "end"));
    }
    const span = data.last - data.first;
    const every = data.axis ? 0.25 : Math.ceil(Math.max(span < 10 ? 1 : 2, (span * 40) / (right - left)));
    for (let at = data.axis ? data.first : Math.ceil(data.first); at <= data.last + 1e-9; at += every) {
      made.push(`<path class="jc-axis" d="M${x(at).toFixed(1)} ${bottom}v4"/>`, this.text(x(at), bottom + 17, data.axis ? `${at}${data.axis}` : String(at), "jc-muted", "middle"));
    }
    return made.join("");
  }

  /** The middle of the simulated cases, behind the curves. */
  band({ x: xs, low, high }, x, y) {
    const point = (at, value) => `${x(at).toFixed(1)} ${y(value).toFixed(1)}`;
    const back = xs.map((at, place) => point(at, low[place])).reverse();
    return `<path class="jc-band" d="M${xs.map((at, place) => point(at, high[place])).concat(back).join("L")}Z"/>`;
  }

  line(curve, x, y) {
    let pen = "M", path = "";
    curve.x.forEach((at, place) => {
      if (curve.y[place] === null) { pen = "M"; return; }
      path += `${pen}${x(at).toFixed(1)} ${y(curve.y[place]).toFixed(1)}`;
      pen = "L";
    });
    const dash = LOOKS[curve.look] ? ` stroke-dasharray="${LOOKS[curve.look]}"` : "";
    return `<path class="jc-line jc-look-${curve.look.replace(" ", "-")}" d="${path}"${dash}/>`;
  }

  /** Each curve's name at its end, pushed apart where they would overlap. */
  labels(curves, { x, y, top, bottom }, width) {
    const ends = curves.map((curve) => {
      let place = curve.y.length - 1;
      while (curve.y[place] === null) place -= 1;
      return { curve, x: x(curve.x[place]), y: y(curve.y[place]) };
    }).sort((a, b) => a.y - b.y);
    const places = [];
    for (const end of ends) places.push(Math.max(end.y, places.length ? places[places.length - 1] + LINE_HEIGHT : top + LINE_HEIGHT / 2));
    for (let at = places.length - 1; at >= 0; at -= 1) places[at] = Math.min(places[at], at + 1 < places.length ? places[at + 1] - LINE_HEIGHT : bottom - LINE_HEIGHT / 2);
    return ends.map((end, at) => {
      const room = Math.floor((width - end.x - 14) / PER_CHARACTER);
      const words = end.curve.label.length <= room ? end.curve.label : `${end.curve.label.slice(0, room - 1)}…`;
      const look = end.curve.look.replace(" ", "-");
      return `<path class="jc-leader jc-look-${look}" d="M${(end.x + 3).toFixed(1)} ${end.y.toFixed(1)}L${(end.x + 10).toFixed(1)} ${places[at].toFixed(1)}"/>${this.text(end.x + 13, places[at] + 4, words, `jc-end jc-look-${look}`)}`;
    });
  }

  keys(data) {
    return data.curves.map((curve) => `<span class="jc-of jc-look-${curve.look.replace(" ", "-")}">${escaped(curve.label)}</span>`).join("");
  }

  /** Dots with words; words that would stand on others go to the other side. */
  marks(marks, { x, y, left, right, top, bottom }) {
    const taken = [];
    return marks.map((mark) => {
      const half = (mark.text.length * PER_CHARACTER) / 2;
      const centre = Math.min(Math.max(x(mark.x), left + half), right - half);
      const [below, above] = [Math.min(y(mark.y) + 19, bottom - 5), Math.max(y(mark.y) - 10, top + 22)];
      const free = (at) => taken.every((each) => Math.abs(each.at - at) > LINE_HEIGHT || Math.abs(each.centre - centre) > each.half + half);
      const at = (mark.below ? [below, above, above - 16] : [above, below]).find(free) ?? above;
      taken.push({ at, centre, half });
      return `<circle class="jc-dot" cx="${x(mark.x).toFixed(1)}" cy="${y(mark.y).toFixed(1)}" r="3.6"/>${this.text(centre, at, mark.text, "jc-mark", "middle")}`;
    });
  }

  // ---- values under the mouse --------------------------------------------------------------

  /** The place on the x axis nearest to the mouse; null where it has gone. */
  point(clientX) {
    const { data } = this;
    if (clientX === null || !data || !data.curves.length) return this.tell(null);
    const xs = data.curves[data.curves.length - 1].x;
    const at = clientX - this.element.getBoundingClientRect().left;
    const distance = (place) => Math.abs(this.frame.x(xs[place]) - at);
    return this.tell(xs.reduce((best, _, place) => (distance(place) < distance(best) ? place : best), 0));
  }

  walk(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (event.key === "Escape") this.point(null);
    if (!step || !this.data) return;
    const most = this.data.curves[this.data.curves.length - 1].x.length - 1;
    this.tell(Math.min(Math.max((this.told ?? (step > 0 ? -1 : most + 1)) + step, 0), most));
    event.preventDefault();
  }

  tell(place) {
    const { cross, data, frame } = this;
    this.told = place;
    show(this.tip, place !== null);
    cross.setAttribute("visibility", place === null ? "hidden" : "visible");
    if (place === null) return;
    const time = data.curves[data.curves.length - 1].x[place];
    cross.setAttribute("transform", `translate(${frame.x(time).toFixed(1)} 0)`);
    const near = (curve) => curve.x.findIndex((each) => Math.abs(each - time) < 1e-6);
    const rows = [...data.curves].reverse().map((curve) => [curve, curve.y[near(curve)]]).filter(([, value]) => value !== null && value !== undefined);
    const when = data.axis ? `${compact(time)}${data.axis}` : data.by_year ? String(Math.floor(time)) : quarterAt(time - 0.01);
    fill(this.tip, h("strong", { textContent: when }), rows.map(([curve, value]) => h("div", { className: "jc-tip-row" },
      h("span", { className: `jc-of jc-look-${curve.look.replace(" ", "-")}`, textContent: curve.label }), h("span", { textContent: compact(value, data.percent) }))),
    data.band ? h("div", { className: "jc-tip-row" }, h("span", { textContent: data.band.label }), h("span", { textContent: this.between(data.band, time) })) : null);
    const from = frame.x(time), width = this.tip.offsetWidth;
    this.tip.style.left = `${from + 12 + width < this.width ? from + 12 : Math.max(0, from - 12 - width)}px`;
  }

  between({ x, low, high }, time) {
    const at = x.findIndex((each) => Math.abs(each - time) < 1e-6);
    return at < 0 ? "" : `${compact(low[at], this.data.percent)} to ${compact(high[at], this.data.percent)}`;
  }

  /** What is drawn, by year: of a balance by quarter what it is at each year's end. */
  numbers() {
    const { data } = this;
    const kept = (time) => time > data.first && (data.by_year || Math.abs(time - Math.round(time)) < 1e-6);
    const year = (time) => (data.axis ? `${compact(time)}${data.axis}` : Math.round(data.by_year ? time - 0.5 : time - 1));
    const last = data.curves[data.curves.length - 1];
    const times = last.x.filter((time) => data.axis || kept(time));
    const cell = (curve, time) => {
      const value = curve.y[curve.x.findIndex((each) => Math.abs(each - time) < 1e-6)];
      return value === null || value === undefined ? "" : compact(value, data.percent);
    };
    return { years: times.map(year), rows: [...data.curves].reverse().map((curve) => [curve.label, times.map((time) => cell(curve, time))]) };
  }
}
