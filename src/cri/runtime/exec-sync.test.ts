import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isBoxError } from '../../errors.ts';
import { CappedOutput } from '../../runtime/container/capped-output.ts';
import { OUTPUT_CAP } from '../../runtime/container/exec-sync.ts';
import { streamingCores } from '../../testing/fake-cores.ts';
import { loadCriProto } from '../load-proto.ts';
import { execSync } from './exec-sync.ts';

/** cri-client pkg/utils.go. */
const KUBELET_LIMIT = 16 * 1024 * 1024;
const { signal } = new AbortController();

describe('ExecSync', () => {
  it('fills the message that kubelet accepts with both streams, and no more', () => {
    const output = new CappedOutput(OUTPUT_CAP);
    output.add('stdout', Buffer.alloc(OUTPUT_CAP / 2, 'o'));
    output.add('stderr', Buffer.alloc(OUTPUT_CAP, 'e'));
    const [stdout, stderr] = [output.stdout(), output.stderr()];
    assert.equal(stdout.length + stderr.length, OUTPUT_CAP);
    const { ExecSync } = loadCriProto().RuntimeService.service;
    const { length } = ExecSync.responseSerialize({ stdout, stderr, exitCode: -1 });
    assert.ok(length <= KUBELET_LIMIT && length > 0.99 * KUBELET_LIMIT, `${length} bytes`);
  });

  for (const [what, over] of [
    ['without a command', { cmd: [] as string[] }],
    ['with a negative timeout', { timeout: '-1' }],
  ] as const) {
    it(`refuses a request ${what}`, async () => {
      const request = { containerId: 'container-1', cmd: ['true'], timeout: '0', ...over };
      const refused = async () => execSync(streamingCores().cores)(request, signal);
      await assert.rejects(refused, (error) => isBoxError(error, 'INVALID_REQUEST'));
    });
  }
});
