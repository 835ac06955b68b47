/** `critest.ts`: crictl's own benchmark specs (`critest -benchmark`). */
import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { runCritest } from '../critest/session.ts';
import { spread, table } from './table.ts';

const NS_PER_MS = 1e6;
const NUMBER = 5;
/** For hangs only: critest's own limits (5 s for a pod and its container) are those of a machine without an emulator. */
const LIMIT_S = 300;
const ALL_S = 1800;
const RESULTS = '_benchmark_data.json';

const resultsSchema = z.object({
  operationsNames: z.array(z.string()),
  datapoints: z.array(z.object({ operationsDurationsNs: z.array(z.number()) })),
});
const experimentSchema = z.object({
  Measurements: z.array(z.object({ Name: z.string(), Durations: z.array(z.number()).nullish() })),
});
const reportSchema = z.tuple([
  z.object({
    SpecReports: z.array(
      z.object({
        ReportEntries: z.array(z.object({ Value: z.object({ AsJSON: z.string() }) })).default([]),
      }),
    ),
  }),
]);

const folder = await mkdtemp(join(tmpdir(), 'a3s-critest-'));
const report = join(folder, 'report.json');
const parameters = join(folder, 'parameters.yaml');
await writeFile(parameters, yaml());
const code = await runCritest(
  folder,
  [
    '-benchmark',
    `-ginkgo.timeout=${ALL_S}s`,
    `-benchmarking-params-file=${parameters}`,
    `-benchmarking-output-dir=${folder}`,
    `-ginkgo.json-report=${report}`,
  ],
  () => undefined,
);
assert.equal(code, 0, await readFile(join(folder, 'critest.log'), 'utf8'));
const rows = [...(await operations()), ...(await experiments())];
assert.ok(rows.length > 0, 'critest measured nothing');
process.stdout.write(table(`critest -benchmark (${NUMBER} of each), ms`, ['', 'p50 / p95'], rows));
await rm(folder, { recursive: true });
process.exit(0);

function yaml(): string {
  const settings = {
    containersNumber: NUMBER,
    podsNumber: NUMBER,
    imagesNumber: NUMBER,
    containerBenchmarkTimeoutSeconds: LIMIT_S,
    podBenchmarkTimeoutSeconds: LIMIT_S,
    imageBenchmarkTimeoutSeconds: LIMIT_S,
    podContainerStartBenchmarkTimeoutSeconds: LIMIT_S,
    imagePullingBenchmarkImage: 'public.ecr.aws/docker/library/busybox:1',
  };
  return Object.entries(settings)
    .map(([key, value]) => `${key}: ${value}\n`)
    .join('');
}

/** A row for each operation of each kind of object. */
async function operations(): Promise<readonly (readonly string[])[]> {
  const files = (await readdir(folder)).filter((name) => name.endsWith(RESULTS)).toSorted();
  const all = await Promise.all(
    files.map(async (name) => ({ name, text: await readFile(join(folder, name), 'utf8') })),
  );
  return all.flatMap(({ name, text }) => {
    const { operationsNames, datapoints } = resultsSchema.parse(JSON.parse(text));
    assert.ok(datapoints.length > 0, `${name} has no samples`);
    return operationsNames.map((operation, index) => [
      operation,
      millis(datapoints.map(({ operationsDurationsNs }) => operationsDurationsNs[index] ?? Number.NaN)),
    ]);
  });
}

/** What critest measures into its report: a pod and its container, from nothing. */
async function experiments(): Promise<readonly (readonly string[])[]> {
  const [suite] = reportSchema.parse(JSON.parse(await readFile(report, 'utf8')));
  const entries = suite.SpecReports.flatMap(({ ReportEntries }) => ReportEntries);
  return entries
    .flatMap(({ Value }) => experimentSchema.parse(JSON.parse(Value.AsJSON)).Measurements)
    .map(({ Name, Durations }) => [Name, millis(Durations ?? [])]);
}

function millis(ns: readonly number[]): string {
  return spread(
    ns.map((value) => value / NS_PER_MS),
    1,
  );
}
