// A block of cells from a spreadsheet into a table: from the cell that has the focus to the right and down, with as many new rows as it takes.

import { rowsOf } from "./cells.js";

const plainly = (text) => text.toLowerCase().replace(/\(.*?\)|[^a-z0-9]/g, "");

// Whether the clipboard holds more than one cell.
export function isBlock(text) {
  return /[\t\n]/.test(text.replace(/[\r\n]+$/, ""));
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
    if (column.parent) {
      if (!table.parents.includes(cell.trim())) told.unknown.add(cell.trim());
      continue; // rows move only when their own cell is changed by hand: a moved row would take the rows below along
    }
    table.write(entry, column, cell);
    told.cells += 1;
  }
}

// The first line of a block that names the columns it falls on.
function isHeader(line, columns) {
  const named = line.map((cell, i) => [plainly(cell), columns[i]]).filter(([cell, column]) => cell && column);
  return named.length > 0 && named.every(([cell, column]) => plainly(column.title) === cell || plainly(column.title).endsWith(cell) && /\d{3}/.test(cell));
}
