// The one document that the form and the text edit. What the form does not know stays as it is; a text that nobody edited in the form is sent as typed.
//
// Events: "edit" (a value changed), "shape" (periods, ids, units or the number of rows changed: others must draw anew), "load" (another document).

import { written } from "./written.js";

const KEPT = 20; // steps back
const NAMED = { site: "sites", product: "products", supplier: "suppliers", offer: "offers", spot: "spot", index: "indices", currency: "currencies" };

export class Scenario extends EventTarget {
  #text = "";
  #ahead = false; // the value was edited and the text not yet written
  #steps = [];
  #replaced = new WeakMap(); // by a list: the single value in whose place it stands
  value = {};
  edited = false; // since it was loaded

  // Why `text` can't be edited in the form; empty when it can, and then it is what both show.
  load(text, { edited = false } = {}) {
    const fault = this.#read(text);
    if (fault) return fault;
    [this.#text, this.#ahead, this.#steps] = [text, false, []];
    this.edited = edited;
    this.dispatchEvent(new Event("load"));
    return "";
  }

  #read(text) {
    let value;
    try {
      value = JSON.parse(text);
    } catch (error) {
      return `The text is not JSON: ${error.message}.`;
    }
    if (value === null || typeof value !== "object" || Array.isArray(value)) return "The text is JSON, and not a scenario: a scenario is an object with tables.";
    this.value = value;
    return "";
  }

  get text() {
    if (this.#ahead) [this.#text, this.#ahead] = [written(this.value), false];
    return this.#text;
  }

  touch({ shape = false } = {}) {
    [this.#ahead, this.edited] = [true, true];
    this.dispatchEvent(new Event("edit"));
    if (shape) this.dispatchEvent(new Event("shape"));
  }

  // Remember the document as it is, for a step back.
  mark() {
    this.#steps.push([JSON.stringify(this.value), [...this.#singles(this.value, [])]]);
    if (this.#steps.length > KEPT) this.#steps.shift();
  }

  get canUndo() {
    return this.#steps.length > 0;
  }

  undo() {
    if (!this.canUndo) return;
    const [text, singles] = this.#steps.pop();
    this.value = JSON.parse(text);
    for (const [steps, single] of singles) this.#replaced.set(valueAt(this.value, steps), single);
    this.touch();
    this.dispatchEvent(new Event("load"));
  }

  // An empty list at `steps`; a single value there gives way to it, and is kept as long as the list is.
  giveWay(steps) {
    const single = valueAt(this.value, steps);
    put(this.value, steps, []);
    if (single !== undefined) this.#replaced.set(valueAt(this.value, steps), single);
  }

  // The list at `steps` goes, and the value that gave way to it is back.
  giveBack(steps) {
    const [holder, step] = [valueAt(this.value, steps.slice(0, -1)), steps.at(-1)];
    if (this.#replaced.has(holder[step])) holder[step] = this.#replaced.get(holder[step]);
    else delete holder[step];
  }

  // Where in `value` lists stand in the place of single values, and of which.
  *#singles(value, steps) {
    if (value === null || typeof value !== "object") return;
    if (this.#replaced.has(value)) yield [steps, this.#replaced.get(value)];
    for (const [key, inner] of Object.entries(value)) yield* this.#singles(inner, [...steps, key]);
  }

  get periods() {
    return list(this.value.periods).map((period) => (period !== null && typeof period === "object" ? String(period.id ?? "") : String(period)));
  }

  // Ids by what they name, for suggestions.
  ids(what) {
    if (what === "period") return this.periods;
    return list(this.value[NAMED[what]]).map((row) => String(row?.id ?? "")).filter(Boolean);
  }

  get currency() {
    return typeof this.value.currency === "string" && this.value.currency ? this.value.currency : "USD";
  }

  // The unit of all products; empty where they differ, so that volumes of different products are not added up.
  get unit() {
    const units = new Set(list(this.value.products).map((row) => row?.unit).filter(Boolean));
    return units.size === 1 ? [...units][0] : "";
  }

  // What others are drawn from: when it changes, they must be drawn anew.
  get outline() {
    const windows = list(this.value.offers).map((row) => row?.window?.periods);
    return JSON.stringify([this.periods, this.currency, windows, list(this.value.products).map((row) => row?.unit), Object.keys(NAMED).map((what) => this.ids(what))]);
  }
}

export function list(value) {
  return Array.isArray(value) ? value : [];
}

// The value at `steps` inside `holder`; undefined where there is none.
export function valueAt(holder, steps) {
  return steps.reduce((found, step) => (found !== null && typeof found === "object" ? found[step] : undefined), holder);
}

// Put `value` at `steps` inside `holder`; undefined takes it out, and the objects that become empty with it.
export function put(holder, steps, value) {
  const [step, ...rest] = steps;
  if (!rest.length) {
    if (value === undefined) delete holder[step];
    else holder[step] = value;
    return;
  }
  if (value === undefined && !(step in holder)) return;
  if (holder[step] === null || typeof holder[step] !== "object") holder[step] = {};
  put(holder[step], rest, value);
  if (value === undefined && !Array.isArray(holder[step]) && !Object.keys(holder[step]).length) delete holder[step];
}

// Every place that a pattern like ["offers", "*", "alternatives"] leads to: its steps, its path as findings write it, and the list (or object) there.
export function places(root, pattern) {
  let found = [{ steps: [], path: "", value: root }];
  for (const step of pattern) {
    found = found.flatMap(({ steps, path, value }) =>
      step === "*"
        ? list(value).map((item, i) => ({ steps: [...steps, i], path: `${path}[${i}]`, value: item }))
        : [{ steps: [...steps, step], path: path ? `${path}.${step}` : step, value: value !== null && typeof value === "object" ? value[step] : undefined }],
    );
  }
  return found;
}
