/** critest's own report (ginkgo's `-ginkgo.json-report`). Pure. */
import { z } from 'zod';
import type { Outcome } from './expectations.ts';

const NS_PER_S = 1e9;
/** critest writes it before each of its specs. */
const PREFIX = '[k8s.io] ';

const specSchema = z.object({
  LeafNodeType: z.string(),
  LeafNodeText: z.string(),
  ContainerHierarchyTexts: z
    .array(z.string())
    .nullish()
    .transform((texts) => texts ?? []),
  State: z.string(),
  RunTime: z.number().transform((ns) => ns / NS_PER_S),
  Failure: z.object({ Message: z.string() }).optional(),
});
const reportSchema = z.tuple([
  z.object({
    RunTime: z.number().transform((ns) => ns / NS_PER_S),
    SpecReports: z.array(specSchema),
  }),
]);

export interface Result {
  readonly spec: string;
  readonly outcome: Outcome;
  readonly seconds: number;
  /** Why it failed, or was skipped by itself. */
  readonly message: string;
}

export interface CritestReport {
  readonly seconds: number;
  readonly results: readonly Result[];
}

/** What ran, set-up that failed included; what the focus left out is not in it. */
export function parseReport(json: string): CritestReport {
  const [suite] = reportSchema.parse(JSON.parse(json));
  return { seconds: suite.RunTime, results: suite.SpecReports.filter(ran).map(resultOf) };
}

function ran({ LeafNodeType, State, Failure }: z.infer<typeof specSchema>): boolean {
  if (LeafNodeType !== 'It') return State !== 'passed' && State !== 'skipped';
  // a spec that skips itself says why
  return State !== 'skipped' || Failure !== undefined;
}

function resultOf(spec: z.infer<typeof specSchema>): Result {
  const texts = [...spec.ContainerHierarchyTexts, spec.LeafNodeText].filter((text) => text !== '');
  return {
    spec: texts.length === 0 ? spec.LeafNodeType : texts.join(' ').replace(PREFIX, ''),
    outcome: outcomeOf(spec.State),
    seconds: spec.RunTime,
    message: spec.Failure?.Message ?? '',
  };
}

/** Panicked, interrupted, aborted, timed out: all of them are failures. */
function outcomeOf(state: string): Outcome {
  return state === 'passed' || state === 'skipped' ? state : 'failed';
}

/** A regular expression (RE2) for exactly these specs. */
export function focusOn(specs: readonly string[]): string {
  const names = specs.map((spec) => spec.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return `\\[k8s\\.io\\] (${names.join('|')})$`;
}
