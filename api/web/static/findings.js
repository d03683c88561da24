// Findings beside the fields they are about: the field says that it is wrong, and a sentence next to it says why.

import { element, fresh, prose } from "./elements.js";

// Paths from the finding's own to the outermost part: `offers[1].alternatives[0].price`, `offers[1].alternatives[0]`, ...
export function* outward(path) {
  let rest = path;
  while (rest) {
    yield rest;
    rest = rest.replace(/(\.[^.[\]]+|\[\d+\])$|^[^.[\]]+$/, "");
  }
}

export function topOf(path) {
  return path.match(/^[^.[\]]+/)?.[0] ?? "";
}

// The field, row or part that a finding is about, as exactly as `root` shows it.
export function elementFor(root, path) {
  for (const place of outward(path)) {
    const found = root.querySelector(`[data-path="${CSS.escape(place)}"]`) ?? root.querySelector(`[data-path^="${CSS.escape(`${place}[`)}"]`);
    if (found) return found;
  }
  return null;
}

export function clear(root) {
  for (const told of root.querySelectorAll(".told")) told.remove();
  for (const field of root.querySelectorAll("[aria-invalid]")) {
    field.removeAttribute("aria-invalid");
    const kept = (field.getAttribute("aria-describedby") ?? "").split(" ").filter((id) => id && !id.startsWith("told-"));
    if (kept.length) field.setAttribute("aria-describedby", kept.join(" "));
    else field.removeAttribute("aria-describedby");
  }
}

export function mark(root, findings) {
  clear(root);
  for (const { path, message } of findings) {
    const at = elementFor(root, path);
    const id = fresh("told");
    const field = at?.matches("input, select, textarea") ? at : null;
    if (field) {
      field.setAttribute("aria-invalid", "true");
      field.setAttribute("aria-describedby", [field.getAttribute("aria-describedby"), id].filter(Boolean).join(" "));
    }
    const row = at?.closest("tr");
    if (row) {
      const heading = field ? [element("b", {}, `${field.getAttribute("aria-label").replace(/, row \d+$/, "")}: `)] : [];
      row.after(element("tr", { class: "told" }, element("td", { colspan: row.cells.length, id }, element("span", { class: "pinned" }, heading, prose(message)))));
    } else {
      const said = element("p", { class: "told", id }, field ? prose(message) : [element("code", {}, path), " ", ...prose(message)]);
      (field ?? at ?? root).insertAdjacentElement(field ? "afterend" : "afterbegin", said);
    }
  }
}
