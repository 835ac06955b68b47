import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isBoxError } from '../../errors.ts';
import { streamingCores } from '../../testing/fake-cores.ts';
import { exec } from './exec.ts';

const request = { containerId: 'cont', cmd: ['ls', '-l'], tty: false, stdin: false, stdout: true, stderr: true };
const { signal } = new AbortController();

describe('Exec', () => {
  it('answers with a URL for the container, by its whole id', async () => {
    const { cores, asked } = streamingCores();
    assert.deepEqual(await exec(cores)(request, signal), { url: 'http://127.0.0.1:1/exec/token' });
    const streams = { tty: false, stdin: false, stdout: true, stderr: true };
    assert.deepEqual(asked, [{ kind: 'exec', containerId: 'container-1', command: ['ls', '-l'], streams }]);
  });

  for (const [what, over] of [
    ['without an id', { containerId: '' }],
    ['without a command', { cmd: [] as string[] }],
    ['of a terminal with a stderr of its own', { tty: true }],
    ['for no stream', { stdout: false, stderr: false }],
  ] as const) {
    it(`refuses a request ${what}`, () => {
      const { cores, asked } = streamingCores();
      assert.throws(
        () => exec(cores)({ ...request, ...over }, signal),
        (error) => isBoxError(error, 'INVALID_REQUEST'),
      );
      assert.deepEqual(asked, []);
    });
  }

  it('needs a container that runs', () => {
    assert.throws(
      () => exec(streamingCores('EXITED').cores)(request, signal),
      (error) => isBoxError(error, 'CONTAINER_STATE') && /container-1 is EXITED/.test(error.message),
    );
    assert.throws(
      () => exec(streamingCores().cores)({ ...request, containerId: 'other' }, signal),
      (error) => isBoxError(error, 'CONTAINER_NOT_FOUND'),
    );
  });
});
