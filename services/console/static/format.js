// Numbers as templating.py writes them, so that nothing changes its look when it is updated.

const whole = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

export const count = (number) => (number === null ? "–" : whole.format(number));

export function rate(perSecond) {
  if (perSecond === null) return "–";
  return perSecond > 0 && perSecond < 10 ? `${perSecond.toFixed(1)}/s` : `${whole.format(perSecond)}/s`;
}

export function age(seconds) {
  if (seconds === null) return "–";
  for (const [unit, length] of [["d", 86400], ["h", 3600], ["min", 60]]) {
    if (seconds >= length) return `${(seconds / length).toFixed(0)} ${unit}`;
  }
  return `${Math.max(0, seconds).toFixed(0)} s`;
}

export function size(octets) {
  for (const [unit, factor] of [["GB", 1e9], ["MB", 1e6], ["kB", 1e3]]) {
    if (octets >= factor) return `${(octets / factor).toFixed(1)} ${unit}`;
  }
  return `${octets} B`;
}
