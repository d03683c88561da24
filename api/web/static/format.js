// Numbers as people read them: thousands separators, and as many digits as say something.

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const compact = new Intl.NumberFormat("en", { maximumSignificantDigits: 4, minimumSignificantDigits: 3 });
const SCALES = [[1e9, " billion"], [1e6, " million"]];

export function amount(value, currency) {
  if (value === null || value === undefined) return "–";
  const [scale, word] = SCALES.find(([scale]) => Math.abs(value) >= scale) ?? [1, ""];
  return (Math.abs(value) >= 1e4 && scale === 1 ? whole.format(value) : compact.format(value / scale)) + word + ` ${currency}`;
}

export function percent(share) {
  if (share === null || share === undefined) return "–";
  return `${new Intl.NumberFormat("en", { maximumSignificantDigits: 3 }).format(100 * Math.max(0, share))} %`;
}

export function seconds(value) {
  return `${new Intl.NumberFormat("en", { minimumFractionDigits: 1, maximumFractionDigits: 1 }).format(value)} s`;
}

export function count(number, noun) {
  return `${whole.format(number)} ${noun}${number === 1 ? "" : "s"}`;
}
