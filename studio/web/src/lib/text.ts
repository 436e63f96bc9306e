// Numbers as people read them: few digits, and their unit.

const SPACE = '\u202f'; // narrow, and lines do not break there

/** "12,345"; "0.0213"; "-1.5": at most `digits` that count, and no more than needed. */
export function numberText(value: number, digits = 4): string {
  if (!Number.isFinite(value)) return '–';
  const magnitude = Math.abs(value);
  if (magnitude >= 1e7 || (magnitude > 0 && magnitude < 1e-4)) return value.toExponential(Math.min(2, digits - 1));
  if (magnitude >= 10 ** digits) return Math.round(value).toLocaleString('en');
  return value.toLocaleString('en', { maximumSignificantDigits: digits });
}

/** "9.81 m/s²"; units as devices write them. */
export function withUnit(text: string, unit: string): string {
  if (unit === '' || unit === 'N/A') return text;
  const shown = unit.replace(/(?<=\/\w+)\^?2$/, '²').replace(/^deg(?=[CF]?$|\/)/, '°');
  return shown.startsWith('°') || shown === '%' ? text + SPACE + shown : `${text} ${shown}`;
}

/** "12.5 kB", "1.2 MB": thousands, as boards' data sheets do not count, but people do. */
export function bytesText(bytes: number): string {
  for (const [unit, size] of [
    ['MB', 1e6],
    ['kB', 1e3],
  ] as const) {
    if (Math.abs(bytes) >= size) return `${numberText(bytes / size, 3)} ${unit}`;
  }
  return `${numberText(bytes)} B`;
}

/** "850 µs", "12.5 ms", "2.4 s", "3 min 5 s", "2 h 10 min". */
export function durationText(ms: number): string {
  const magnitude = Math.abs(ms);
  if (magnitude === 0) return '0 s';
  if (magnitude < 1) return `${numberText(ms * 1000, 3)} µs`;
  if (magnitude < 1000) return `${numberText(ms, 3)} ms`;
  if (magnitude < 60_000) return `${numberText(ms / 1000, 3)} s`;
  const sign = ms < 0 ? '-' : '';
  const seconds = Math.round(magnitude / 1000);
  const [hours, minutes, rest] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const parts = hours > 0 ? [`${hours} h`, minutes && `${minutes} min`] : [`${minutes} min`, rest && `${rest} s`];
  return sign + parts.filter(Boolean).join(' ');
}

/** A place in a recording, as fine as `step_ms` apart: "1.250 s", "2:05.5". */
export function placeText(ms: number, stepMs: number): string {
  const decimals = Math.max(0, Math.min(6, Math.ceil(-Math.log10(stepMs / 1000) - 1e-9)));
  const sign = ms < 0 ? '-' : '';
  const seconds = Math.abs(ms) / 1000;
  if (seconds < 60) return `${sign}${seconds.toFixed(decimals)} s`;
  const whole = Number(seconds.toFixed(decimals));
  const minutes = Math.floor(whole / 60);
  const rest = (whole - minutes * 60).toFixed(decimals).padStart(decimals > 0 ? decimals + 3 : 2, '0');
  if (minutes < 60) return `${sign}${minutes}:${rest}`;
  return `${sign}${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, '0')}:${rest}`;
}

/** "97.4 %"; 0 to 1 comes in. A share that is not quite all is never said to be all. */
export function shareText(share: number, decimals = 1): string {
  if (!Number.isFinite(share)) return '–';
  const most = 100 - 10 ** -decimals;
  const percent = share < 1 ? Math.min(share * 100, most) : share * 100;
  const text = percent.toFixed(decimals);
  return `${share === 0 || share === 1 ? percent.toFixed(0) : text}${SPACE}%`;
}

/** "1 window", "12,345 windows". */
export function countText(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString('en')} ${count === 1 ? one : many}`;
}
