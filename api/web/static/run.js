// A run under way: progress as it happens; when it ends the page is loaded again and shows the plan.

import { amount, percent, seconds } from "./format.js";
import { proof } from "./proof.js";

const { run, currency } = document.getElementById("run").dataset;
const place = (id) => document.getElementById(id);
const phases = [...place("phases").children];
const LATER = { stress: "Stress", frontier: "Frontier" }; // phases of scenarios that ask for more
const course = [];
const TERMINAL = new Set(["optimal", "feasible", "infeasible", "cancelled", "failed"]);
let last = null;

function show(progress) {
  last = { ...progress, at: performance.now() };
  if (LATER[progress.phase] && !phases.some((phase) => phase.dataset.phase === progress.phase)) add(progress.phase);
  const now = phases.findIndex((phase) => phase.dataset.phase === progress.phase);
  phases.forEach((phase, i) => {
    phase.classList.toggle("done", i < now);
    if (i === now) phase.setAttribute("aria-current", "step");
    else phase.removeAttribute("aria-current");
  });
  place("incumbent").textContent = amount(progress.incumbent, currency);
  place("bound").textContent = amount(progress.bound, currency);
  const known = progress.incumbent !== null && progress.bound !== null;
  const left = known ? Math.max(0, progress.incumbent - progress.bound) : null;
  place("left").textContent = amount(left, currency);
  place("left-note").textContent = known && left === 0 ? "nothing: this is the best plan there is" : "best plan less what is proven";
  place("gap").textContent = percent(progress.gap);
  place("incumbent-note").textContent = progress.incumbent === null ? "none yet" : "risk-adjusted cost, present value";
  if (known) {
    course.push(progress);
    draw();
  }
}

function add(phase) {
  const item = document.createElement("li");
  item.dataset.phase = phase;
  item.textContent = LATER[phase];
  place("phases").append(item);
  phases.push(item);
}

function draw() {
  const [low, high] = [Math.min(...course.map((p) => p.bound)), Math.max(...course.map((p) => p.incumbent))];
  const [first, end] = [course[0].seconds, course.at(-1).seconds];
  if (course.length < 3 || end <= first || high <= low) return;
  const line = (name) => {
    const made = document.createElementNS("http://www.w3.org/2000/svg", "polyline");
    made.setAttribute("class", name);
    made.setAttribute("points", course.map((p) => `${(600 * (p.seconds - first)) / (end - first)},${112 - (104 * (p[name] - low)) / (high - low)}`).join(" "));
    return made;
  };
  place("lines").replaceChildren(line("incumbent"), line("bound"));
  place("course").hidden = false;
}

function news({ state, stopping }) {
  const words = { queued: "Waiting for a free place.", running: stopping ? "Stopping: the best plan is being completed." : "Under way." };
  place("news").textContent = words[state] ?? "Done.";
  place("stop").disabled = Boolean(stopping);
  if (state === "queued") {
    course.length = 0; // a run that was interrupted begins anew
    last = null;
  }
  if (TERMINAL.has(state)) {
    events.close();
    location.reload();
  }
}

async function ask(what) {
  const answer = await fetch(`/v1/runs/${run}/${what}`, { method: "POST", headers: proof() });
  if (!answer.ok && answer.status !== 409) place("news").textContent = "That did not work; the run goes on.";
}

const events = new EventSource(`/v1/runs/${run}/events`);
events.addEventListener("progress", (event) => show(JSON.parse(event.data)));
events.addEventListener("state", (event) => news(JSON.parse(event.data)));
events.addEventListener("error", () => {
  place("news").textContent = events.readyState === EventSource.CLOSED ? "The run is gone: the server ended or forgot it." : "The connection broke; trying again.";
});
place("stop").addEventListener("click", () => ask("stop"));
place("cancel").addEventListener("click", () => ask("cancel"));
setInterval(() => { if (last) place("seconds").textContent = seconds(last.seconds + (performance.now() - last.at) / 1000); }, 100);
