// A batch under way: when the state of a run has changed, the sentence, the figures and the table are shown as they are now. Ticks stay. While the focus is
// in there only the sentence changes, and the page is asked for once for each change.

const { batch, finished } = document.getElementById("batch").dataset;
const EVERY = 2000;
let [known, told] = [null, null]; // the counts that the table shows, and those that the sentence says
const held = () => document.getElementById("runs").contains(document.activeElement);

function redraw(page) {
  const [runs, fresh] = [document.getElementById("runs"), page.getElementById("runs")];
  const [news, said] = [document.getElementById("news"), page.getElementById("news").textContent];
  if (news.textContent !== said) news.textContent = said; // written again it would be read out again
  if (held()) return false;
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
      if (known !== counts && !(told === counts && held())) {
        const page = await fetch(location.pathname);
        if (page.ok) {
          if (redraw(new DOMParser().parseFromString(await page.text(), "text/html"))) known = counts;
          told = counts;
        }
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
