// A document as text: short lists and objects on one line, everything else one item a line, so that tables read like tables.

const WIDTH = 150;

export function written(value) {
  if (value === null || typeof value !== "object") return JSON.stringify(value) ?? "null";
  return laid(value, 0);
}

function laid(value, depth) {
  const entries = Array.isArray(value) ? value.map((item) => ["", item]) : Object.entries(value).map(([key, item]) => [`${JSON.stringify(key)}: `, item]);
  const [open, close] = Array.isArray(value) ? "[]" : "{}";
  if (!entries.length) return open + close;
  const pad = "  ".repeat(depth + 1);
  const lines = entries.map(([key, item]) => {
    if (item === null || typeof item !== "object") return pad + key + (JSON.stringify(item) ?? "null");
    const flat = inline(item, WIDTH - pad.length - key.length);
    return pad + key + (flat ?? laid(item, depth + 1));
  });
  return `${open}\n${lines.join(",\n")}\n${"  ".repeat(depth)}${close}`;
}

// The value on one line of at most `room` characters; null where it takes more.
function inline(value, room) {
  if (room < 0) return null;
  if (value === null || typeof value !== "object") return JSON.stringify(value) ?? "null";
  const list = Array.isArray(value);
  const parts = [];
  let left = room - 2;
  for (const [key, item] of Object.entries(value)) {
    const name = list ? "" : `${JSON.stringify(key)}: `;
    const part = inline(item, left - name.length);
    if (part === null) return null;
    parts.push(name + part);
    left -= name.length + part.length + 2;
    if (left < -2) return null;
  }
  return list ? `[${parts.join(", ")}]` : `{${parts.join(", ")}}`;
}
