// Parts of the form that are no tables: labelled fields of an object, an object of one of several kinds, and JSON for what is rare or deep.

import { plain, read, shown } from "./cells.js";
import { put, valueAt } from "./document.js";
import { element, fresh, options, prose, unitOf } from "./elements.js";
import { written } from "./written.js";

// One labelled field. `owner()` is the object it belongs to; `make()` puts that object into the document where there is none yet.
export function field(spec, scenario, path, { owner, make = owner, wrote }) {
  const id = fresh("field");
  const value = () => valueAt(owner(), spec.at);
  const where = [...path, ...spec.at].join(".").replaceAll(".[", "[");
  const write = (text) => {
    const before = scenario.outline;
    put(make(), spec.at, read(text, spec));
    wrote?.();
    scenario.touch({ shape: before !== scenario.outline });
  };
  const unit = unitOf(spec, scenario, path);
  const input = control(spec, id, value, write);
  input.dataset.path = where;
  const about = spec.help ? element("small", { class: "help", id: `${id}-help` }, prose(spec.help.replaceAll("\n", " "))) : null;
  if (about) input.setAttribute("aria-describedby", about.id);
  const name = element("label", { for: id }, spec.title, unit ? element("span", { class: "quiet" }, ` – ${unit}`) : null);
  return element("div", { class: spec.kind === "boolean" ? "field check" : "field" }, name, input, about);
}

function control(spec, id, value, write) {
  if (spec.kind === "boolean") {
    const box = element("input", { id, type: "checkbox", onchange: () => write(String(box.checked)) });
    box.checked = value() ?? spec.default ?? false;
    return box;
  }
  if (spec.kind === "choice") {
    const now = value() ?? "";
    const first = spec.required ? [] : [""];
    const choices = [...first, ...spec.choices].includes(now) ? [...first, ...spec.choices] : [now, ...first, ...spec.choices];
    const words = (choice) => (choice === "" ? (spec.default ? `${said(spec.default)} (default)` : "–") : said(choice));
    return element("select", { id, onchange: (event) => write(event.target.value) }, options([...new Set(choices)], now, words));
  }
  const long = spec.at.at(-1) === "description" || spec.kind === "json";
  const hint = spec.default === undefined || typeof spec.default === "object" ? null : shown(spec.default, spec);
  const numeric = ["number", "integer"].includes(spec.kind);
  const input = element(long ? "textarea" : "input", { id, autocomplete: "off", spellcheck: String(spec.at.at(-1) === "description"), placeholder: hint, inputmode: numeric ? "decimal" : null });
  if (long) input.rows = spec.kind === "json" ? 3 : 2;
  if (long && spec.kind !== "json") input.classList.add("words");
  if (spec.refers && spec.kind === "text") input.setAttribute("list", `ids-${spec.refers}`);
  const show = spec.kind === "json" ? (found) => (found === undefined ? "" : written(found)) : (found) => shown(found, spec);
  input.value = show(value());
  input.addEventListener("focus", () => { if (numeric) input.value = plain(value(), spec); });
  input.addEventListener("change", () => write(input.value));
  input.addEventListener("blur", () => { input.value = show(value()); });
  return input;
}

export function said(word) {
  return String(word).replaceAll("_", " ");
}

// Fields of the object at `part.path`, or of the scenario itself.
export class Fields {
  constructor(part, scenario) {
    [this.part, this.scenario] = [part, scenario];
    this.body = element("div", { class: "fields" });
    const heading = part.title ? element("h3", {}, part.title) : null;
    const about = part.help ? element("p", { class: "quiet" }, prose(part.help.replaceAll("\n", " "))) : null;
    this.root = element("section", { class: "part", dataset: { path: part.path.join(".") } }, heading, about, this.body);
    this.draw();
  }

  draw() {
    const { part, scenario } = this;
    const owner = () => valueAt(scenario.value, part.path);
    const make = () => {
      const found = owner();
      if (found !== null && typeof found === "object") return found;
      put(scenario.value, part.path, {});
      return owner();
    };
    this.body.replaceChildren(...part.fields.map((spec) => field(spec, scenario, part.path, { owner, make })));
  }
}

// JSON of one part of the scenario, checked when the field is left.
export class Json {
  constructor(part, scenario) {
    [this.part, this.scenario] = [part, scenario];
    this.root = element("section", { class: "part", dataset: { path: part.path.join(".") } });
    this.draw();
  }

  draw() {
    const { part, scenario } = this;
    const owner = { owner: () => scenario.value };
    const told = element("p", { class: "quiet", role: "status" });
    const wrote = () => told.replaceChildren(typeof valueAt(scenario.value, part.path) === "string" ? "This is not JSON yet." : "");
    const made = field({ at: part.path, kind: "json", title: part.title, help: part.help, unit: "" }, scenario, [], { ...owner, wrote });
    made.querySelector("label").append(element("span", { class: "quiet" }, " – JSON; empty = none, {} = with its defaults"));
    made.querySelector("textarea").rows = 8;
    this.root.replaceChildren(made, told);
  }
}

// An object that is one of several kinds: its kind is chosen, and the parts of that kind follow.
export class Union {
  constructor(part, scenario, build) {
    [this.part, this.scenario, this.build] = [part, scenario, build];
    this.root = element("section", { class: "part", dataset: { path: part.path.join(".") } });
    this.draw();
  }

  get kind() {
    return valueAt(this.scenario.value, [...this.part.path, "kind"]) ?? this.part.default;
  }

  reveal(path) {
    return this.inner.some((inner) => inner.reveal?.(path));
  }

  draw() {
    const { part, scenario } = this;
    const id = fresh("kind");
    const kinds = Object.keys(part.kinds);
    const known = kinds.includes(this.kind) ? kinds : [this.kind, ...kinds];
    const choose = element("select", { id, dataset: { path: `${part.path.join(".")}.kind` } }, options(known, this.kind, (kind) => (kinds.includes(kind) ? part.kinds[kind].title : String(kind))));
    choose.addEventListener("change", () => {
      scenario.mark();
      put(scenario.value, part.path, choose.value === part.default ? undefined : { kind: choose.value });
      scenario.touch();
      this.draw();
      this.root.querySelector("select").focus();
    });
    const chosen = Object.hasOwn(part.kinds, this.kind) ? part.kinds[this.kind] : { parts: [], help: "This kind is not known; edit it in the JSON view." };
    this.inner = chosen.parts.map((inner) => this.build(inner));
    const back = scenario.canUndo ? element("button", { type: "button", class: "small", onclick: () => scenario.undo() }, "Undo") : null;
    const about = element("p", { class: "quiet" }, prose(chosen.help));
    const kind = element("div", { class: "fields" }, element("div", { class: "field" }, element("label", { for: id }, "Kind"), choose));
    this.root.replaceChildren(element("h3", {}, part.title), kind, about, back ?? "", ...this.inner.map((inner) => inner.root));
  }
}
