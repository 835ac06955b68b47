/** A daemon that ends while its pods are in use, and the next one: what its clients are told, what is shown, and that all of it goes on. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { before, describe, it } from 'node:test';
import { z } from 'zod';
import { until as ask, type Pod } from './harness/crictl.ts';
import { finish, type PortForward, startCrictl, startPortForward } from './harness/crictl-streams.ts';
import { shims } from './harness/leftovers.ts';
import type { Finished } from './harness/run.ts';
import { until } from './harness/streams.ts';
import { useWorld } from './harness/suite.ts';

const PORT = 7001;
/** PORT in hexadecimal, in state LISTEN. */
const LISTENING = "until grep -qs ':1B59 .* 0A ' /proc/net/tcp /proc/net/tcp6; do sleep 0.2; done";
/** For clients of a daemon that was killed: nobody tells them anything but the kernel. */
const NOTICED_MS = 10_000;
const SLEEP = 'sleep 4444';
const NOTED = { labels: { app: 'restarted' }, annotations: { 'a3s.test/kept': 'as it was' } };
const inspectedSchema = z.object({ status: z.looseObject({ state: z.string() }), info: z.looseObject({}) });
type Inspected = z.infer<typeof inspectedSchema>;

type Transport = 'spdy' | 'websocket';

/** A client's session with a pod. */
interface Session {
  readonly what: string;
  readonly ended: Promise<Finished>;
}

const world = useWorld();
let pod: Pod;
let server = '';

describe('a daemon that ends', () => {
  before(async () => {
    const { crictl } = world();
    pod = await crictl.runPod('restarted', NOTED);
    const command = ['nc', '-ll', '-p', `${PORT}`, '-e', 'cat'];
    server = await crictl.start(pod, { name: 'server', attempt: 3, command, config: NOTED });
    await crictl.exec(server, 'sh', '-c', LISTENING);
  });

  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    describe(`after ${signal}`, () => {
      let shell = '';
      let sessions: readonly (Finished & { readonly what: string })[] = [];
      let noticed = NaN;
      const shown: Inspected[][] = [];

      before(async () => {
        const { crictl, daemon, folders } = world();
        shell = await crictl.start(pod, { name: `shell-${signal}`, command: ['sh'], config: { stdin: true } });
        const open = await Promise.all([
          exec('spdy'),
          exec('websocket'),
          attached(shell, 'spdy'),
          attached(shell, 'websocket'),
          forwarded(),
        ]);
        shown.push(await inspected([server, shell]));
        const vms = await shims(folders);
        const ended = Promise.all(open.map(async ({ what, ended }) => ({ what, ...(await ended) })));
        if (signal === 'SIGTERM') assert.equal(await daemon.stop(), 0, daemon.log());
        else await daemon.kill();
        const started = performance.now();
        sessions = await ended;
        noticed = performance.now() - started;
        await world().restart();
        assert.deepEqual(await shims(folders), vms);
        shown.push(await inspected([server, shell]));
      });

      it('every exec, attach and port-forward ends with an error, and what exec has started is gone', async () => {
        for (const { what, code, stderr } of sessions) {
          // client-go takes it for success that a SPDY connection ends without a status
          if (signal === 'SIGTERM' || !what.includes('spdy')) assert.notEqual(code, 0, `${what}: ${stderr}`);
          if (signal === 'SIGTERM' && what !== 'port-forward')
            assert.match(stderr, /the container runtime is stopping/, what);
        }
        assert.ok(noticed < NOTICED_MS, `${noticed} ms`);
        const { crictl } = world();
        const processes = (): Promise<string> => crictl.exec(server, 'ps', '-o', 'args');
        assert.match(await processes(), /nc -ll/);
        await ask('no exec goes on', async () => !(await processes()).includes(SLEEP) || undefined);
      });

      it('sandbox and containers are shown as before', () => {
        const [earlier, later] = shown;
        assert.deepEqual(later, earlier);
        assert.deepEqual(
          earlier?.map(({ status }) => status.state),
          ['SANDBOX_READY', 'CONTAINER_RUNNING', 'CONTAINER_RUNNING'],
        );
      });

      it('the same VM is attached to, forwarded to, stopped in, and given another container', async () => {
        const { crictl } = world();
        const session = await attached(shell, 'spdy');
        const forward = await echoing();
        await forward.stop();
        await crictl.ok('stop', '-t', '20', shell);
        assert.equal((await crictl.status(shell)).exitCode, 143);
        assert.equal((await session.ended).code, 0);
        const next = await crictl.finish(pod, { name: `next-${signal}`, command: ['sh', '-c', 'exit 4'] });
        assert.equal(next.exitCode, 4);
      });
    });
  }
});

async function exec(transport: Transport): Promise<Session> {
  const script = `echo ready; ${SLEEP}; true`;
  const child = startCrictl(world().folders, 'exec', '-i', '-r', transport, server, 'sh', '-c', script);
  await until(child.stdout, /ready/);
  return { what: `exec over ${transport}`, ended: finish(child) };
}

/** To a shell that answers. */
async function attached(id: string, transport: Transport): Promise<Session> {
  const child = startCrictl(world().folders, 'attach', '-i', '-r', transport, id);
  child.stdin.write('echo together\n');
  await until(child.stdout, /together/);
  return { what: `attach over ${transport}`, ended: finish(child) };
}

async function forwarded(): Promise<Session> {
  return { what: 'port-forward', ended: (await echoing()).ended };
}

/** A port-forward with a connection that has brought something there and back. */
async function echoing(): Promise<PortForward> {
  const forward = await startPortForward(world().folders, pod.id, PORT);
  // its connections end with the forward, in whichever way
  const socket = forward.connect().on('error', () => undefined);
  socket.write('there and back');
  const [echo] = await once(socket, 'data');
  assert.equal(String(echo), 'there and back');
  return forward;
}

/** Of the sandbox and its containers all that can be inspected. */
async function inspected(ids: readonly string[]): Promise<Inspected[]> {
  const { crictl } = world();
  const words = [['inspectp', pod.id], ...ids.map((id) => ['inspect', id])] as const;
  const answers: Inspected[] = [];
  for (const [command = '', id = ''] of words) {
    answers.push(inspectedSchema.parse(JSON.parse(await crictl.ok(command, '-o', 'json', id))));
  }
  return answers;
}
