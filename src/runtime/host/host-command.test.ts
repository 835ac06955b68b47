import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { hostCommand } from './host-command.ts';

describe('hostCommand', () => {
  it('gives what the tool prints, and the tool what it reads', async () => {
    assert.equal(await hostCommand('cat', ['-'], { input: 'words' }), 'words');
  });

  it('quotes the tool that fails', async () => {
    const failed = { reason: 'HOST_COMMAND', message: '`sh -c echo why >&2; exit 3` failed: why' };
    await assert.rejects(hostCommand('sh', ['-c', 'echo why >&2; exit 3']), failed);
    await assert.rejects(hostCommand('no-such-tool', []), { reason: 'HOST_COMMAND', message: /ENOENT/ });
  });

  it('kills the tool that takes too long, which is another error', async () => {
    const late = { reason: 'DEADLINE', message: '`sleep 600` took longer than 0.1 s and was killed' };
    await assert.rejects(hostCommand('sleep', ['600'], { deadlineMs: 100 }), late);
  });
});
