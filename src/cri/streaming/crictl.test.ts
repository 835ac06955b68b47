/** crictl, which is made of kubelet's own client libraries, against the streaming server; local processes are in the guest's place. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import { type Forward, finish, startForward } from '../../testing/crictl-commands.ts';
import { CONTAINER, SANDBOX } from '../../testing/fake-cores.ts';
import { type StreamingRig, streamingRig } from '../../testing/streaming-rig.ts';

/** A server in the pod. */
async function podServer(serve: (socket: Socket) => void): Promise<{ readonly server: Server; readonly port: number }> {
  const server = createServer({ allowHalfOpen: true }, serve);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, port: (server.address() as AddressInfo).port };
}

describe('streaming, driven by crictl', () => {
  let rig: StreamingRig;
  before(async () => {
    rig = await streamingRig();
  });
  after(() => rig.stop());

  const forwardTo = (port: number, transport: string): Promise<Forward> =>
    startForward(rig.crictl('port-forward', '-r', transport, SANDBOX, `:${port}`));

  for (const transport of ['spdy', 'websocket']) {
    describe(transport, () => {
      const exec = (...args: readonly string[]) => rig.crictl('exec', '-r', transport, ...args);

      it('brings stdout, stderr and the exit code', async () => {
        const { code, stdout, stderr } = await finish(
          exec(CONTAINER, 'sh', '-c', 'echo out; echo err >&2; exit 3'),
          '',
        );
        assert.equal(code, 1);
        assert.equal(stdout, 'out\n');
        assert.match(stderr, /^err$/m);
        assert.match(stderr, /command terminated with exit code 3/);
      });

      it('succeeds in silence', async () => {
        const { code, stdout } = await finish(exec(CONTAINER, 'true'), '');
        assert.deepEqual([code, stdout], [0, '']);
      });

      it('says why a command cannot run', async () => {
        const { code, stderr } = await finish(exec(CONTAINER, 'no-such-program'), '');
        assert.equal(code, 1);
        assert.match(stderr, /cannot execute no-such-program/);
      });

      it("ends the process's stdin when the client's ends", async () => {
        const { code, stdout } = await finish(exec('-i', CONTAINER, 'sh', '-c', 'cat; echo end'), 'hello');
        assert.deepEqual([code, stdout], [0, 'helloend\n']);
      });

      it('attaches, and ends with the process', async () => {
        const { code, stdout } = await finish(
          rig.crictl('attach', '-i', '-r', transport, CONTAINER),
          'echo -n hello\n',
        );
        assert.deepEqual([code, stdout], [0, 'hello']);
      });

      it("gives a terminal the client's size", async () => {
        const line = `stty cols 101 rows 43; ${rig.crictlLine} exec -it -r ${transport} ${CONTAINER} head -n1`;
        const child = spawn('script', ['-qec', line, '/dev/null'], { env: { ...process.env, TERM: 'xterm' } });
        child.stdin.write('hello\n');
        const { code, stdout } = await finish(child);
        assert.equal(code, 0, stdout);
        assert.match(stdout, /hello/);
        assert.deepEqual(rig.processes.started.at(-1)?.sizes.at(-1), { width: 101, height: 43 });
      });

      it('kills a process whose client disappears', async () => {
        const child = exec('-i', CONTAINER, 'sh', '-c', 'echo ready; sleep 1000');
        await once(child.stdout, 'data');
        child.kill('SIGKILL');
        const started = rig.processes.started.at(-1);
        await started?.closed;
        if (started?.child.signalCode === null) await once(started.child, 'exit');
        assert.equal(started?.child.signalCode, 'SIGKILL');
      });

      it('forwards many connections at once, each byte and each end', async () => {
        const pod = await podServer((socket) => socket.pipe(socket));
        const local = await forwardTo(pod.port, transport);
        const talk = async (i: number): Promise<void> => {
          const socket = connect(local.port, '127.0.0.1');
          socket.end(`hello ${i}`);
          assert.equal((await buffer(socket)).toString(), `hello ${i}`);
        };
        await Promise.all(Array.from({ length: 32 }, (_, i) => talk(i)));
        await local.end();
        pod.server.close();
      });

      it('says why a port cannot be reached', async () => {
        const pod = await podServer(() => undefined);
        pod.server.close();
        await once(pod.server, 'close');
        const local = await forwardTo(pod.port, transport);
        const socket = connect(local.port, '127.0.0.1');
        assert.equal((await buffer(socket)).length, 0);
        assert.match(await local.end(), new RegExp(`error forwarding port ${pod.port}: .*ECONNREFUSED`));
      });
    });
  }
});
