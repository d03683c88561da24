// A table of the scenario as a grid of fields: keyboard from cell to cell, paste from a spreadsheet, sums, rows added and taken out.

import { plain, shown } from "./cells.js";
import { element, options, prose } from "./elements.js";
import { count } from "./format.js";
import { copied, isBlock, pasteInto } from "./paste.js";
import { Table } from "./table.js";

const PAGE = 100; // rows shown at once
const total = new Intl.NumberFormat("en", { maximumSignificantDigits: 12 });

export class Grid {
  #from = 0;

  constructor(part, scenario) {
    [this.part, this.scenario, this.table] = [part, scenario, new Table(part, scenario)];
    this.body = element("div", { class: "grid" });
    this.news = element("p", { class: "quiet", role: "status" });
    this.root = element("section", { class: "part", dataset: { path: part.path.join(".") } }, element("h3", {}, part.title), help(part), this.body, this.news);
    this.draw();
  }

  // Bring the row of a finding onto the page.
  reveal(path) {
    const at = this.table.rows.findIndex((entry) => path === entry.path || path.startsWith(`${entry.path}.`) || path.startsWith(`${entry.path}[`));
    if (at >= 0 && (at < this.#from || at >= this.#from + PAGE)) {
      this.#from = PAGE * Math.floor(at / PAGE);
      this.draw();
    }
    return at >= 0;
  }

  draw() {
    [this.rows, this.columns] = [this.table.rows, this.table.columns];
    this.#from = Math.min(this.#from, PAGE * Math.floor(Math.max(0, this.rows.length - 1) / PAGE));
    const page = this.rows.slice(this.#from, this.#from + PAGE);
    const drawn = page.map((entry, i) => this.#row(entry, this.#from + i));
    const table = element("table", {}, element("thead", {}, this.#head()), element("tbody", {}, drawn), element("tfoot", {}, (this.foot = element("tr"))));
    table.addEventListener("keydown", (event) => this.#key(event));
    table.addEventListener("paste", (event) => this.#paste(event));
    const scroll = element("div", { class: "scroll", role: "region", "aria-label": this.part.title, tabindex: "0" }, table);
    this.body.replaceChildren(this.rows.length ? scroll : element("p", { class: "quiet" }, "No rows."), this.#pages(), this.#tools());
    this.#sums();
  }

  #head() {
    const heads = this.columns.map((column) =>
      element("th", { scope: "col", class: numeric(column) ? "n" : "text", title: column.help || null }, column.title, column.unit ? element("small", {}, ` ${column.unit}`) : null),
    );
    const sum = this.#summedSeries() ? element("th", { scope: "col", class: "n" }, "Sum") : null;
    return element("tr", {}, element("th", { scope: "col" }, "#"), heads, sum, element("th", { scope: "col", class: "end" }, element("span", { class: "unseen" }, "Remove")));
  }

  #row(entry, at) {
    const cells = this.columns.map((column, i) => element("td", { class: numeric(column) ? "n" : "" }, this.#cell(entry, at, column, i)));
    const sum = this.#summedSeries() ? element("td", { class: "n rowsum" }, this.#rowSum(entry)) : null;
    const gone = element("button", { type: "button", class: "remove", "aria-label": `Remove row ${at + 1}`, onclick: () => this.#remove(at) }, "×");
    return element("tr", { dataset: { path: entry.path } }, element("th", { scope: "row" }, String(at + 1)), cells, sum, element("td", { class: "end" }, gone));
  }

  #cell(entry, at, column, i) {
    const { value, locked } = this.table.cell(entry, column);
    const attributes = { "aria-label": `${column.title}, row ${at + 1}`, dataset: { row: at, column: i, path: this.table.path(entry, column) } };
    if (locked) return element("input", { ...attributes, value: shown(value, { kind: "json" }), readonly: true, title: column.rows || column.at.length > 1 ? "Written in the table below" : "Edit it in the JSON view" });
    const write = (text) => this.#write(at, column, text);
    if (column.kind === "boolean") {
      const box = element("input", { ...attributes, type: "checkbox", onchange: () => write(String(box.checked)) });
      box.checked = value ?? column.default ?? false;
      return box;
    }
    if (column.kind === "choice") {
      const choices = column.parent ? this.table.parents : ["", ...column.choices];
      const known = choices.includes(value ?? "") ? choices : [value, ...choices];
      return element("select", { ...attributes, onchange: (event) => write(event.target.value) }, options(known, value ?? ""));
    }
    const suggestions = column.refers && column.kind === "text" ? `ids-${column.refers}` : null;
    const hint = column.default === undefined || typeof column.default === "object" ? null : shown(column.default, column);
    const typing = { autocomplete: "off", spellcheck: "false", list: suggestions, placeholder: hint, inputmode: numeric(column) ? "decimal" : null };
    const field = element("input", { ...attributes, class: `cell ${column.kind}`, ...typing });
    field.value = shown(value, column);
    field.addEventListener("focus", () => { field.value = plain(this.table.cell(this.rows[at], column).value, column); field.select(); });
    field.addEventListener("change", () => write(field.value));
    field.addEventListener("blur", () => { if (this.rows[at]) field.value = shown(this.table.cell(this.rows[at], column).value, column); });
    return field;
  }

  #write(at, column, text) {
    const before = this.scenario.outline;
    this.table.write(this.rows[at], column, text);
    if (column.parent) this.draw();
    this.#sums();
    const moved = column.parent && this.part.either; // what it left, and what it came to, is shown in the table above
    this.scenario.touch({ shape: moved || before !== this.scenario.outline || this.columns.length !== this.table.columns.length });
  }

  #remove(at) {
    this.scenario.mark();
    this.table.remove(this.rows[at]);
    this.#changed(`Row ${at + 1} is removed.`);
    this.#focus(Math.min(at, this.rows.length - 1), 0);
  }

  #add() {
    if (this.table.below && !this.table.parents.length) return this.#say(`A row here belongs to one of the ${this.table.owners}: add one of those first.`);
    if (this.part.either) this.scenario.mark(); // the single value gives way
    const { list, index } = this.table.add();
    const at = this.table.rows.findIndex((entry) => entry.list === list && entry.index === index);
    this.#from = PAGE * Math.floor(at / PAGE);
    this.#changed("");
    this.#focus(at, 0);
  }

  #changed(told) {
    this.draw();
    this.#say(told);
    this.scenario.touch({ shape: true });
  }

  #say(text) {
    this.news.replaceChildren(text);
  }

  #focus(row, column) {
    (this.body.querySelector(`[data-row="${row}"][data-column="${column}"]`) ?? this.body.querySelector("button")).focus();
  }

  #key(event) {
    const field = event.target;
    if (field.dataset.row === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    const [row, column, key] = [Number(field.dataset.row), Number(field.dataset.column), event.key];
    const listed = field.tagName === "SELECT";
    const text = field.type === "text";
    const whole = text && field.selectionStart === 0 && field.selectionEnd === field.value.length;
    const move = {
      Enter: [event.shiftKey ? -1 : 1, 0], ArrowDown: listed ? null : [1, 0], ArrowUp: listed ? null : [-1, 0],
      ArrowLeft: !text || whole || field.selectionEnd === 0 ? [0, -1] : null, ArrowRight: !text || whole || field.selectionStart === field.value.length ? [0, 1] : null,
    }[key];
    if (key === "Enter") event.preventDefault(); // it would send the whole form
    if (!move) return;
    const next = this.body.querySelector(`[data-row="${row + move[0]}"][data-column="${column + move[1]}"]`);
    if (next) [event.preventDefault(), next.focus()];
  }

  #paste(event) {
    const text = event.clipboardData?.getData("text/plain") ?? "";
    const { row, column } = event.target.dataset;
    if (row === undefined || !isBlock(text)) return;
    event.preventDefault();
    this.scenario.mark();
    const told = pasteInto(this.table, text, Number(row), Number(column));
    const beyond = told.beyond ? `${count(told.beyond, "cell")} lay beyond the last column and were left out` : "";
    const parts = [`${count(told.cells, "cell")} pasted`, told.added ? `${count(told.added, "row")} added` : "", beyond];
    const unknown = told.unknown.size ? ` Not known: ${[...told.unknown].join(", ")}; those rows went to the last one that is.` : "";
    this.#changed(`${parts.filter(Boolean).join(", ")}.${unknown}`);
    this.#focus(Number(row), Number(column));
  }

  #tools() {
    const add = element("button", { type: "button", class: "small", onclick: () => this.#add() }, "Add a row");
    const undo = this.scenario.canUndo ? element("button", { type: "button", class: "small", onclick: () => this.scenario.undo() }, "Undo") : null;
    const copies = this.rows.length && navigator.clipboard; // browsers give it to encrypted and local pages only
    const copy = copies ? element("button", { type: "button", class: "small", onclick: () => this.#copy() }, "Copy the table") : null;
    return element("div", { class: "tools" }, add, copy, undo);
  }

  async #copy() {
    try {
      await navigator.clipboard.writeText(copied(this.table));
      this.#say(`${count(this.rows.length, "row")} copied; paste them into a spreadsheet, change them there, and paste them back into the first cell.`);
    } catch {
      this.#say("The browser does not allow copying here.");
    }
  }

  #pages() {
    if (this.rows.length <= PAGE) return "";
    const go = (by) => {
      this.#from += by;
      this.draw();
      this.body.querySelector(".pages button:not(:disabled)").focus();
    };
    const last = Math.min(this.#from + PAGE, this.rows.length);
    const back = element("button", { type: "button", class: "small", onclick: () => go(-PAGE) }, "Earlier rows");
    const on = element("button", { type: "button", class: "small", onclick: () => go(PAGE) }, "Later rows");
    [back.disabled, on.disabled] = [this.#from === 0, last === this.rows.length];
    return element("div", { class: "tools pages" }, back, on, element("span", { class: "quiet" }, `Rows ${this.#from + 1} to ${last} of ${this.rows.length}`));
  }

  // The one series of volumes whose sum over the periods means something.
  #summedSeries() {
    const series = this.part.columns.filter((spec) => spec.kind === "series" && spec.unit === "unit");
    return series.length === 1 ? series[0] : null;
  }

  #rowSum(entry) {
    const values = this.columns.filter((column) => column.spec === this.#summedSeries()).map((column) => this.table.cell(entry, column).value);
    return total.format(values.reduce((sum, value) => sum + (typeof value === "number" ? value : 0), 0));
  }

  #sums() {
    const summed = (column) => (column.entry !== undefined && column.spec.unit === "unit" && this.scenario.unit) || column.at?.join() === "probability";
    const sum = (column) => this.rows.reduce((all, entry) => { const { value } = this.table.cell(entry, column); return all + (typeof value === "number" ? value : 0); }, 0);
    const some = this.rows.length > 1 && this.columns.some(summed);
    const cells = this.columns.map((column) => element("td", { class: "n" }, some && summed(column) ? total.format(sum(column)) : ""));
    if (some) cells[0].textContent ||= "Sum";
    const all = this.#summedSeries() && some && this.scenario.unit ? total.format(this.columns.filter((c) => c.spec === this.#summedSeries()).reduce((s, c) => s + sum(c), 0)) : "";
    this.foot.replaceChildren(...(some ? [element("td"), ...cells, this.#summedSeries() ? element("td", { class: "n" }, all) : "", element("td", { class: "end" })] : []));
    for (const line of this.#summedSeries() ? this.body.querySelectorAll("tbody tr[data-path]") : []) {
      line.querySelector(".rowsum").textContent = this.#rowSum(this.rows[Number(line.querySelector("[data-row]").dataset.row)]);
    }
  }
}

function numeric(column) {
  return ["number", "integer", "any"].includes(column.kind);
}

function help(part) {
  return part.help ? element("p", { class: "quiet" }, prose(part.help.replaceAll("\n", " "))) : null;
}
