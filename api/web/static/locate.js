// Where a finding's path (`offers[2].clauses[0].fraction`) lies in the JSON text: [start, end] of its value, of its key where there is no value
// inside, or of the innermost part that exists; null when the text has no such place.

export function locate(text, path) {
  const steps = [...path.matchAll(/([^.[\]]+)|\[(\d+)\]/g)].map(([, name, index]) => name ?? Number(index));
  let at = blank(text, 0);
  let found = null;
  for (const step of steps) {
    const child = typeof step === "number" ? item(text, at, step) : member(text, at, step);
    if (!child) break;
    [at, found] = [child.value, child];
  }
  return found && [found.key, skip(text, found.value)];
}

function blank(text, at) {
  while (at < text.length && /\s/.test(text[at])) at += 1;
  return at;
}

function string(text, at) {
  for (at += 1; at < text.length && text[at] !== '"'; at += 1) if (text[at] === "\\") at += 1;
  return at + 1;
}

// The position after the value that starts at `at`.
function skip(text, at) {
  if (text[at] === '"') return string(text, at);
  if (text[at] !== "{" && text[at] !== "[") {
    while (at < text.length && !/[\s,\]}]/.test(text[at])) at += 1;
    return at;
  }
  let depth = 0;
  while (at < text.length) {
    if (text[at] === '"') at = string(text, at) - 1;
    else if ("{[".includes(text[at])) depth += 1;
    else if ("}]".includes(text[at]) && --depth === 0) return at + 1;
    at += 1;
  }
  return at;
}

function item(text, at, index) {
  if (text[at] !== "[") return null;
  at = blank(text, at + 1);
  for (let i = 0; at < text.length && text[at] !== "]"; i += 1) {
    if (i === index) return { key: at, value: at };
    at = blank(text, skip(text, at));
    if (text[at] === ",") at = blank(text, at + 1);
    else break;
  }
  return null;
}

function member(text, at, name) {
  if (text[at] !== "{") return null;
  at = blank(text, at + 1);
  while (text[at] === '"') {
    const end = string(text, at);
    const value = blank(text, blank(text, end) + 1);
    if (text.slice(at + 1, end - 1) === name) return { key: at, value };
    at = blank(text, skip(text, value));
    if (text[at] === ",") at = blank(text, at + 1);
  }
  return null;
}
