// Between a table and a spreadsheet. In: a block of cells, from the cell that has the focus to the right and down, with as many new rows as it takes.
// Out: the whole table with its headers, which pasted back changes nothing.

import { plain, rowsOf } from "./cells.js";

const FORMULA = /^[=+\-@]/;
const plainly = (text) => text.toLowerCase().replace(/\(.*?\)|[^a-z0-9]/g, "");

// Whether the clipboard holds more than one cell.
export function isBlock(text) {
  return /[\t\n]/.test(text.replace(/[\r\n]+$/, ""));
}

// The table as a spreadsheet takes it. A text that begins like a formula gets a leading ', so that none is run there.
export function copied(table) {
  const { columns, rows } = table;
  const quoted = (text) => (/["\t\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const cell = (entry, column) => {
    const { value } = table.cell(entry, column);
    const text = plain(value, column);
    return quoted(typeof value === "string" && FORMULA.test(text) ? `'${text}` : text);
  };
  const lines = rows.map((entry) => columns.map((column) => cell(entry, column)).join("\t"));
  return [columns.map(({ title }) => title).join("\t"), ...lines].join("\n");
}

// What was done, in numbers: cells filled, rows added, and parents that are not known.
export function pasteInto(table, text, row, column) {
  const columns = table.columns.slice(column);
  const block = rowsOf(text);
  if (isHeader(block[0], columns)) block.shift();
  const told = { cells: 0, added: 0, unknown: new Set(), beyond: 0 };
  const rows = table.rows;
  for (const line of block.slice(Math.max(0, rows.length - row))) rows.push(added(table, line, columns, rows.at(-1)?.parent, told));
  for (const [i, line] of block.entries()) fill(table, rows[row + i], line, columns, told);
  if (columns[0]?.parent) for (const [i, [name]] of block.entries()) if (!table.assign(rows[row + i], name)) told.unknown.add(name.trim());
  return told;
}

function added(table, line, columns, last, told) {
  const named = columns[0]?.parent ? table.parents.indexOf(line[0].trim()) : -1;
  told.added += 1;
  return table.add(named < 0 ? last : named);
}

function fill(table, entry, line, columns, told) {
  told.beyond += Math.max(0, line.length - columns.length);
  for (const [i, cell] of line.slice(0, columns.length).entries()) {
    const column = columns[i];
    if (column.parent) continue; // rows go to their parents once all cells are filled
    table.write(entry, column, /^'[=+\-@]/.test(cell) ? cell.slice(1) : cell);
    told.cells += 1;
  }
}

// The first line of a block that names the columns it falls on.
function isHeader(line, columns) {
  const named = line.map((cell, i) => [plainly(cell), columns[i]]).filter(([cell, column]) => cell && column);
  return named.length > 0 && named.every(([cell, column]) => plainly(column.title) === cell || plainly(column.title).endsWith(cell) && /\d{3}/.test(cell));
}
