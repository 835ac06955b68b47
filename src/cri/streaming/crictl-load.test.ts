/** Many bytes and many sessions by crictl, through a streaming server in a process of its own whose memory is watched. */
import assert from 'node:assert/strict';
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { finish, startForward } from '../../testing/crictl-commands.ts';
import { CONTAINER, SANDBOX } from '../../testing/fake-cores.ts';
import { peakGrowthMiB } from '../../testing/memory.ts';

const MIB = 1024 * 1024;
/** A gibibyte takes minutes on a small machine (LOAD_TEST_MIB=1024, as `make test-long` has it). */
const LARGE = Number(process.env['LOAD_TEST_MIB'] ?? 256) * MIB;
/** What all sessions together may cost the daemon while bytes flow through it. */
const MEMORY_GROWTH_MIB = 50;
const SESSIONS = 64;

const script = (name: string): string => fileURLToPath(new URL(`../../testing/${name}`, import.meta.url));
const shell = (line: string): ChildProcessWithoutNullStreams => spawn('sh', ['-c', line]);

/** Prints bytes that are the same each time and nowhere alike: what AES makes of zeros and a fixed key. */
const MAKE = `head -c ${LARGE} /dev/zero | openssl enc -aes-128-ctr -nosalt -K 0f -iv 1d 2>/dev/null`;

describe('streaming under load', () => {
  let daemon: ChildProcessWithoutNullStreams;
  let crictl = '';
  let sum = '';
  before(async () => {
    // the flag of bin/a3s-boxd
    daemon = spawn(process.execPath, ['--max-semi-space-size=1', script('streaming-daemon.ts')]);
    const [line] = (await once(daemon.stdout, 'data')) as [Buffer];
    crictl = line.toString().trimEnd();
    sum = (await finish(shell(`${MAKE} | sha256sum`), '')).stdout;
  });
  after(async () => {
    const ended = once(daemon, 'close');
    daemon.stdin.end();
    await ended;
  });

  /** Fails if `act`, in which bytes flow through the daemon, costs it much memory at any time. */
  async function withFlatMemory(act: () => Promise<void>): Promise<void> {
    assert.ok(daemon.pid !== undefined);
    const [grown = NaN] = await peakGrowthMiB([daemon.pid], act);
    assert.ok(grown < MEMORY_GROWTH_MIB, `grew by ${grown.toFixed(1)} MiB`);
  }

  for (const transport of ['spdy', 'websocket']) {
    describe(transport, () => {
      it(`carries ${LARGE / MIB} MiB into a process`, async () => {
        await withFlatMemory(async () => {
          const line = `${MAKE} | ${crictl} exec -r ${transport} -i ${CONTAINER} sha256sum`;
          assert.equal((await finish(shell(line), '')).stdout, sum);
        });
      });

      it(`carries ${LARGE / MIB} MiB out of a process`, async () => {
        await withFlatMemory(async () => {
          const line = `${crictl} exec -r ${transport} ${CONTAINER} sh -c '${MAKE}' | sha256sum`;
          assert.equal((await finish(shell(line), '')).stdout, sum);
        });
      });

      it(`forwards ${LARGE / MIB} MiB to a port and back`, async () => {
        const pod = spawn(process.execPath, [script('bulk-peer.ts'), 'serve', String(LARGE)]);
        const [port] = (await once(pod.stdout, 'data')) as [Buffer];
        const forward = await startForward(
          shell(`exec ${crictl} port-forward -r ${transport} ${SANDBOX} :${Number(port)}`),
        );
        await withFlatMemory(async () => {
          const client = spawn(process.execPath, [script('bulk-peer.ts'), 'dial', String(forward.port), String(LARGE)]);
          const [there, here] = await Promise.all([finish(pod, ''), finish(client, '')]);
          assert.deepEqual([there.stdout, here.stdout], ['ok\n', 'ok\n'], there.stderr + here.stderr);
        });
        await forward.end();
      });
    });
  }

  it(`serves ${SESSIONS} sessions at once`, async () => {
    const open = async (i: number) => {
      const child = shell(`exec ${crictl} exec -i ${CONTAINER} cat`);
      child.stdin.write('ready');
      const [echo] = (await once(child.stdout, 'data')) as [Buffer];
      assert.equal(echo.toString(), 'ready');
      return { child, i };
    };
    await withFlatMemory(async () => {
      const sessions: { readonly child: ChildProcessWithoutNullStreams; readonly i: number }[] = [];
      // a few at a time: crictl's hello over gRPC has a limit of seconds, and 64 of them are much work to start
      while (sessions.length < SESSIONS) {
        const first = sessions.length;
        sessions.push(...(await Promise.all(Array.from({ length: 8 }, (_, i) => open(first + i)))));
      }
      await Promise.all(
        sessions.map(async ({ child, i }) => {
          const { code, stdout, stderr } = await finish(child, `session ${i}`);
          assert.deepEqual([code, stdout], [0, `session ${i}`], stderr);
        }),
      );
    });
  });

  it('holds back a process whose client never reads, and nobody else', async () => {
    const stuck = shell(`exec ${crictl} exec ${CONTAINER} sh -c 'echo $$; exec cat /dev/zero'`);
    await once(stuck.stdout, 'readable');
    const pid = Number.parseInt(String(stuck.stdout.read()), 10);
    await withFlatMemory(async () => {
      const line = `${crictl} exec ${CONTAINER} head -c ${LARGE} /dev/zero | wc -c`;
      assert.equal((await finish(shell(line), '')).stdout, `${LARGE}\n`);
    });
    const io = await readFile(`/proc/${pid}/io`, 'utf8');
    const written = Number(/^wchar: (\d+)$/m.exec(io)?.[1]);
    assert.ok(written < 64 * MIB, `${written} bytes were written for a client that never reads`);
    stuck.kill('SIGKILL');
    await once(stuck, 'exit');
  });
});
