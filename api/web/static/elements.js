// Elements made without markup: what is given as text stays text.

let made = 0;

export function element(name, attributes = {}, ...content) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (key === "class") node.className = value;
    else if (key === "dataset") Object.assign(node.dataset, value);
    else if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...content.flat().filter((item) => item !== null && item !== undefined && item !== ""));
  return node;
}

// A sentence in which `names` in backticks are code.
export function prose(sentence) {
  return sentence.split("`").map((part, i) => (i % 2 ? element("code", {}, part) : part));
}

export function fresh(prefix) {
  made += 1;
  return `${prefix}-${made}`;
}

export function options(choices, chosen, words = (choice) => choice) {
  return choices.map((choice) => {
    const option = element("option", { value: choice }, words(choice));
    option.selected = choice === chosen;
    return option;
  });
}

// The unit of a field as a header shows it.
export function unitOf(spec, scenario, path = []) {
  if (!spec.unit) return "";
  const own = path[0] === "offers" && (scenario.value.offers ?? []).some?.((offer) => offer?.currency);
  return spec.unit.replace("money", own ? "the offer’s currency" : scenario.currency).replace(/\bunit$|\bunit(?= and)/, scenario.unit || "the product’s unit").replace("/", " per ");
}
