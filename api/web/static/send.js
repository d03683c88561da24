// Talking to the service: a document goes out as JSON, and what comes back in trouble is a problem with a title and a sentence.

import { proof } from "./proof.js";

export function ask(address, body) {
  return fetch(address, { method: "POST", headers: { "Content-Type": "application/json", ...proof() }, body });
}

export async function problem(answer) {
  const known = answer.headers.get("Content-Type")?.startsWith("application/problem+json");
  return known ? answer.json() : { title: "No usable answer", detail: `The server answered ${answer.status}.` };
}
