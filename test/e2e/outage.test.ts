/**
 * What containers do while there is no daemon at all: they are told to begin by a file on a volume when the last daemon has ended,
 * and the next one is started when a file there says that they are done.
 */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { type ContainerStatus, until } from './harness/crictl.ts';
import { startCrictl } from './harness/crictl-streams.ts';
import { digest, PATTERN, patternDigest } from './harness/streams.ts';
import { useWorld, type World } from './harness/suite.ts';

const MIB = 1024 * 1024;
/** Lines on either stream: from the first to the second number while no daemon runs. */
const [SILENT_FROM, SILENT_TO, LINES] = [3, 18, 21];
/** The writer's blocks; the guest keeps a MiB, which is four of them. */
const [BLOCK, BLOCKS, KEPT] = [MIB / 4, 16, 4];
/** A line's time is when it was read; the text has whole seconds, and an emulated guest with much to do. */
const TIME_SLACK_S = 5;
const WORK = '/work';
const CRI_LINE = /^(\S+\.\d{9}Z) (stdout|stderr) F (\d+) (\d+)$/;

const waitFor = (file: string): string => `until [ -e ${WORK}/${file} ]; do sleep 0.1; done`;
const tell = (file: string): string => `touch ${WORK}/${file}`;
const block = `yes ${PATTERN.trim()} | head -c ${BLOCK}`;

const TALKER = [
  'i=0; say() { while [ $i -lt $1 ]; do echo "$i $(date +%s)"; echo "$i $(date +%s)" >&2; i=$((i+1)); sleep 0.2; done; }',
  `say ${SILENT_FROM}; ${tell('begun')}`,
  `${waitFor('go')}; say ${SILENT_TO}; ${tell('said')}`,
  `${waitFor('back')}; say ${LINES}`,
].join('\n');
const WRITER = `${waitFor('go')}; for i in $(seq ${BLOCKS}); do ${block}; echo $i >${WORK}/progress; done; ${tell('written')}`;
const QUITTER = `${waitFor('go')}; exit 5`;
const HUNGRY = `${waitFor('go')}; exec dd if=/dev/zero of=/dev/null bs=20M`;
// sees the two others end, and then does twice what the writer has before it
const WITNESS = [
  waitFor('look'),
  "while grep -qsE 'bs=20[M]|[e]xit 5' /proc/[0-9]*/cmdline; do sleep 0.1; done",
  `for i in $(seq ${2 * BLOCKS}); do ${block}; done >/dev/null; ${tell('looked')}`,
].join('\n');

/** What was seen of one time without a daemon. */
interface Outage {
  readonly talker: string;
  readonly writer: string;
  /** When the next daemon was started, in milliseconds. */
  readonly ended: number;
  /** The writer's progress at first and when the witness had looked, and whether it was done. */
  readonly progress: readonly number[];
  readonly writtenBefore: boolean;
  /** What the next daemon said first of those that had ended. */
  readonly quitter: ContainerStatus;
  readonly hungry: ContainerStatus;
}

describe('while no daemon runs', () => {
  const world = useWorld();
  let outage: Outage;
  before(async () => {
    outage = await outageOf(world());
  });

  it('output waits in the guest: it is in the log once, in order, under the time at which it was written', async () => {
    const { logPath, exitCode } = await world().crictl.exited(outage.talker);
    assert.equal(exitCode, 0);
    const lines = (await readFile(logPath, 'utf8')).trimEnd().split('\n').map(parsed);
    for (const stream of ['stdout', 'stderr']) {
      const own = lines.filter((line) => line.stream === stream);
      assert.deepEqual(
        own.map(({ number }) => number),
        Array.from({ length: LINES }, (_, index) => index),
        stream,
      );
      const times = own.map(({ time }) => time);
      assert.deepEqual(times, times.toSorted(), stream);
      for (const { number, time, written } of own) {
        const late = Date.parse(time) / 1000 - written;
        assert.ok(late >= 0 && late < TIME_SLACK_S, `${stream} ${number} was written at ${written} and is of ${time}`);
        assert.equal(Date.parse(time) < outage.ended, number < SILENT_TO, `${stream} ${number}: ${time}`);
      }
    }
  });

  it('a container that writes more than 1 MiB waits; it goes on with the next daemon, and no byte is lost', async () => {
    const { crictl, folders } = world();
    assert.deepEqual([outage.progress, outage.writtenBefore], [[KEPT, KEPT], false]);
    assert.equal((await crictl.exited(outage.writer)).exitCode, 0);
    assert.equal(await digest(startCrictl(folders, 'logs', outage.writer).stdout), patternDigest(BLOCKS * BLOCK));
  });

  it('ends are kept: the next daemon’s first answer has code, reason and time', () => {
    const { quitter, hungry, ended } = outage;
    for (const [status, exitCode, reason] of [
      [quitter, 5, 'Error'],
      [hungry, 137, 'OOMKilled'],
    ] as const) {
      assert.deepEqual([status.state, status.exitCode, status.reason], ['CONTAINER_EXITED', exitCode, reason]);
      assert.ok(Date.parse(status.finishedAt) < ended, status.finishedAt);
      assert.ok(Date.parse(status.startedAt) < Date.parse(status.finishedAt), status.finishedAt);
    }
  });
});

async function outageOf(world: World): Promise<Outage> {
  const { crictl, folders } = world;
  const work = join(folders.base, 'work');
  await mkdir(work);
  const touch = (file: string): Promise<void> => writeFile(join(work, file), '');
  const told = (file: string): Promise<true> => until(file, async () => existsSync(join(work, file)) || undefined);
  const progress = async (): Promise<number> => Number(await readFile(join(work, 'progress'), 'utf8'));

  const pod = await crictl.runPod('outage');
  const mounts = [{ host_path: work, container_path: WORK }];
  const start = (name: string, script: string, resources = {}): Promise<string> =>
    crictl.start(pod, { name, command: ['sh', '-c', script], config: { mounts, linux: { resources } } });
  const talker = await start('talker', TALKER);
  const writer = await start('writer', WRITER);
  const quitter = await start('quitter', QUITTER);
  const limit = 15 * MIB;
  const hungry = await start('hungry', HUNGRY, { memory_limit_in_bytes: limit, memory_swap_limit_in_bytes: limit });
  await start('witness', WITNESS);
  await told('begun');

  await world.daemon.kill();
  await touch('go');
  await told('said');
  await told('progress');
  await until('the guest keeps no more', async () => (await progress()) >= KEPT || undefined);
  const first = await progress();
  await touch('look');
  await told('looked');
  const seen = { progress: [first, await progress()], writtenBefore: existsSync(join(work, 'written')) };
  const ended = Date.now();
  await world.restart();
  const [ofQuitter, ofHungry] = [await crictl.status(quitter), await crictl.status(hungry)];
  await touch('back');
  await told('written');
  return { talker, writer, ended, ...seen, quitter: ofQuitter, hungry: ofHungry };
}

function parsed(line: string) {
  const [, time = '', stream = '', number, written] = CRI_LINE.exec(line) ?? [];
  assert.ok(time !== '', `no line of a log: ${line}`);
  return { time, stream, number: Number(number), written: Number(written) };
}
