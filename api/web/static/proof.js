// What proves to the service that a page of its own makes a request. Where nobody signs in there is nothing to prove.

export function proof() {
  const token = document.querySelector('meta[name="csrf-token"]')?.content;
  return token ? { "X-CSRF-Token": token } : {};
}
