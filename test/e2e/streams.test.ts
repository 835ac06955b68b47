import assert from 'node:assert/strict';
import { type Duplex, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import { isBoxError } from '../../src/errors.ts';
import type { Pod } from './harness/crictl.ts';
import { shims } from './harness/leftovers.ts';
import {
  ALL,
  digest,
  ended,
  GuestStreams,
  OUTPUT,
  patternDigest,
  sendPattern,
  TERMINAL,
  until,
} from './harness/streams.ts';
import { useWorld } from './harness/suite.ts';

const MIB = 1024 * 1024;
/** An emulated node moves a few MB/s: the real size is for a host with KVM (STREAM_TEST_MIB=1024). */
const BULK_BYTES = Number(process.env['STREAM_TEST_MIB'] ?? 4) * MIB;
/** More than h2 lets wait by itself. */
const SMALL_PIECES = 5000;
const [ECHO_PORT, SUM_PORT, SEND_PORT, CLOSED_PORT] = [7001, 7002, 7003, 7099];
/** Web servers on one address of the pod's localhost, and on no other (`nc` cannot do that). */
const LOCAL = [
  [7004, '127.0.0.1'],
  [7005, '[::1]'],
] as const;

const world = useWorld();
const OWN_PIDS = { linux: { security_context: { namespace_options: { pid: 1 } } } };

/** `nc` serving a command on a port of the pod. */
const serve = (port: number, ...command: readonly string[]): string => `nc -ll -p ${port} -e ${command.join(' ')} &`;

describe('streams', () => {
  let pod: Pod;
  let streams: GuestStreams;
  let id = '';

  before(async () => {
    const { crictl, folders } = world();
    pod = await crictl.runPod('streams');
    streams = await GuestStreams.open(folders, pod.id);
    id = await crictl.start(pod, { command: ['sleep', '100000'], config: OWN_PIDS });
  });
  after(() => streams.close());

  /** The command lines of the container's processes. */
  const processes = async (): Promise<string> =>
    (await streams.run(id, ['sh', '-c', 'cat /proc/[0-9]*/cmdline | tr "\\0" " "'])).stdout;

  describe('exec', () => {
    it('carries stdin, its end, stdout, stderr and the exit code', async () => {
      const script = 'cat; echo complaint >&2; exit 7';
      assert.deepEqual(await streams.run(id, ['sh', '-c', script], 'through and back'), {
        stdout: 'through and back',
        stderr: 'complaint\n',
        code: 7,
      });
    });

    it('takes thousands of small pieces at once', async () => {
      const process = await streams.exec(id, ['wc', '-c'], ALL);
      for (let piece = 0; piece < SMALL_PIECES; piece += 1) process.stdin?.write('x');
      process.stdin?.end();
      assert.equal((await ended(process)).stdout.trim(), String(SMALL_PIECES));
    });

    it('says why a program cannot run, and leaves no session', async () => {
      const refused = streams.exec(id, ['no-such-program'], ALL);
      await assert.rejects(
        refused,
        (error) => isBoxError(error, 'EXEC_FAILED') && /no-such-program/.test(error.message),
      );
      assert.equal(streams.sessions.count, 0);
    });

    it('is limited in descriptors as any container is', async () => {
      assert.equal((await streams.run(id, ['sh', '-c', 'ulimit -Sn; ulimit -Hn'])).stdout, '1024\n524288\n');
    });

    it('ends although a grandchild keeps the pipes', async () => {
      const { stdout, code } = await streams.run(id, ['sh', '-c', 'sleep 60 & echo done']);
      assert.deepEqual([stdout, code], ['done\n', 0]);
    });

    it('kills the process group of a client that leaves', async () => {
      const left = await streams.exec(id, ['sh', '-c', 'sleep 4444; true'], OUTPUT);
      left.close();
      await assert.rejects(left.exited, (error) => isBoxError(error, 'CANCELLED'));
      await gone(/sleep 4444/);
    });

    it('brings a large stream whole, each way', async () => {
      const down = await streams.exec(id, ['sh', '-c', `yes 0123456789abcde | head -c ${BULK_BYTES}`], OUTPUT);
      assert.equal(await timed('exec output', digest(down.stdout)), patternDigest(BULK_BYTES));
      assert.equal(await down.exited, 0);
      const up = await streams.exec(id, ['sha256sum'], ALL);
      await timed('exec input', sendPattern(up.stdin, BULK_BYTES));
      assert.match((await ended(up)).stdout, new RegExp(`^${patternDigest(BULK_BYTES)} `));
    });

    it('passes a large stream through a process although its output waits for its input', async () => {
      const process = await streams.exec(id, ['cat'], ALL);
      const [seen] = await Promise.all([digest(process.stdout), sendPattern(process.stdin, 2 * MIB)]);
      assert.equal(seen, patternDigest(2 * MIB));
    });

    it('a client that reads nothing stops its own process only, and one stream does not stop the other', async () => {
      const deaf = await streams.exec(id, ['sh', '-c', 'yes & yes >&2'], OUTPUT);
      const half = await streams.exec(id, ['sh', '-c', 'yes >&2 & sleep 1; echo heard'], OUTPUT);
      assert.match(await until(half.stdout, /\n/), /heard/);
      assert.equal((await streams.run(id, ['echo', 'beside it'])).stdout, 'beside it\n');
      deaf.close();
      half.close();
      await gone(/yes/);
    });

    it('64 at once, each with its own', async () => {
      const all = Array.from({ length: 64 }, async (_, index) => {
        const { stdout, code } = await streams.run(id, ['sh', '-c', `cat; exit ${index}`], `input ${index}`);
        assert.deepEqual([stdout, code], [`input ${index}`, index]);
      });
      await timed('64 sessions', Promise.all(all));
      assert.equal(streams.sessions.count, 0);
    });
  });

  describe('exec with a terminal', () => {
    it('has a controlling terminal of its user, with a size, and TERM', async () => {
      const shell = await streams.exec(id, ['sh'], TERMINAL);
      shell.resize({ width: 101, height: 37 });
      shell.stdin?.write(
        'stty -echo; PS1=; echo "<$(stty size) $TERM $(stat -c %u $(tty))>"; test -t 2 && echo "<tty>"\n',
      );
      assert.match(await until(shell.stdout, /<tty>[^"]/), /<37 101 xterm 0>/);
      shell.stdin?.write('exit 5\n');
      assert.equal(await shell.exited, 5);
    });

    it('interrupts with ^C, and ends with exit', async () => {
      const shell = await streams.exec(
        id,
        // a shell that is told before it waits for its child answers when the child ends
        ['sh', '-c', 'trap "echo interrupted; exit 9" INT; echo ready; while :; do sleep 1; done'],
        TERMINAL,
      );
      await until(shell.stdout, /ready/);
      shell.stdin?.write('\x03');
      const { stdout, code } = await ended(shell);
      assert.match(stdout, /interrupted/);
      assert.equal(code, 9);
    });

    it('gives the last words of a process that ends at once', async () => {
      for (let index = 0; index < 5; index++) {
        const last = await streams.exec(id, ['echo', 'last words'], TERMINAL);
        assert.deepEqual(await ended(last), { stdout: 'last words\r\n', stderr: '', code: 0 });
      }
    });

    it('is hung up, then killed, when its client leaves', async () => {
      const polite = 'trap "echo hung-up > /tmp/hangup; exit" HUP; echo ready; while :; do sleep 0.1; done';
      const stubborn = 'trap "" HUP; echo ready; sleep 7777; true';
      for (const script of [polite, stubborn]) {
        const shell = await streams.exec(id, ['sh', '-c', script], TERMINAL);
        await until(shell.stdout, /ready/);
        shell.close();
      }
      await gone(/sleep 7777/);
      assert.equal((await streams.run(id, ['cat', '/tmp/hangup'])).stdout, 'hung-up\n');
    });
  });

  describe('attach', () => {
    it('writes to a shell, and its end ends a container with stdin_once', async () => {
      const { crictl } = world();
      const config = { stdin: true, stdin_once: true };
      const shell = await crictl.start(pod, { name: 'once', command: ['sh'], config });
      const attached = await streams.attach(shell, ALL);
      attached.stdin?.write('echo -n hello\n');
      assert.equal(await until(attached.stdout, /hello/), 'hello');
      attached.stdin?.end('exit 3\n');
      assert.deepEqual(await ended(attached), { stdout: '', stderr: '', code: 3 });
      assert.equal((await crictl.exited(shell)).exitCode, 3);
      await assert.rejects(streams.attach(shell, ALL), (error) => isBoxError(error, 'CONTAINER_STATE'));
    });

    it('a client that disappears ends stdin_once too; without it, stdin stays open for the next', async () => {
      const { crictl } = world();
      const command = ['sh', '-c', 'while read line; do echo "got $line"; done; echo over'];
      const once = await crictl.start(pod, { name: 'gone', command, config: { stdin: true, stdin_once: true } });
      (await streams.attach(once, ALL)).close();
      await crictl.exited(once);
      const kept = await crictl.start(pod, { name: 'kept', command, config: { stdin: true } });
      const watcher = await streams.attach(kept, OUTPUT);
      for (const word of ['one', 'two']) {
        const client = await streams.attach(kept, ALL);
        client.stdin?.end(`${word}\n`);
        await until(client.stdout, new RegExp(`got ${word}`));
        client.close();
      }
      assert.equal(await until(watcher.stdout, /two/), 'got one\ngot two\n');
      await crictl.ok('stop', '-t', '0', kept);
      assert.equal(await watcher.exited, 137);
      assert.equal(await crictl.ok('logs', kept), 'got one\ngot two');
    });

    it('a container with a terminal: /dev/console, resize, the log has it too', async () => {
      const { crictl } = world();
      const shell = await crictl.start(pod, { name: 'tty', command: ['sh'], config: { tty: true, stdin: true } });
      const attached = await streams.attach(shell, TERMINAL);
      attached.resize({ width: 90, height: 20 });
      attached.stdin?.write('stty -echo; echo "<$(stty size) $TERM $(tty)>"; echo "<con"sole\\> > /dev/console\n');
      assert.match(await until(attached.stdout, /<console>/), /<20 90 xterm \/dev\/(console|pts\/0)>/);
      attached.stdin?.write('exit 4\n');
      assert.equal(await attached.exited, 4);
      assert.match(await crictl.ok('logs', shell), /<console>/);
    });

    it('a client that reads nothing is cut off, and the container goes on', async () => {
      const { crictl } = world();
      // long lines: the log has a time for each
      const script = `read go; yes ${'y'.repeat(1023)} | head -c ${3 * MIB}; echo finished`;
      const writer = await crictl.start(pod, { name: 'deaf', command: ['sh', '-c', script], config: { stdin: true } });
      const deaf = await streams.attach(writer, OUTPUT);
      const reader = await streams.attach(writer, ALL);
      reader.stdin?.write('go\n');
      const [seen] = await Promise.all([
        text(reader.stdout ?? Readable.from([])),
        assert.rejects(deaf.exited, (error) => isBoxError(error, 'CLIENT_TOO_SLOW')),
      ]);
      assert.equal(seen.length, 3 * MIB + 'finished\n'.length);
      assert.equal((await crictl.exited(writer)).exitCode, 0);
    });
  });

  describe('port-forward', () => {
    before(async () => {
      const { crictl } = world();
      const script = [
        serve(ECHO_PORT, 'cat'),
        serve(SUM_PORT, 'sha256sum'),
        serve(SEND_PORT, 'sh', '-c', `'yes 0123456789abcde | head -c ${BULK_BYTES}'`),
        'echo local >/tmp/address',
        ...LOCAL.map(([port, address]) => `httpd -f -p ${address}:${port} -h /tmp &`),
        'wait',
      ].join('\n');
      await crictl.start(pod, { name: 'server', command: ['sh', '-c', script] });
      for (const port of [ECHO_PORT, SUM_PORT, SEND_PORT, ...LOCAL.map(([port]) => port)])
        (await listening(port)).destroy();
    });

    it('each direction ends by itself', async () => {
      const connection = await streams.forward(ECHO_PORT);
      connection.end('there and back');
      assert.equal(await text(connection), 'there and back');
    });

    for (const [port, address] of LOCAL) {
      it(`reaches a server that listens on ${address} only`, async () => {
        const connection = await streams.forward(port);
        connection.end('GET /address HTTP/1.0\r\n\r\n');
        assert.match(await text(connection), /\r\n\r\nlocal\n$/);
      });
    }

    it('names a port on which nothing listens', async () => {
      const refused = (error: unknown): boolean =>
        isBoxError(error, 'FORWARD_FAILED') && error.message.includes(String(CLOSED_PORT));
      await assert.rejects(streams.forward(CLOSED_PORT), refused);
      await assert.rejects(streams.forward(0), (error) => isBoxError(error, 'INVALID_REQUEST'));
    });

    it('brings a large stream whole, each way', async () => {
      const down = await streams.forward(SEND_PORT);
      down.end();
      assert.equal(await timed('forward down', digest(down)), patternDigest(BULK_BYTES));
      const up = await streams.forward(SUM_PORT);
      await timed('forward up', sendPattern(up, BULK_BYTES));
      assert.match(await text(up), new RegExp(`^${patternDigest(BULK_BYTES)} `));
    });

    it('a client that reads nothing stops nobody else', async () => {
      const deaf = await streams.forward(SEND_PORT);
      const connection = await streams.forward(ECHO_PORT);
      connection.end('beside it');
      assert.equal(await text(connection), 'beside it');
      deaf.destroy();
    });
  });

  it('all of them end with the VM, and say so', async () => {
    const { folders } = world();
    const lost = (error: unknown): boolean => isBoxError(error, 'GUEST_GONE');
    const exec = await streams.exec(id, ['sleep', '8888'], TERMINAL);
    const attach = await streams.attach(id, OUTPUT);
    const forward = await streams.forward(ECHO_PORT);
    const broken = new Promise((resolve) => forward.once('error', resolve));
    const [shim] = await shims(folders);
    process.kill(shim?.pid ?? 0, 'SIGKILL');
    await Promise.all([assert.rejects(exec.exited, lost), assert.rejects(attach.exited, lost)]);
    assert.ok(lost(await broken));
    assert.equal(streams.sessions.count, 0);
  });

  /** A connection, as soon as there is one. */
  async function listening(port: number): Promise<Duplex> {
    const deadline = Date.now() + 60_000;
    for (;;) {
      try {
        return await streams.forward(port);
      } catch (error) {
        assert.ok(isBoxError(error, 'FORWARD_FAILED') && Date.now() < deadline, String(error));
      }
    }
  }

  /** Waits until no process of the container matches: its end is not told to anybody. */
  async function gone(name: RegExp): Promise<void> {
    const deadline = Date.now() + 60_000;
    for (let seen = await processes(); name.test(seen); seen = await processes()) {
      assert.ok(Date.now() < deadline, `still there: ${seen}`);
    }
  }
});

/** Says how long something took: the node's numbers are for comparison only. */
async function timed<T>(what: string, work: Promise<T>): Promise<T> {
  const started = performance.now();
  const result = await work;
  process.stdout.write(`# ${what}: ${Math.round(performance.now() - started)} ms\n`);
  return result;
}
