// Exact decimal numbers as the API sends them: strings of digits. Never through a double; only `forDrawing`
// makes one, for the length of a bar.

interface Decimal {
  units: bigint; // of 10^-scale, signed
  scale: number;
}

const pattern = /^([-+]?)(\d+)(?:\.(\d*))?$/;

export function parseDecimal(text: string): Decimal {
  const parts = pattern.exec(text);
  if (!parts) throw new RangeError(`not a decimal number: ${text}`);
  const fraction = parts[3] ?? "";
  const units = BigInt(`${parts[2]}${fraction}`);
  return { units: parts[1] === "-" ? -units : units, scale: fraction.length };
}

// The units of `text` at `places`; halves away from zero, as money is rounded in shops.
export function unitsAt(text: string, places: number): bigint {
  const { units, scale } = parseDecimal(text);
  if (scale <= places) return units * 10n ** BigInt(places - scale);
  const divisor = 10n ** BigInt(scale - places);
  const size = units < 0n ? -units : units;
  const rounded = (size + divisor / 2n) / divisor;
  return units < 0n ? -rounded : rounded;
}

// Digits with thousands separators and a true minus sign; `symbol` stands between sign and digits.
export function writeUnits(units: bigint, places: number, symbol = ""): string {
  const digits = (units < 0n ? -units : units).toString().padStart(places + 1, "0");
  const whole = digits.slice(0, digits.length - places).replace(/\B(?=(\d{3})+$)/g, ",");
  const fraction = places > 0 ? `.${digits.slice(digits.length - places)}` : "";
  return `${units < 0n ? "\u2212" : ""}${symbol}${whole}${fraction}`;
}

export function isNegative(text: string): boolean {
  return parseDecimal(text).units < 0n;
}

export function isZero(text: string): boolean {
  return parseDecimal(text).units === 0n;
}

export function forDrawing(text: string): number {
  return Number(text);
}
