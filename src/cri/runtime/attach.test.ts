import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isBoxError } from '../../errors.ts';
import { streamingCores } from '../../testing/fake-cores.ts';
import { attach } from './attach.ts';

const request = { containerId: 'container-1', tty: true, stdin: true, stdout: true, stderr: false };
const { signal } = new AbortController();

describe('Attach', () => {
  it('answers with a URL for the container', async () => {
    const { cores, asked } = streamingCores();
    assert.deepEqual(await attach(cores)(request, signal), { url: 'http://127.0.0.1:1/attach/token' });
    const { containerId, ...streams } = request;
    assert.deepEqual(asked, [{ kind: 'attach', containerId, streams }]);
  });

  for (const [what, over] of [
    ['without an id', { containerId: '' }],
    ['of a terminal with a stderr of its own', { stderr: true }],
    ['for no stream', { stdin: false, stdout: false }],
  ] as const) {
    it(`refuses a request ${what}`, () => {
      assert.throws(
        () => attach(streamingCores().cores)({ ...request, ...over }, signal),
        (error) => isBoxError(error, 'INVALID_REQUEST'),
      );
    });
  }

  it('needs a container that runs', () => {
    assert.throws(
      () => attach(streamingCores('CREATED').cores)(request, signal),
      (error) => isBoxError(error, 'CONTAINER_STATE'),
    );
  });
});
