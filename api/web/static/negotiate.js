// The negotiation form: what is filled in becomes a question, which is sent; findings appear beside the form.

import { proof } from "./proof.js";

const place = (id) => document.getElementById(id);
const form = place("ask");

place("example").addEventListener("change", () => place("choose").requestSubmit());

function element(name, ...content) {
  const made = document.createElement(name);
  made.append(...content);
  return made;
}

function say(heading, ...content) {
  place("answer-title").textContent = heading;
  place("answer-body").replaceChildren(...content);
  place("answer").focus();
}

class Unclear extends Error {}

function number(id) {
  const { value } = place(id);
  return value === "" ? null : Number(value);
}

function terms() {
  const found = {};
  for (const line of place("terms").value.split("\n").filter((text) => text.trim())) {
    const [lever, value, ...more] = line.split("=").map((part) => part.trim());
    if (!lever || !value || more.length || !Number.isFinite(Number(value))) throw new Unclear(`“${line.trim()}” must be a term and a number, for instance take_or_pay.fraction = 0.7.`);
    found[lever] = Number(value);
  }
  return found;
}

function desk(supplier) {
  const written = place("desk").value.trim();
  let found = {};
  try {
    if (written) found = JSON.parse(written);
  } catch (error) {
    throw new Unclear(`The desk file is not JSON: ${error.message}.`);
  }
  const margin = number("margin");
  if (margin !== null) found.margin = margin;
  const costs = [["lean", 1], ["likely", 2], ["dear", 1]].map(([id, weight]) => ({ id, weight, unit_cost: number(id) })).filter((kind) => kind.unit_cost !== null);
  if (costs.length && !written) found.suppliers = [{ supplier, types: costs }];
  return found;
}

async function scenario() {
  if (form.dataset.example) return form.dataset.example;
  const answer = await fetch(`/v1/runs/${form.dataset.run}/scenario`);
  if (!answer.ok) throw new Unclear("The run whose scenario this is has been forgotten; choose a scenario above.");
  return answer.json();
}

async function question(ask) {
  const { value: offer, dataset } = place("offer").selectedOptions[0];
  const package_ = { offer, terms: terms() };
  if (dataset.alternative) package_.alternative = dataset.alternative;
  if (number("price") !== null) package_.price = number("price");
  const brought = desk(dataset.supplier);
  const what = ask === "ledger" ? { offers: [offer], package: package_, both_ways: true } : { package: package_ };
  return { scenario: await scenario(), ...what, desk: brought };
}

async function send(ask) {
  const body = JSON.stringify(await question(ask));
  const answer = await fetch(`/v1/negotiate/${ask}`, { method: "POST", headers: { "Content-Type": "application/json", ...proof() }, body });
  if (answer.ok) return location.assign((await answer.json()).links.page);
  const known = answer.headers.get("Content-Type")?.startsWith("application/problem+json");
  const said = known ? await answer.json() : { title: "No usable answer", detail: `The server answered ${answer.status}.` };
  const list = element("ul", ...(said.findings ?? []).map(({ path, message }) => element("li", ...(path ? [element("code", path), " "] : []), message)));
  list.className = "findings";
  say(said.title, element("p", said.detail), list);
}

form?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const buttons = [...form.querySelectorAll("button")];
  for (const button of buttons) button.disabled = true;
  try {
    await send(event.submitter?.value ?? "brief");
  } catch (error) {
    if (error instanceof Unclear) say("This can't be asked", element("p", error.message));
    else say("The server can't be reached", element("p", "Is it still running? Nothing was changed; try again."));
  } finally {
    for (const button of buttons) button.disabled = false;
  }
});
