import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parseError, parseObject, parseResult, podAddresses } from './result.ts';

describe('CNI results', () => {
  it('pod addresses are those of its first interface, in order', () => {
    const result = parseResult({
      cniVersion: '1.0.0',
      interfaces: [
        { name: 'br0', mac: 'aa' },
        { name: 'eth0', sandbox: '/run/netns/x' },
        { name: 'net1', sandbox: '/run/netns/x' },
      ],
      ips: [
        { interface: 1, address: '10.1.2.3/24', gateway: '10.1.2.1' },
        { interface: 0, address: '10.1.2.1/24' },
        { interface: 2, address: '10.9.9.9/24' },
        { address: 'fd00::5/64' },
      ],
    });
    assert.ok(result !== undefined);
    assert.deepEqual(podAddresses(result, 'eth0'), ['10.1.2.3', 'fd00::5']);
  });

  it('null lists, as Go prints them, are empty', () => {
    const result = parseResult({ ips: null, interfaces: null, dns: { nameservers: null } });
    assert.deepEqual(result, {
      ips: [],
      interfaces: [],
      dns: { nameservers: [], search: [], options: [] },
    });
  });

  it('an error object is told from anything else', () => {
    assert.deepEqual(parseError('{"cniVersion":"1.0.0","code":11,"msg":"try again later"}'), {
      code: 11,
      msg: 'try again later',
    });
    for (const text of ['', 'null', '[]', '{}', '{"code":"x","msg":1}', 'panic: oh']) {
      assert.equal(parseError(text), undefined, text);
    }
  });

  it('any bytes are an object or nothing', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        const object = parseObject(text);
        assert.ok(object === undefined || typeof object === 'object');
        parseResult(object);
        parseError(text);
      }),
    );
  });
});
