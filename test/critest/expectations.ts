/** What critest is known to say of this runtime: expected.tsv, one line per spec. Pure. */
import { z } from 'zod';

export const OUTCOMES = ['passed', 'failed', 'skipped'] as const;
export type Outcome = (typeof OUTCOMES)[number];

const expectationSchema = z.object({
  spec: z.string().min(1),
  outcome: z.enum(OUTCOMES),
  /** What it took in the test node; only the balance between nodes depends on it. */
  seconds: z.coerce.number().nonnegative(),
  /** `ci`: in the subset that CI runs. */
  runs: z.enum(['ci', 'full']),
  /** Why it does not pass. */
  reason: z.string(),
});
export type Expectation = z.infer<typeof expectationSchema>;

const COLUMNS = ['outcome', 'seconds', 'runs', 'spec', 'reason'] as const;

/** Throws if a line is malformed, a spec stands there twice, or one that does not pass has no reason. */
export function parseExpectations(text: string): readonly Expectation[] {
  const [header, ...lines] = text.trimEnd().split('\n');
  if (header !== COLUMNS.join('\t')) throw new Error(`the first line must be ${COLUMNS.join(', ')}, with tabs`);
  const specs = new Set<string>();
  return lines.map((line) => {
    const cells = line.split('\t');
    const row = expectationSchema.parse(Object.fromEntries(COLUMNS.map((name, index) => [name, cells[index] ?? ''])));
    if (specs.has(row.spec)) throw new Error(`twice in the list: ${row.spec}`);
    if ((row.outcome === 'passed') !== (row.reason === '')) {
      throw new Error(`a reason belongs to what does not pass, and only there: ${row.spec}`);
    }
    specs.add(row.spec);
    return row;
  });
}

export function formatExpectations(rows: readonly Expectation[]): string {
  const lines = rows.map((row) => COLUMNS.map((name) => String(row[name])).join('\t'));
  return `${[COLUMNS.join('\t'), ...lines].join('\n')}\n`;
}
