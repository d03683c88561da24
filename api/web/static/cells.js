// One value in one field: how it is shown, and what a person's text means. Numbers are read as spreadsheets write them: 1,234.5 and 1 234,5 and 12 %.

const grouped = new Intl.NumberFormat("en", { maximumFractionDigits: 20 });
const YES = new Set(["true", "yes", "y", "x", "1", "ja", "oui", "si"]);

export function shown(value, spec) {
  if (value === undefined || value === null) return "";
  if (typeof value === "number" && ["number", "integer", "any"].includes(spec.kind)) return grouped.format(value);
  if (Array.isArray(value) && ["names", "series"].includes(spec.kind)) return value.map((item) => (item === null ? "" : String(item))).join(", ");
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

// What is shown while it is edited: the number itself.
export function plain(value, spec) {
  return typeof value === "number" && spec.kind !== "text" ? String(value) : shown(value, spec);
}

// The value that `text` means: undefined when it is blank, the text itself when it can't be read, so that the check says what is wrong with it.
export function read(text, spec) {
  const said = text.trim();
  if (said === "") return spec.blank;
  if (spec.kind === "number" || spec.kind === "integer") return number(said) ?? said;
  if (spec.kind === "boolean") return YES.has(said.toLowerCase());
  if (spec.kind === "series") return said.split(/[;\t]|,\s+|\s{2,}|,(?!\d{3}\b)/).filter((part) => part.trim()).map((part) => number(part.trim()) ?? part.trim());
  if (spec.kind === "names") return said.split(/[,;]/).map((part) => part.trim()).filter(Boolean);
  if (spec.kind === "json" || spec.kind === "any") return (spec.kind === "any" ? number(said) : undefined) ?? json(said);
  return said;
}

function json(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

export function number(text) {
  let digits = text.replace(/[\s\u00a0\u202f\u2009'’]/g, "").replace("\u2212", "-");
  const percent = digits.endsWith("%");
  if (percent) digits = digits.slice(0, -1);
  if (/^\(.+\)$/.test(digits)) digits = `-${digits.slice(1, -1)}`;
  const [commas, dots] = [digits.split(",").length - 1, digits.split(".").length - 1];
  if (commas && dots) digits = digits.lastIndexOf(",") > digits.lastIndexOf(".") ? digits.replaceAll(".", "").replace(",", ".") : digits.replaceAll(",", "");
  else if (commas === 1 && !/^-?[1-9]\d{0,2},\d{3}$/.test(digits)) digits = digits.replace(",", ".");
  else if (commas) digits = digits.replaceAll(",", "");
  else if (dots > 1) digits = digits.replaceAll(".", "");
  if (!/^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(digits)) return undefined;
  const value = Number(digits);
  if (!Number.isFinite(value)) return undefined;
  return percent ? Number((value / 100).toPrecision(15)) : value;
}

// Rows and cells of a text that a spreadsheet copied: tabs between cells, lines between rows, quotes around cells that hold either.
export function rowsOf(text) {
  const rows = [[]];
  let [cell, quoted] = ["", false];
  for (let i = 0; i < text.length; i += 1) {
    const sign = text[i];
    if (quoted) {
      if (sign !== '"') cell += sign;
      else if (text[i + 1] === '"') [cell, i] = [`${cell}"`, i + 1];
      else quoted = false;
    } else if (sign === '"' && cell === "") quoted = true;
    else if (sign === "\t" || sign === "\n") {
      rows.at(-1).push(cell);
      cell = "";
      if (sign === "\n") rows.push([]);
    } else if (sign !== "\r") cell += sign;
  }
  rows.at(-1).push(cell);
  if (rows.at(-1).length === 1 && rows.at(-1)[0] === "") rows.pop();
  return rows;
}
