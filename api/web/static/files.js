// Scenarios as files: saved from the page, and workbooks turned into JSON and back by the service.

import { element } from "./elements.js";
import { proof } from "./proof.js";

const WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

// Keep `blob` as a file named after the scenario in `text`.
export function saved(blob, text, ending) {
  const name = (/"name":\s*"([^"\\]+)"/.exec(text)?.[1] ?? "scenario").toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "");
  const link = element("a", { href: URL.createObjectURL(blob), download: `${name || "scenario"}.${ending}` });
  link.click();
  URL.revokeObjectURL(link.href);
}

export function unpacked(file) {
  return fetch("/v1/convert?to=json", { method: "POST", headers: { "Content-Type": WORKBOOK, ...proof() }, body: file });
}

export function workbookOf(text) {
  return fetch("/v1/convert?to=xlsx", { method: "POST", headers: { "Content-Type": "application/json", ...proof() }, body: text });
}
