import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, writeSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { ConsoleRing, openConsole, openConsoleWriter, savedWords } from './console-ring.ts';

describe('the console', () => {
  let folder: string;
  let fifo: string;
  let saved: string;
  /** Writes as a shim does. */
  let writer: number;
  let ring: ConsoleRing;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'a3s-console-'));
    fifo = join(folder, 'console');
    saved = join(folder, 'tail');
    execFileSync('mkfifo', [fifo]);
    ring = ConsoleRing.read(openConsole(fifo), saved);
    writer = openConsoleWriter(fifo);
  });
  afterEach(async () => {
    ring.close();
    await rm(folder, { recursive: true, force: true });
  });

  const heard = async (words: string): Promise<void> => {
    while (!ring.lastWords().includes(words)) await new Promise(setImmediate);
  };
  const end = async (): Promise<void> => {
    closeSync(writer);
    await ring.ended;
  };

  it('is quoted by its last lines, without what a terminal would obey', async () => {
    assert.equal(ring.lastWords(), 'its console is empty');
    writeSync(writer, `${'early\n'.repeat(1000)}\n\n\x1b[2Jlate\r\n`);
    await heard('late');
    assert.equal(ring.lastWords(), `console: ${'early | '.repeat(11)}?[2Jlate`);
    await end();
    assert.match(ring.lastWords(), /late$/);
  });

  it('is known to the next daemon: what was read before, and what is printed from then on', async () => {
    writeSync(writer, 'printed before\n');
    await heard('before');
    ring.close();
    ring = ConsoleRing.read(openConsole(fifo), saved);
    assert.equal(ring.lastWords(), 'console: printed before');
    writeSync(writer, 'and after\n');
    await heard('after');
    assert.equal(ring.lastWords(), 'console: printed before | and after');
    await end();
    ring.close();
    assert.equal(savedWords(saved), 'console: printed before | and after');
  });

  it('is saved within a second or so for a daemon that is killed, and no more of it than is quoted', async () => {
    writeSync(writer, `${'x'.repeat(100)}\n`.repeat(100));
    await heard('x');
    // the ring's own timer keeps no daemon alive
    const waits = setInterval(() => undefined, 1000);
    while (savedWords(saved) === 'its console is empty') await new Promise(setImmediate);
    clearInterval(waits);
    assert.ok((await readFile(saved)).length <= 2048);
    await end();
  });

  it('whose folder has gone with the VM ends without an error', async () => {
    writeSync(writer, 'last words\n');
    await heard('last');
    await rm(folder, { recursive: true });
    ring.close();
    closeSync(writer);
    assert.equal(savedWords(saved), 'its console is empty');
  });
});
