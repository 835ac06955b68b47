/** Streaming as people use it: crictl, the streaming server, the guest. What the guest does by itself is in streams.test.ts. */
import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { before, describe, it } from 'node:test';
import { peakGrowthMiB } from '../../src/testing/memory.ts';
import { connectCri } from './harness/cri.ts';
import type { Pod } from './harness/crictl.ts';
import { finish, startCrictl, startOnTerminal, startPortForward } from './harness/crictl-streams.ts';
import { shims } from './harness/leftovers.ts';
import { digest, PATTERN, patternDigest, sendPattern, until } from './harness/streams.ts';
import { useWorld } from './harness/suite.ts';
import { websocketExec } from './harness/websocket-exec.ts';

const MIB = 1024 * 1024;
/** Large enough for its weight to show in the memory of whoever keeps it; STREAM_TEST_MIB=1024 on a host with KVM. */
const WATCHED_BYTES = Number(process.env['STREAM_TEST_MIB'] ?? 16) * MIB;
const MEMORY_GROWTH_MIB = Math.min(50, WATCHED_BYTES / MIB);
const [ECHO_PORT, SUM_PORT, SEND_PORT, CLOSED_PORT] = [7001, 7002, 7003, 7099];
const SESSIONS = 64;
const SIZE = { columns: 101, rows: 43 };

const world = useWorld();
const OWN_PIDS = { linux: { security_context: { namespace_options: { pid: 1 } } } };
const yes = (bytes: number): string => `yes ${PATTERN.trim()} | head -c ${bytes}`;

describe('crictl', () => {
  let pod: Pod;
  let id = '';

  before(async () => {
    const { crictl } = world();
    pod = await crictl.runPod('streaming');
    id = await crictl.start(pod, { command: ['sleep', '100000'], config: OWN_PIDS });
  });

  const crictl = (...args: readonly string[]) => startCrictl(world().folders, ...args);
  const onTerminal = (...args: readonly string[]) => startOnTerminal(world().folders, SIZE, ...args);

  it('exec: stdout, stderr, exit code', async () => {
    const { code, stdout, stderr } = await finish(crictl('exec', id, 'sh', '-c', 'echo out; echo err >&2; exit 3'), '');
    assert.deepEqual([code, stdout], [1, 'out\n']);
    assert.match(stderr, /^err$/m);
    assert.match(stderr, /exit code 3/);
    assert.match((await finish(crictl('exec', id, 'no-such-program'), '')).stderr, /no-such-program/);
  });

  /** Fails if `act`, in which bytes flow through the daemon and the shim, costs either much memory at any time. */
  async function withFlatMemory(what: string, act: () => Promise<void>): Promise<void> {
    const { daemon, folders } = world();
    const [shim] = await shims(folders);
    assert.ok(shim !== undefined);
    const started = performance.now();
    const [ofDaemon = NaN, ofShim = NaN] = await peakGrowthMiB([daemon.pid, shim.pid], act);
    const seen = `daemon +${ofDaemon.toFixed(1)} MiB, shim +${ofShim.toFixed(1)} MiB`;
    process.stdout.write(`# ${what}: ${seen}, ${Math.round(performance.now() - started)} ms\n`);
    assert.ok(ofDaemon < MEMORY_GROWTH_MIB && ofShim < MEMORY_GROWTH_MIB, seen);
  }

  it('exec -i: a large stream each way, whole, through a daemon and a shim that keep none of it', async () => {
    await withFlatMemory('exec output', async () => {
      const down = crictl('exec', id, 'sh', '-c', yes(WATCHED_BYTES));
      assert.equal(await digest(down.stdout), patternDigest(WATCHED_BYTES));
    });
    await withFlatMemory('exec input', async () => {
      const up = crictl('exec', '-i', id, 'sha256sum');
      const [ended] = await Promise.all([finish(up), sendPattern(up.stdin, WATCHED_BYTES)]);
      assert.match(ended.stdout, new RegExp(`^${patternDigest(WATCHED_BYTES)} `), ended.stderr);
    });
  });

  it('exec -it: a terminal of the client’s size, which it ends itself', async () => {
    const shell = onTerminal('exec', '-it', id, 'sh');
    // a shell of its own, which has the terminal when it speaks: one ^C too early is the other's, and the sleep goes on
    shell.stdin.write(`PS1=; sh -c 'echo "<$(stty size) $TERM>"; sleep 5555'\n`);
    await until(shell.stdout, new RegExp(`<${SIZE.rows} ${SIZE.columns} xterm>`));
    shell.stdin.write('\x03echo "<int"errupted\\>; exit 0\n');
    await until(shell.stdout, /<interrupted>/);
    assert.equal((await finish(shell)).code, 0);
  });

  it('exec: a client that is killed takes its process with it', async () => {
    const shell = crictl('exec', '-i', id, 'sh', '-c', 'echo ready; sleep 4444; true');
    await until(shell.stdout, /ready/);
    shell.kill('SIGKILL');
    const processes = 'cat /proc/[0-9]*/cmdline | tr "\\0" " "';
    const deadline = Date.now() + 60_000;
    while (/sleep 4444/.test(await world().crictl.exec(id, 'sh', '-c', processes))) assert.ok(Date.now() < deadline);
  });

  it(`exec: ${SESSIONS} at once over WebSocket v5, each with a stdin of its own that its client ends`, async () => {
    const cri = connectCri(world().folders.socket);
    const all = Array.from({ length: SESSIONS }, async (_, index) => {
      const input = Buffer.from(`input ${index}`);
      assert.deepEqual(await websocketExec(cri, id, ['cat'], input, 'v5.channel.k8s.io'), input);
    });
    try {
      await Promise.all(all);
    } finally {
      cri.close();
    }
  });

  it('exec: eight at once over SPDY', async () => {
    const all = Array.from({ length: 8 }, (_, index) => finish(crictl('exec', '-i', id, 'cat'), `input ${index}`));
    for (const [index, { code, stdout }] of (await Promise.all(all)).entries()) {
      assert.deepEqual([code, stdout], [0, `input ${index}`]);
    }
  });

  it('attach -i: critest’s own conversation, and the end of stdin_once ends the container', async () => {
    const config = { stdin: true, stdin_once: true };
    const shell = await world().crictl.start(pod, { name: 'once', command: ['sh'], config });
    const { code, stdout } = await finish(crictl('attach', '-i', shell), 'echo -n hello\n');
    assert.deepEqual([code, stdout], [0, 'hello']);
    assert.equal((await world().crictl.exited(shell)).exitCode, 0);
  });

  it('attach -it: the terminal of a container', async () => {
    const shell = await world().crictl.start(pod, { name: 'tty', command: ['sh'], config: { tty: true, stdin: true } });
    const attached = onTerminal('attach', '-it', shell);
    attached.stdin.write('PS1=; echo "<$(stty size)>"\n');
    await until(attached.stdout, new RegExp(`<${SIZE.rows} ${SIZE.columns}>`));
    attached.stdin.write('exit 4\n');
    await finish(attached);
    assert.equal((await world().crictl.exited(shell)).exitCode, 4);
  });

  it('port-forward: each direction ends by itself, large streams whole and kept by nobody, a closed port is named', async () => {
    const { folders } = world();
    const servers = [
      `nc -ll -p ${ECHO_PORT} -e cat &`,
      `nc -ll -p ${SUM_PORT} -e sha256sum &`,
      `nc -ll -p ${SEND_PORT} -e sh -c '${yes(WATCHED_BYTES)}' &`,
      'wait',
    ];
    await world().crictl.start(pod, { name: 'server', command: ['sh', '-c', servers.join('\n')] });
    // the three ports in hexadecimal, in state LISTEN
    const listening = "cat /proc/net/tcp /proc/net/tcp6 | grep -c ':1B5[9AB] .* 0A '";
    await world().crictl.exec(id, 'sh', '-c', `until [ "$(${listening})" = 3 ]; do sleep 0.2; done`);
    const forward = async (
      port: number,
      use: (socket: Socket) => Promise<string>,
      transport: 'spdy' | 'websocket' = 'spdy',
    ): Promise<string> => {
      const local = await startPortForward(folders, pod.id, port, transport);
      try {
        return await use(local.connect());
      } finally {
        await local.stop();
      }
    };
    const closed = await startPortForward(folders, pod.id, CLOSED_PORT);
    assert.equal(await text(closed.connect()), '');
    assert.match(await closed.stop(), new RegExp(`port ${CLOSED_PORT}`));

    // over WebSocket it is SPDY in a tunnel
    for (const transport of ['spdy', 'websocket'] as const) {
      const echo = async (socket: Socket): Promise<string> => {
        socket.end('there and back');
        return text(socket);
      };
      assert.equal(await forward(ECHO_PORT, echo, transport), 'there and back');
      const receive = async (socket: Socket): Promise<string> => {
        socket.end();
        return digest(socket);
      };
      await withFlatMemory(`port-forward output, ${transport}`, async () => {
        assert.equal(await forward(SEND_PORT, receive, transport), patternDigest(WATCHED_BYTES));
      });
    }
    const send = async (socket: Socket): Promise<string> => {
      const [seen] = await Promise.all([text(socket), sendPattern(socket, WATCHED_BYTES)]);
      return seen;
    };
    await withFlatMemory('port-forward input', async () => {
      assert.match(await forward(SUM_PORT, send), new RegExp(`^${patternDigest(WATCHED_BYTES)} `));
    });
  });
});
