// Answers of late by address, so that going back paints at once. Forgotten when somebody signs out.
const keptMax = 60;
const kept = new Map<string, unknown>();

export function keep(url: string, data: unknown): void {
  kept.delete(url);
  kept.set(url, data);
  for (const oldest of kept.keys()) {
    if (kept.size <= keptMax) break;
    kept.delete(oldest);
  }
}

export function recall<T>(url: string): T | undefined {
  return kept.get(url) as T | undefined;
}

export function forgetAll(): void {
  kept.clear();
}
