import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isBoxError } from '../../errors.ts';
import { streamingCores } from '../../testing/fake-cores.ts';
import { portForward } from './port-forward.ts';

const { signal } = new AbortController();

describe('PortForward', () => {
  for (const port of [[], [80, 65_535]]) {
    it(`answers with a URL for ${port.length} ports`, async () => {
      const { cores, asked } = streamingCores();
      const { url } = await portForward(cores)({ podSandboxId: 'sandbox', port }, signal);
      assert.equal(url, 'http://127.0.0.1:1/portforward/token');
      assert.deepEqual(asked, [{ kind: 'portforward', sandboxId: 'sandbox-1', ports: port }]);
    });
  }

  for (const [what, request] of [
    ['without an id', { podSandboxId: '', port: [] as number[] }],
    ['for what is no port', { podSandboxId: 'sandbox-1', port: [80, 0] }],
    ['for a port that is too high', { podSandboxId: 'sandbox-1', port: [65_536] }],
  ] as const) {
    it(`refuses a request ${what}`, () => {
      assert.throws(
        () => portForward(streamingCores().cores)({ ...request, port: [...request.port] }, signal),
        (error) => isBoxError(error, 'INVALID_REQUEST'),
      );
    });
  }

  it('needs a sandbox that is ready', () => {
    const request = { podSandboxId: 'sandbox-1', port: [] };
    assert.throws(
      () => portForward(streamingCores('RUNNING', 'NOTREADY').cores)(request, signal),
      (error) => isBoxError(error, 'SANDBOX_NOT_READY'),
    );
    assert.throws(
      () => portForward(streamingCores().cores)({ ...request, podSandboxId: 'other' }, signal),
      (error) => isBoxError(error, 'SANDBOX_NOT_FOUND'),
    );
  });
});
