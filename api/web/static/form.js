// The page of the form: one document in two views, filled from an example or a file, checked while it is edited, solved.

import { Scenario } from "./document.js";
import { Draft } from "./drafts.js";
import { element, prose } from "./elements.js";
import { count } from "./format.js";
import { locate } from "./locate.js";
import { saved, unpacked, workbookOf } from "./files.js";
import { ask, problem } from "./send.js";
import { Sections } from "./sections.js";
import { written } from "./written.js";

const place = (id) => document.getElementById(id);
const [form, text, example, file, title, body] = ["form", "text", "example", "file", "answer-title", "answer-body"].map(place);
const buttons = [place("solve"), place("check")];
const tabs = [place("tab-form"), place("tab-json")];
const SHOWN_BYTES = 3_000_000; // larger files are sent as they are; a text field would crawl
const CHECKED_BYTES = 500_000; // what is larger is checked when that is asked for
const PAUSE = 700;

const scenario = new Scenario();
const draft = new Draft(place("draft"), form.dataset.owner, form.dataset.source, text.value);
let [large, view, typed, sent, timer, keeping, asked] = [null, "json", false, false, 0, 0, 0];
let sections = null;

function say(heading, ...content) {
  title.textContent = heading;
  body.replaceChildren(...content);
}

function describe() {
  const chosen = example.selectedOptions[0];
  if (chosen?.value) say("About this scenario", element("p", {}, chosen.dataset.description || chosen.textContent));
}

// --- the two views --------------------------------------------------------------------------------------------------

// Change the view; the text must be JSON before it can be shown as a form.
function show(wanted) {
  if (wanted === "form" && (large || typed || !sections)) {
    const big = large || text.value.length > SHOWN_BYTES;
    const fault = big ? "A scenario of this size is sent as it is, or edited as text." : scenario.load(text.value, { edited: typed || scenario.edited });
    if (fault) {
      say("The form can’t show this", element("p", {}, fault));
      wanted = "json";
    } else {
      sections ??= new Sections(place("sections"), JSON.parse(place("form-sections").textContent), scenario);
      if (typed) checkSoon();
      typed = false;
    }
  } else if (wanted === "json" && view === "form") text.value = scenario.text;
  view = wanted;
  for (const [i, name] of ["form", "json"].entries()) {
    tabs[i].setAttribute("aria-selected", String(name === view));
    tabs[i].tabIndex = name === view ? 0 : -1;
    place(`view-${name}`).hidden = name !== view;
  }
}

function content() {
  return large ?? (view === "form" ? scenario.text : text.value);
}

// Another document takes the place of the one that is shown.
function fill(written, { edited = false } = {}) {
  clearTimeout(timer); // what is said about the document before comes too late
  asked += 1;
  hold(null);
  text.value = written;
  text.scrollTop = 0;
  typed = false;
  sections?.show([]);
  place("edited").hidden = !(edited && form.dataset.run);
  const fault = scenario.load(written, { edited });
  if (fault) [view, typed] = ["json", true];
  show(view);
}

// Keep what was edited; false where it would be lost with the page.
function keep() {
  clearTimeout(keeping);
  return sent || Boolean(large) || !(scenario.edited || typed) || draft.keep(content());
}

// Begin with another scenario, or where its draft was left.
function begin(name, written) {
  keep();
  const left = draft.begin(name, written);
  fill(left ?? written, { edited: left !== null });
  if (left !== null) checkSoon();
}

function hold(blob) {
  large = blob;
  text.disabled = Boolean(blob);
  if (!blob) return;
  show("json");
  text.value = "";
  text.placeholder = `${blob.name} (${(blob.size / 1e6).toFixed(1)} MB) is too large to be shown here and is sent as it is.`;
}

for (const [i, tab] of tabs.entries()) {
  tab.addEventListener("click", () => show(["form", "json"][i]));
  tab.addEventListener("keydown", (event) => {
    if (!["ArrowLeft", "ArrowRight"].includes(event.key)) return;
    show(view === "form" ? "json" : "form");
    tabs.find((other) => other.tabIndex === 0).focus();
  });
}

// --- findings -------------------------------------------------------------------------------------------------------

function finding({ path, message }) {
  if (!path || path.includes("!")) return element("li", {}, path ? element("code", {}, path) : null, " ", prose(message)); // a cell of a workbook is not here
  const go = element("button", { type: "button", class: "path", title: "Go to this place", onclick: () => goTo(path) }, path);
  return element("li", {}, go, " ", prose(message));
}

function goTo(path) {
  if (view === "form" && sections.go(path)) return;
  show("json");
  const found = locate(text.value, path);
  text.focus();
  if (!found) return;
  text.setSelectionRange(...found);
  const line = text.value.slice(0, found[0]).split("\n").length - 1;
  text.scrollTop = Math.max(0, line - 4) * Number.parseFloat(getComputedStyle(text).lineHeight);
}

function refused(told) {
  const list = told.findings?.length ? element("ul", { class: "findings" }, told.findings.map(finding)) : "";
  const more = told.findings_left_out ? element("p", {}, `And ${count(told.findings_left_out, "more finding")}.`) : "";
  say(told.title, element("p", {}, prose(told.detail)), list, more);
  sections?.show(told.findings ?? []);
}

function sound(found) {
  const parts = Object.entries(found.counts).filter(([, number]) => number).map(([what, number]) => count(number, what.replace(/s$/, "")));
  say("Sound", element("p", {}, `“${found.name}” can be solved: ${parts.join(", ")}.`));
  sections?.show([]);
}

// Check what was edited, once nobody has typed for a moment. Only the newest answer counts.
async function checkSoon() {
  clearTimeout(timer);
  timer = setTimeout(async () => {
    const [number, now] = [(asked += 1), content()];
    if (now.length > CHECKED_BYTES) return;
    const answer = await ask("/v1/validate", now).catch(() => null);
    if (number !== asked || !answer) return;
    if (answer.ok) sound(await answer.json());
    else if (answer.status === 422) refused(await problem(answer));
    place("live").textContent = answer.ok ? "No findings." : title.textContent + ": " + count(body.querySelectorAll(".findings li").length, "finding") + ".";
  }, PAUSE);
}

function changed() {
  clearTimeout(keeping);
  keeping = setTimeout(keep, PAUSE);
  if (example.value) example.value = "";
  place("edited").hidden = !form.dataset.run;
  if (view === "form") checkSoon();
}

// --- what is sent ---------------------------------------------------------------------------------------------------

async function send(address) {
  clearTimeout(timer);
  asked += 1;
  for (const button of buttons) button.disabled = true;
  say("One moment…", element("p", {}, "Reading and checking the scenario."));
  try {
    const answer = await ask(address, content());
    if (answer.ok) return await answer.json();
    refused(await problem(answer));
  } catch {
    say("The server can’t be reached", element("p", {}, "Is it still running? Nothing was changed; try again."));
  } finally {
    for (const button of buttons) button.disabled = false;
  }
  place("answer").focus();
  return null;
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (event.submitter === buttons[1]) {
    const found = await send("/v1/validate");
    if (found) [sound(found), place("answer").focus()];
    return;
  }
  const settings = new URLSearchParams();
  for (const name of ["gap", "time_limit_seconds", "seed", "baselines"]) {
    const { value } = place(name);
    if (value !== "") settings.set(name, name === "gap" ? String(Number(value) / 100) : value);
  }
  const run = await send(`/v1/runs${settings.size ? `?${settings}` : ""}`);
  if (!run) return;
  sent = true;
  draft.drop();
  location.assign(run.links.page);
});

example.addEventListener("change", async () => {
  const chosen = example.selectedOptions[0];
  if (!chosen.value) return;
  if (chosen.dataset.text) begin(`example:${chosen.value}`, chosen.dataset.text);
  else {
    const answer = await fetch(`/v1/examples/${encodeURIComponent(chosen.value)}`);
    if (!answer.ok) return refused(await problem(answer));
    begin(`example:${chosen.value}`, await answer.text());
  }
  file.value = "";
  describe();
});

file.addEventListener("change", async () => {
  const [chosen] = file.files;
  if (!chosen) return;
  example.value = "";
  if (chosen.size > Number(form.dataset.limit)) {
    file.value = "";
    return say("This file is too large", element("p", {}, `${chosen.name} has ${(chosen.size / 1e6).toFixed(1)} MB; at most ${(form.dataset.limit / 1e6).toFixed(1)} MB are read.`));
  }
  if (/\.xlsx$/i.test(chosen.name)) {
    const answer = await unpacked(chosen);
    if (!answer.ok) return refused(await problem(answer));
    begin(`file:${chosen.name}`, written(await answer.json()));
  } else if (chosen.size > SHOWN_BYTES) [keep(), hold(chosen)];
  else begin(`file:${chosen.name}`, await chosen.text());
  say("File opened", element("p", {}, `${chosen.name} is ready to be checked or solved.`));
});

place("save").addEventListener("click", () => saved(large ?? new Blob([content()], { type: "application/json" }), large ? "" : content(), "json"));
place("workbook").addEventListener("click", async () => {
  const answer = await workbookOf(content());
  if (answer.ok) saved(await answer.blob(), large ? "" : content(), "xlsx");
  else refused(await problem(answer));
});

place("draft-drop").addEventListener("click", () => {
  fill(draft.drop());
  say("Draft discarded", element("p", {}, "This is the scenario as it was before the draft."));
  place("answer").focus();
});

text.addEventListener("input", () => { typed = true; changed(); });
scenario.addEventListener("edit", changed);
addEventListener("beforeunload", (event) => {
  document.activeElement?.blur(); // what is typed in a field counts once it is left
  if (!keep()) event.preventDefault();
});
document.addEventListener("visibilitychange", keep); // the last that a telephone tells before it forgets a page
place("tabs").hidden = place("save").hidden = place("workbook").hidden = false;
if (form.dataset.told !== "yes") begin(form.dataset.source, text.value);
show("form");
if (form.dataset.told !== "yes") describe();
