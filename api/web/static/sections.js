// The form: a section for each part of the scenario, built when it is opened, with counts and findings in its heading.

import { Cards } from "./cards.js";
import { list } from "./document.js";
import { element } from "./elements.js";
import { Fields, Json, Union } from "./fields.js";
import { elementFor, mark, topOf } from "./findings.js";
import { count } from "./format.js";
import { Grid } from "./grid.js";

const BUILDERS = { grid: Grid, cards: Cards, fields: Fields, json: Json, union: Union };
const OPEN = 3; // sections that are open to begin with
const SUGGESTED = ["period", "site", "product", "supplier", "offer", "spot", "index"];

export class Sections {
  #findings = [];

  constructor(root, described, scenario) {
    [this.scenario, this.lists] = [scenario, element("div", { hidden: true })];
    this.sections = described.map((section, i) => this.#section(section, i < OPEN));
    root.replaceChildren(...this.sections.map(({ details }) => details), this.lists);
    scenario.addEventListener("edit", () => this.#count());
    scenario.addEventListener("shape", () => setTimeout(() => this.#redraw()));
    scenario.addEventListener("load", () => this.#redraw());
    this.#redraw();
  }

  #section(section, open) {
    const [told, badge, body] = [element("span", { class: "quiet" }), element("span", { class: "badge" }), element("div", { class: "section" })];
    const details = element("details", { class: "block" }, element("summary", {}, element("h2", {}, section.title), told, badge), body);
    const made = { ...section, details, told, badge, body, built: null };
    details.open = open;
    details.addEventListener("toggle", () => { if (details.open) this.#build(made); });
    return made;
  }

  #build(section) {
    if (section.built) return;
    section.built = section.parts.map((part) => this.#part(part));
    section.body.replaceChildren(...section.built.map((part) => part.root));
    this.#mark(section);
  }

  #part(part) {
    return new BUILDERS[part.part](part, this.scenario, (inner) => this.#part(inner));
  }

  // Everything anew, and the focus back where it was.
  #redraw() {
    this.#suggest();
    for (const section of this.sections) {
      if (section.details.open && !section.built) this.#build(section);
      for (const part of section.built ?? []) {
        const held = part.root.contains(document.activeElement) ? document.activeElement : null;
        part.draw();
        if (held) (held.dataset.path ? elementFor(part.root, held.dataset.path) : part.root.querySelector("input, select, textarea, button"))?.focus();
      }
      if (section.built) this.#mark(section);
    }
    this.#count();
  }

  #suggest() {
    this.lists.replaceChildren(...SUGGESTED.map((what) => element("datalist", { id: `ids-${what}` }, this.scenario.ids(what).map((id) => element("option", { value: id })))));
  }

  #count() {
    for (const { names, told } of this.sections) {
      const counts = names.filter((name) => Array.isArray(this.scenario.value[name])).map((name) => words(list(this.scenario.value[name]).length, name));
      told.textContent = counts.join(" · ");
    }
  }

  // Show findings beside their fields, as far as their sections are built, and count them in the headings.
  show(findings) {
    this.#findings = findings;
    for (const section of this.sections) {
      const own = this.#own(section);
      section.badge.textContent = own.length ? count(own.length, "finding") : "";
      if (section.built) this.#mark(section);
    }
  }

  #own(section) {
    return this.#findings.filter(({ path }) => section.names.includes(topOf(path)));
  }

  #mark(section) {
    mark(section.body, this.#own(section));
  }

  // Open the place that a finding is about and put the focus there; false where the form has no such place.
  go(path) {
    const section = this.sections.find(({ names }) => names.includes(topOf(path)));
    if (!section) return false;
    section.details.open = true;
    this.#build(section);
    for (const part of section.built) part.reveal?.(path);
    this.#mark(section);
    const found = elementFor(section.body, path) ?? section.details.querySelector("summary");
    const target = found.matches("input, select, textarea, summary") ? found : (found.querySelector("input, select, textarea") ?? section.details.querySelector("summary"));
    target.focus();
    target.scrollIntoView({ block: "center" });
    return true;
  }
}

function words(number, name) {
  const noun = name.replaceAll("_", " ");
  const row = ["demand", "shortage", "storage", "spot"].includes(name);
  if (row) return `${noun}: ${count(number, "row")}`;
  const singular = { indices: "index", currencies: "currency" }[name] ?? noun.replace(/s$/, "");
  return number === 1 ? `1 ${singular}` : `${number.toLocaleString("en")} ${noun}`;
}
