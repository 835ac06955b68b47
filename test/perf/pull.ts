/** `pull.ts`: pull of a ten-layer image, layers made into EROFS, against gunzip and one sha256 of the same layers. Needs no KVM. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { z } from 'zod';
import { call, connectCri } from '../e2e/harness/cri.ts';
import { run } from '../e2e/harness/run.ts';
import { REGISTRY_DATA } from '../e2e/harness/settings.ts';
import { startBench, stopDaemon } from './bench.ts';
import { percentile, spread, table, timed } from './table.ts';

const IMAGE = 'docker.io/bench/100m:latest';
const RUNS = 7;

const manifestSchema = z.object({ layers: z.array(z.object({ digest: z.string(), size: z.number() })) });

const bench = await startBench();
const { images, close } = connectCri(bench.folders.socket);

const reply = await fetch(`http://${bench.registry}/v2/bench/100m/manifests/latest`, {
  headers: { accept: 'application/vnd.docker.distribution.manifest.v2+json' },
});
const { layers } = manifestSchema.parse(await reply.json());
const blobs = layers.map(({ digest }) => {
  const hex = digest.slice('sha256:'.length);
  return join(REGISTRY_DATA, 'docker/registry/v2/blobs/sha256', hex.slice(0, 2), hex, 'data');
});
const script = 'for blob in "$@"; do gunzip -c "$blob" | sha256sum; done';

const pull = (): Promise<unknown> => call(images.pullImage.bind(images), { image: { image: IMAGE } });
const remove = (): Promise<unknown> => call(images.removeImage.bind(images), { image: { image: IMAGE } });
const yardstick = async (): Promise<void> => {
  assert.equal((await run('sh', ['-c', script, 'sh', ...blobs])).code, 0);
};

// one of each that does not count, then in turn, so that both meet the same moods of the machine
await pull();
await remove();
await yardstick();
const [pulls, yardsticks]: [number[], number[]] = [[], []];
for (let index = 0; index < RUNS; index += 1) {
  pulls.push(await timed(pull));
  await remove();
  yardsticks.push(await timed(yardstick));
  process.stdout.write('.');
}
close();
await stopDaemon(bench.daemon);
await bench.end();

const ratios = pulls.map((ms, index) => ms / (yardsticks[index] ?? Number.NaN));
const megabytes = layers.reduce((sum, { size }) => sum + size, 0) / 1e6;
process.stdout.write(
  table(
    `Pull of ${layers.length} layers, ${megabytes.toFixed(0)} MB compressed, from a local registry (${RUNS} runs), ms`,
    ['', 'p50 / p95'],
    [
      ['pull: transfer, two sha256, gunzip, EROFS, fdatasync', spread(pulls)],
      ['gunzip -c | sha256sum, layer after layer', spread(yardsticks)],
      [
        'ratio, run by run (target: at most 1.0)',
        `${percentile(ratios, 0.5).toFixed(2)} / ${percentile(ratios, 0.95).toFixed(2)}`,
      ],
    ],
  ),
);
