// Drafts: what was edited and not yet solved, in this browser's own storage, one for each scenario that an edit began with:
// the name it came under and a hash of its text, since a file of the same name may hold something else. Nothing of it is sent anywhere.

const PREFIX = "offtake draft ";
const OWNER = "offtake drafts of"; // whoever opened the form last in this browser; nobody once they have signed out
const MOST = 20; // scenarios; the draft that was left longest goes first
const LONGEST = 1_000_000; // characters of one
const DAYS = 30;

// The draft of the scenario that is being edited, and the line that says that one is back.
export class Draft {
  constructor(line, owner, source, original) {
    write(OWNER, owner);
    [this.line, this.drafts] = [line, new Drafts(owner)];
    this.#from(source, original);
  }

  // Begin with another scenario: what was left of it; null where there is no draft that differs from it.
  begin(source, original) {
    this.#from(source, original);
    const found = this.drafts.of(this.name);
    const left = found !== null && found.text !== original;
    this.line.hidden = !left;
    if (!left) return null;
    this.line.querySelector("span").textContent = `Your draft from ${when(found.at)} is back: edited, and not yet solved. It is kept in this browser only.`;
    return found.text;
  }

  #from(source, original) {
    [this.name, this.original] = [`${source} ${hash(original)}`, original];
  }

  // Keep `text`; false where it can't be kept. What is as it was in the beginning needs no keeping.
  keep(text) {
    if (text !== this.original) return this.drafts.keep(this.name, text);
    this.drafts.drop(this.name);
    return true;
  }

  // Forget the draft; what the edit began with.
  drop() {
    this.drafts.drop(this.name);
    this.line.hidden = true;
    return this.original;
  }
}

// Forget every draft in this browser. Pages that are still open keep none from here on.
export function forget() {
  for (const { key } of drafts()) remove(key);
  remove(OWNER);
}

class Drafts {
  // `owner` tells people apart who sign in with the same browser.
  constructor(owner) {
    this.owner = owner;
    this.prefix = `${PREFIX}${encodeURIComponent(owner)} `;
    this.#tidy();
  }

  // The draft of a scenario: its text and when it was kept; null where there is none.
  of(name) {
    return read(this.prefix + name);
  }

  // Keep `text` as the draft of a scenario; false where it can't be kept: too large, no room, storage that is switched off, or its owner has signed out.
  keep(name, text) {
    if (text.length > LONGEST || stored(OWNER) !== this.owner) return false;
    const value = JSON.stringify({ text, at: Date.now() });
    for (;;) {
      try {
        localStorage.setItem(this.prefix + name, value);
        this.#tidy();
        return true;
      } catch {
        const [oldest] = drafts().filter(({ key }) => key !== this.prefix + name);
        if (!oldest) return false;
        localStorage.removeItem(oldest.key);
      }
    }
  }

  drop(name) {
    remove(this.prefix + name);
  }

  #tidy() {
    const found = drafts();
    const late = Date.now() - DAYS * 86_400_000;
    for (const { key, at } of found.filter(({ at }, i) => at < late || i < found.length - MOST)) localStorage.removeItem(key);
  }
}

function stored(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

function write(key, value) {
  try {
    localStorage.setItem(key, value);
  } catch {
    // switched off or full: nothing is kept, and the page asks before it is left
  }
}

function remove(key) {
  try {
    localStorage.removeItem(key);
  } catch {
    // switched off: there is nothing to remove
  }
}

function read(key) {
  try {
    const found = JSON.parse(stored(key));
    return typeof found?.text === "string" && Number.isFinite(found.at) ? found : null;
  } catch {
    return null;
  }
}

// Every draft, the oldest first; none where storage is switched off.
function drafts() {
  try {
    const keys = Object.keys(localStorage).filter((key) => key.startsWith(PREFIX));
    return keys.map((key) => ({ key, at: read(key)?.at ?? 0 })).sort((one, other) => one.at - other.at);
  } catch {
    return [];
  }
}

// A short name for a text (FNV-1a, and its length). The browser's own hashes are for encrypted and local pages only.
function hash(text) {
  let found = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) found = Math.imul(found ^ text.charCodeAt(i), 0x01000193);
  return `${text.length}-${(found >>> 0).toString(16)}`;
}

// When a draft was kept, as people say it.
function when(at) {
  const [day, today] = [new Date(at), new Date()];
  const time = day.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
  return day.toDateString() === today.toDateString() ? `today at ${time}` : `on ${day.toLocaleDateString("en-GB", { day: "numeric", month: "long" })} at ${time}`;
}
