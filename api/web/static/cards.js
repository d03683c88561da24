// Lists whose items are of several kinds (rules, clauses of offers): a card for each, with the fields of its kind.

import { list, places, put } from "./document.js";
import { element, fresh, options, prose } from "./elements.js";
import { field } from "./fields.js";

const SHOWN = 60;

export class Cards {
  constructor(part, scenario) {
    [this.part, this.scenario] = [part, scenario];
    this.noun = part.path.at(-1).replace(/s$/, "").replaceAll("_", " ");
    this.body = element("div");
    this.news = element("p", { class: "quiet", role: "status" });
    this.root = element("section", { class: "part", dataset: { path: part.path.join(".") } }, element("h3", {}, part.title), this.body, this.news);
    this.draw();
  }

  get places() {
    return places(this.scenario.value, this.part.path);
  }

  draw() {
    let left = SHOWN;
    const groups = this.places.flatMap((place) => {
      const items = list(place.value).slice(0, Math.max(0, left));
      left -= items.length;
      const cards = items.map((item, i) => this.#card(place, item, i));
      const heading = place.steps.length > 1 ? element("h4", {}, this.#owner(place)) : null;
      return cards.length ? [heading, element("div", { class: "cards" }, cards)] : [];
    });
    const more = left < 0 || this.places.reduce((sum, { value }) => sum + list(value).length, 0) > SHOWN;
    this.body.replaceChildren(...groups.filter(Boolean), more ? element("p", { class: "quiet" }, `Only the first ${SHOWN} are shown; the JSON view has all.`) : "", this.#tools());
  }

  #owner(place) {
    const [table, at] = place.steps;
    return String(this.scenario.value[table]?.[at]?.id ?? `number ${at + 1}`);
  }

  #card(place, item, i) {
    const path = `${place.path}[${i}]`;
    const kind = Object.hasOwn(this.part.kinds, item?.kind) ? this.part.kinds[item.kind] : null; // not what every object has, like toString
    const title = kind?.title ?? String(item?.kind ?? "of no kind");
    const remove = element("button", { type: "button", class: "remove", "aria-label": `Remove ${title}`, onclick: () => this.#remove(place, i, title) }, "×");
    const fields = kind ? kind.fields.map((spec) => field(spec, this.scenario, [path], { owner: () => list(place.value)[i] })) : [];
    const about = kind ? prose(kind.help) : "This kind is not known; edit it in the JSON view.";
    return element("fieldset", { class: "card", dataset: { path } }, element("legend", {}, title), remove, element("p", { class: "quiet" }, about), element("div", { class: "fields" }, fields));
  }

  #remove(place, i, title) {
    this.scenario.mark();
    place.value.splice(i, 1);
    this.#changed(`${title} is removed.`);
    this.body.querySelector(".tools button").focus();
  }

  #add(place, kind) {
    if (!place) return;
    const item = { kind };
    if (Array.isArray(place.value)) place.value.push(item);
    else put(this.scenario.value, place.steps, [item]);
    const at = `${place.path}[${list(place.value).length ? place.value.length - 1 : 0}]`;
    this.#changed(`${this.part.kinds[kind].title} is added.`);
    this.body.querySelector(`[data-path="${CSS.escape(at)}"]`)?.querySelector("input, select, textarea, button").focus();
  }

  #changed(told) {
    this.draw();
    this.news.replaceChildren(told);
    this.scenario.touch();
  }

  #tools() {
    const [kindId, ownerId] = [fresh("add"), fresh("owner")];
    const kinds = element("select", { id: kindId }, options(Object.keys(this.part.kinds), null, (kind) => this.part.kinds[kind].title));
    const found = this.places;
    const owned = this.part.path.includes("*");
    const owners = owned ? element("select", { id: ownerId }, found.map((place, i) => element("option", { value: i }, this.#owner(place)))) : null;
    const add = element("button", { type: "button", class: "small", onclick: () => this.#add(this.places[owners ? Number(owners.value) : 0], kinds.value) }, `Add a ${this.noun}`);
    add.disabled = !found.length;
    const undo = this.scenario.canUndo ? element("button", { type: "button", class: "small", onclick: () => this.scenario.undo() }, "Undo") : null;
    const labelled = (id, words, control) => element("span", { class: "inline" }, element("label", { for: id }, words), control);
    return element("div", { class: "tools" }, labelled(kindId, "Kind", kinds), owners ? labelled(ownerId, "of", owners) : null, add, undo);
  }
}
