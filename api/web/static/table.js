// What a grid shows, without its elements: rows (also those of several parents in one table), columns (a series has one per period), and how they change.

import { read } from "./cells.js";
import { list, places, put, valueAt } from "./document.js";
import { unitOf } from "./elements.js";

const MOST_PERIODS = 120; // that get a column

export class Table {
  constructor(part, scenario) {
    [this.part, this.scenario] = [part, scenario];
    this.below = part.path.length > 1 && part.path.includes("*");
  }

  // Rows in the order of the document: the list that holds each, where in it, and its path as findings write it.
  get rows() {
    return places(this.scenario.value, this.part.path).flatMap(({ path, value }, parent) =>
      list(value).map((row, index) => ({ row, index, list: value, parent: this.below ? parent : undefined, path: `${path}[${index}]` })),
    );
  }

  // What the rows can belong to, by name: suppliers of capacities, offers of alternatives, and with both ids alternatives of prices.
  get parents() {
    if (!this.below) return [];
    return places(this.scenario.value, this.part.path.slice(0, -1)).map(({ steps }) =>
      steps.flatMap((step, i) => (typeof step === "number" ? [String(valueAt(this.scenario.value, steps.slice(0, i + 1))?.id ?? `number ${step + 1}`)] : [])).join(" / "),
    );
  }

  // What they are called together: suppliers, offers, alternatives.
  get owners() {
    return this.part.path.at(-3);
  }

  get columns() {
    const rows = this.rows;
    const found = this.below ? [{ parent: true, title: this.owners.replace(/s$/, "").replace(/^./, (x) => x.toUpperCase()), kind: "choice" }] : [];
    for (const spec of this.part.columns.filter((column) => this.#needed(column, rows))) {
      const unit = unitOf(spec, this.scenario, this.part.path);
      if (spec.kind !== "series") found.push({ ...spec, spec, unit });
      else found.push(...this.#series(spec, unit, rows));
    }
    return found;
  }

  // Whether a column has a place: one that only some kinds of rows have takes none until there is a row of such a kind.
  #needed({ of, at }, rows) {
    return !of || rows.some(({ row }) => of.includes(valueAt(row, [...at.slice(0, -1), "kind"])) || valueAt(row, at) !== undefined);
  }

  #series(spec, unit, rows) {
    const windows = list(this.scenario.value.offers).map((offer) => Math.min(Number(offer?.window?.periods) || 0, MOST_PERIODS));
    const periods = spec.window ? [] : this.scenario.periods; // a window's periods have numbers
    const least = Math.max(spec.window ? Math.max(0, ...windows) : periods.length, 1);
    const longest = rows.reduce((most, { row }) => Math.max(most, list(valueAt(row, spec.at)).length), least);
    return Array.from({ length: longest }, (_, i) => ({ ...spec, spec, kind: "number", unit, entry: i, title: `${spec.title} ${periods[i] || `(${i + 1})`}` }));
  }

  // The value in a cell; `locked` where the document says it in another way than the table can.
  cell(entry, column) {
    if (column.parent) return { value: this.parents[entry.parent], locked: false };
    const row = this.#whole(entry.row);
    let inner = row;
    for (const step of column.at.slice(0, -1)) {
      inner = inner?.[step];
      if (inner !== undefined && inner !== null && (typeof inner !== "object" || Array.isArray(inner))) return { value: inner, locked: true };
    }
    const value = valueAt(row, column.at);
    if (column.rows && Array.isArray(value)) return { value, locked: true };
    if (column.entry === undefined) return { value, locked: false };
    const locked = value !== undefined && value !== null && !Array.isArray(value);
    return { value: locked ? value : value?.[column.entry], locked };
  }

  path(entry, column) {
    if (column.parent) return "";
    return `${entry.path}.${column.at.join(".")}${column.entry === undefined ? "" : `[${column.entry}]`}`;
  }

  // Put what a person wrote into a cell. A row's parent is changed by moving the row.
  write(entry, column, text) {
    if (column.parent) this.assign(entry, text);
    if (column.parent || this.cell(entry, column).locked) return;
    const row = this.#whole(entry.row);
    const value = read(text, column);
    if (column.entry === undefined) put(row, column.at, value);
    else put(row, column.at, series(list(valueAt(row, column.at)), column.entry, value));
    entry.row = this.#short(row);
    entry.list[entry.index] = entry.row;
  }

  // A new row below the others, or below those of a parent. Its fields are empty until they are filled in.
  add(parent = this.rows.at(-1)?.parent ?? 0) {
    const { value } = this.scenario;
    const { steps } = places(value, this.part.path)[parent];
    if (!Array.isArray(valueAt(value, steps))) this.scenario.giveWay(steps);
    const held = valueAt(value, steps);
    held.push({});
    return { row: held.at(-1), index: held.length - 1, list: held, parent: this.below ? parent : undefined, path: "" };
  }

  // Give a row to another parent; false where there is none of that name. It is found by itself, because rows before it may have left.
  assign(entry, name) {
    const parent = this.parents.indexOf(name.trim());
    if (parent < 0) return false;
    if (parent === entry.parent) return true;
    this.remove({ ...entry, index: entry.list.indexOf(entry.row) });
    const moved = this.add(parent);
    moved.list[moved.index] = entry.row;
    return true;
  }

  // A table that stands in the place of a single value goes with its last row, and the single value is back.
  remove(entry) {
    entry.list.splice(entry.index, 1);
    if (this.part.either && !entry.list.length) this.scenario.giveBack(places(this.scenario.value, this.part.path)[entry.parent].steps);
  }

  // A row that is written short (a period's id alone) as an object, and back.
  #whole(row) {
    if (row !== null && typeof row === "object") return row;
    return this.part.shorthand && row !== undefined ? { [this.part.shorthand]: row } : {};
  }

  #short(row) {
    const key = this.part.shorthand;
    return key && typeof row[key] === "string" && Object.keys(row).length === 1 ? row[key] : row;
  }
}

function series(values, at, value) {
  const found = [...values];
  while (found.length <= at) found.push(null);
  found[at] = value ?? null;
  while (found.length && found.at(-1) === null) found.pop();
  return found.length ? found : undefined;
}
