// A question under way: how far it is, as it happens; when it ends the page is loaded again and shows the answer.

import { seconds } from "./format.js";
import { proof } from "./proof.js";

const { run } = document.getElementById("run").dataset;
const news = document.getElementById("news");
const TERMINAL = new Set(["optimal", "feasible", "infeasible", "cancelled", "failed"]);
const WORDS = { build: "Reading the scenario.", solve: "Solving." };

const events = new EventSource(`/v1/runs/${run}/events`);
events.addEventListener("progress", (event) => {
  const { phase, seconds: taken } = JSON.parse(event.data);
  news.textContent = `${WORDS[phase] ?? `Solving: ${phase}.`} ${seconds(taken)}`;
});
events.addEventListener("state", (event) => {
  if (!TERMINAL.has(JSON.parse(event.data).state)) return;
  events.close();
  location.reload();
});
events.addEventListener("error", () => {
  news.textContent = events.readyState === EventSource.CLOSED ? "The run is gone: the server ended or forgot it." : "The connection broke; trying again.";
});
document.getElementById("cancel").addEventListener("click", async () => {
  const answer = await fetch(`/v1/runs/${run}/cancel`, { method: "POST", headers: proof() });
  if (!answer.ok && answer.status !== 409) news.textContent = "That did not work; the run goes on.";
});
