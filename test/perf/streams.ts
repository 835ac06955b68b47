/** `streams.ts`: streaming exec through the URLs that Exec gives, beside containerd + runc. */
import assert from 'node:assert/strict';
import type { Cri } from '../e2e/harness/cri.ts';
import { websocketExec } from '../e2e/harness/websocket-exec.ts';
import { removePod, startPod } from './pods.ts';
import { measureBoth } from './runtimes.ts';
import { sample } from './sample.ts';
import { compared, table } from './table.ts';

const SESSIONS = 20;
const TRANSFERS = 3;
const BYTES = 16 * 1024 * 1024;

interface Streams {
  readonly session: readonly number[] | undefined;
  readonly out: readonly number[] | undefined;
  readonly in: readonly number[] | undefined;
}

async function measure(cri: Cri): Promise<Streams> {
  const pod = await startPod(cri, 'streams');
  const { container } = pod;
  const input = Buffer.alloc(BYTES, 'a3s');
  const streams = {
    session: await sample(SESSIONS, () => websocketExec(cri, container, ['true'])),
    out: await sample(TRANSFERS, async () => {
      const { length } = await websocketExec(cri, container, ['head', '-c', String(BYTES), '/dev/zero']);
      assert.equal(length, BYTES);
    }),
    in: await sample(TRANSFERS, () =>
      websocketExec(cri, container, ['sh', '-c', `head -c ${BYTES} >/dev/null`], input),
    ),
  };
  await removePod(cri, pod);
  return streams;
}

const { own, peer, version } = await measureBoth(measure);
const what = `${BYTES / 1024 / 1024} MiB`;
process.stdout.write(
  table(
    `Streaming exec over WebSocket, beside containerd ${version} + runc, ms, p50 / p95`,
    ['', 'a3s-box', 'containerd + runc', 'ratio of p50'],
    [
      compared(`session of true, from Exec to its status (${SESSIONS})`, own.session, peer.session),
      compared(`${what} of standard output (${TRANSFERS})`, own.out, peer.out),
      compared(`${what} of standard input (${TRANSFERS})`, own.in, peer.in),
    ],
  ),
);
process.exit(0);
