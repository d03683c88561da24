// A batch under way: when the state of a run has changed, the sentence, the figures and the table are shown as they are now. Ticks stay, and nothing is
// redrawn while the focus is in there.

const { batch, finished } = document.getElementById("batch").dataset;
const EVERY = 2000;
let known = null;

function redraw(page) {
  const [runs, fresh] = [document.getElementById("runs"), page.getElementById("runs")];
  document.getElementById("news").textContent = page.getElementById("news").textContent;
  if (runs.contains(document.activeElement)) return false;
  const ticked = new Set([...runs.querySelectorAll("input:checked")].map(({ value }) => value));
  runs.replaceWith(document.importNode(fresh, true));
  for (const box of document.querySelectorAll("#runs input[type=checkbox]")) box.checked = ticked.has(box.value);
  return true;
}

async function look() {
  let over = false;
  try {
    const answer = await fetch(`/v1/batches/${batch}`);
    if (answer.ok) {
      const found = await answer.json();
      const counts = JSON.stringify(found.counts);
      if (known !== counts) {
        const page = await fetch(location.pathname);
        if (page.ok && redraw(new DOMParser().parseFromString(await page.text(), "text/html"))) known = counts;
      }
      over = found.finished && known === counts;
    }
  } catch {
    // the connection broke; the next look may find it again
  }
  if (over) for (const form of document.querySelectorAll("main > form.actions")) form.hidden = true;
  else setTimeout(look, EVERY);
}

if (finished === "no") look();
