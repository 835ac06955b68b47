/** Numbers as people read them. */

/** The value below which `share` (0…1) of the samples lie; nearest rank. */
export function percentile(samples: readonly number[], share: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  const rank = Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1));
  const value = sorted[rank];
  if (value === undefined) throw new RangeError('there are no samples');
  return value;
}

/** p50 and p95 in one cell. */
export function spread(samples: readonly number[], digits = 0): string {
  return `${percentile(samples, 0.5).toFixed(digits)} / ${percentile(samples, 0.95).toFixed(digits)}`;
}

/** A row of two runtimes' samples, with how many times the second one's p50 the first one's is. */
export function compared(
  what: string,
  own: readonly number[] | undefined,
  peer: readonly number[] | undefined,
  digits = 0,
): readonly string[] {
  const cell = (samples: readonly number[] | undefined): string =>
    samples === undefined ? 'not measured: UNIMPLEMENTED' : spread(samples, digits);
  const known = own !== undefined && peer !== undefined;
  return [what, cell(own), cell(peer), known ? (percentile(own, 0.5) / percentile(peer, 0.5)).toFixed(2) : ''];
}

/** A title, then columns as wide as their widest cell. */
export function table(title: string, header: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [header, ...rows];
  const widths = header.map((_, column) => Math.max(...all.map((row) => (row[column] ?? '').length)));
  const line = (row: readonly string[]): string =>
    `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd();
  const rule = widths.map((width) => '-'.repeat(width));
  return [`\n${title}`, line(header), line(rule), ...rows.map(line), ''].join('\n');
}

/** Milliseconds that `work` takes. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}
