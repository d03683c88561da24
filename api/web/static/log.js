// The log of a run under way: what is written appears at its end, which stays in sight unless somebody has scrolled up to read.

const { run } = document.getElementById("run").dataset;
const [part, log] = [document.getElementById("log-part"), document.getElementById("log")];
const EVERY = 1500;
const KEPT = 200_000; // characters that are shown at once
let [next, timer, busy, over] = [Number(log.dataset.next), 0, false, false];

function add(text) {
  const below = log.scrollHeight - log.scrollTop - log.clientHeight < 24;
  log.textContent = (log.textContent + text).slice(-KEPT);
  if (below) log.scrollTop = log.scrollHeight;
}

async function look() {
  clearTimeout(timer);
  if (busy || over || !part.open) return; // two looks from the same place would both add what they find
  busy = true;
  try {
    const answer = await fetch(`/v1/runs/${run}/log?offset=${next}`);
    if (answer.ok) {
      const found = await answer.json();
      if (found.text) add(found.text);
      [next, over] = [found.next, found.over];
    }
  } catch {
    // the connection broke; the next look may find it again
  }
  busy = false;
  timer = setTimeout(look, EVERY);
}

part.addEventListener("toggle", look);
log.scrollTop = log.scrollHeight;
look();
