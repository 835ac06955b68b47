import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { hostsFile, resolvConf } from './guest-network.ts';

const NONE = { servers: [], searches: [], options: [] };
const HOST = '# made by hand\nnameserver 127.0.0.53\nnameserver ::1\nnameserver 192.0.2.1\nsearch example.org\n';

describe('a pod’s files', () => {
  it('hosts holds every address of the pod under its name', () => {
    const lines = hostsFile('web', ['10.0.0.2', 'fd00::2']).split('\n');
    assert.ok(lines.includes('127.0.0.1\tlocalhost'));
    assert.ok(lines.includes('10.0.0.2\tweb'));
    assert.ok(lines.includes('fd00::2\tweb'));
  });

  it('resolv.conf is what kubelet asks for', () => {
    const dns = { servers: ['10.10.10.10'], searches: ['a.b', 'c'], options: ['ndots:8'] };
    assert.equal(
      resolvConf(dns, { ...NONE, servers: ['9.9.9.9'] }, HOST),
      'nameserver 10.10.10.10\nsearch a.b c\noptions ndots:8\n',
    );
  });

  it('else what the network says', () => {
    assert.equal(resolvConf(NONE, { ...NONE, servers: ['9.9.9.9'] }, HOST), 'nameserver 9.9.9.9\n');
  });

  it('else the host’s, without the servers on its loopback', () => {
    assert.equal(resolvConf(NONE, NONE, HOST), 'nameserver 192.0.2.1\nsearch example.org\n');
    assert.equal(resolvConf(NONE, NONE, ''), '');
  });
});
