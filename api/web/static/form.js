// The form: fill it from an example or a file, check it, send it. Findings appear beside it; a click on one goes to its place in the text.

import { count } from "./format.js";
import { locate } from "./locate.js";

const [form, text, example, file, title, body] = ["form", "text", "example", "file", "answer-title", "answer-body"].map((id) => document.getElementById(id));
const buttons = [document.getElementById("solve"), document.getElementById("check")];
const SHOWN_BYTES = 3_000_000; // larger files are sent as they are; a text field would crawl
let large = null;

function element(name, content, attributes = {}) {
  const made = document.createElement(name);
  Object.assign(made, attributes);
  made.append(...[content].flat());
  return made;
}

// Text in which `names` in backticks are code.
function prose(sentence) {
  return sentence.split("`").map((part, i) => (i % 2 ? element("code", part) : part));
}

function say(heading, ...content) {
  title.textContent = heading;
  body.replaceChildren(...content);
}

function describe() {
  const chosen = example.selectedOptions[0];
  if (chosen?.value) say("About this scenario", element("p", chosen.dataset.description || chosen.textContent));
}

function hold(blob) {
  large = blob;
  text.disabled = Boolean(blob);
  if (blob) text.value = "";
  text.placeholder = blob ? `${blob.name} (${(blob.size / 1e6).toFixed(1)} MB) is too large to be shown here and is sent as it is.` : "";
}

example.addEventListener("change", async () => {
  if (!example.value) return;
  const answer = await fetch(`/v1/examples/${encodeURIComponent(example.value)}`);
  if (!answer.ok) return refused(await problem(answer));
  file.value = "";
  hold(null);
  text.value = await answer.text();
  text.scrollTop = 0;
  describe();
});

file.addEventListener("change", async () => {
  const [chosen] = file.files;
  if (!chosen) return;
  example.value = "";
  if (chosen.size > Number(form.dataset.limit)) {
    file.value = "";
    return say("This file is too large", element("p", `${chosen.name} has ${(chosen.size / 1e6).toFixed(1)} MB; at most ${(form.dataset.limit / 1e6).toFixed(1)} MB are read.`));
  }
  hold(chosen.size > SHOWN_BYTES ? chosen : null);
  if (!large) text.value = await chosen.text();
  say("File opened", element("p", `${chosen.name} is ready to be checked or solved.`));
});

async function problem(answer) {
  const known = answer.headers.get("Content-Type")?.startsWith("application/problem+json");
  return known ? answer.json() : { title: "No usable answer", detail: `The server answered ${answer.status}.` };
}

function finding({ path, message }) {
  if (!path) return element("li", prose(message));
  const go = element("button", path, { type: "button", className: "path", title: "Go to this place in the text" });
  go.addEventListener("click", () => {
    const place = locate(text.value, path);
    text.focus();
    if (!place) return;
    text.setSelectionRange(...place);
    const line = text.value.slice(0, place[0]).split("\n").length - 1;
    text.scrollTop = Math.max(0, line - 4) * Number.parseFloat(getComputedStyle(text).lineHeight);
  });
  return element("li", [go, " ", ...prose(message)]);
}

function refused(said) {
  const content = [element("p", prose(said.detail))];
  if (said.findings?.length) content.push(element("ul", said.findings.map(finding), { className: "findings" }));
  if (said.findings_left_out) content.push(element("p", `And ${count(said.findings_left_out, "more finding")}.`));
  say(said.title, ...content);
  document.getElementById("answer").focus({ preventScroll: false });
}

async function send(address) {
  for (const button of buttons) button.disabled = true;
  say("One moment…", element("p", "Reading and checking the scenario."));
  try {
    const answer = await fetch(address, { method: "POST", headers: { "Content-Type": "application/json" }, body: large ?? text.value });
    if (answer.ok) return await answer.json();
    refused(await problem(answer));
  } catch {
    say("The server can't be reached", element("p", "Is it still running? Nothing was changed; try again."));
  } finally {
    for (const button of buttons) button.disabled = false;
  }
  return null;
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const options = new URLSearchParams();
  for (const name of ["gap", "time_limit_seconds", "seed", "baselines"]) {
    const { value } = document.getElementById(name);
    if (value !== "") options.set(name, name === "gap" ? String(Number(value) / 100) : value);
  }
  const run = await send(`/v1/runs${options.size ? `?${options}` : ""}`);
  if (run) location.assign(run.links.page);
});

buttons[1].addEventListener("click", async () => {
  const found = await send("/v1/validate");
  if (!found) return;
  const parts = Object.entries(found.counts).filter(([, number]) => number).map(([what, number]) => count(number, what.replace(/s$/, "")));
  say("Sound", element("p", `“${found.name}” can be solved: ${parts.join(", ")}.`));
});

text.addEventListener("input", () => { example.value = ""; });
describe();
