import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { NetworkRig } from '../../testing/network-rig.ts';
import { inNetworkWorld } from '../../testing/network-world.ts';

inNetworkWorld(import.meta.url, () => {
  describe('what CNI plugins are asked, with scripts in their place', () => {
    let rig: NetworkRig;
    beforeEach(async () => {
      rig = await NetworkRig.make();
    });
    afterEach(async () => {
      assert.deepEqual(await rig.leftovers(), []);
      await rig.remove();
    });
    /** Of the newest version, with this script as its only plugin. */
    const modern = async (body: string): Promise<void> => {
      await rig.script('modern', body);
      await rig.configure('10.conflist', { cniVersion: '1.1.0', name: 'modern', plugins: [{ type: 'modern' }] });
    };

    it('STATUS decides on readiness, GC names the live attachments', async () => {
      const asked = join(rig.base, 'asked');
      await modern(
        `echo "$CNI_COMMAND $(cat)" >>${asked}; [ $CNI_COMMAND != STATUS ] || [ ! -e ${rig.base}/down ] || { echo '{"code":50,"msg":"plugin not available"}'; exit 1; }`,
      );
      const network = await rig.open({ gc: true });
      assert.equal((await network.readiness()).ready, true);
      await writeFile(join(rig.base, 'down'), '');
      assert.match((await network.readiness()).message, /STATUS.*plugin not available \(code 50\)/);
      await network.reconcile([], false);
      assert.doesNotMatch(await readFile(asked, 'utf8'), /GC/, 'GC beside what may be attached meanwhile');
      await network.reconcile([], true);
      assert.match(await readFile(asked, 'utf8'), /GC .*"cni.dev\/valid-attachments":\[\]/);
    });

    it('a plugin that hangs in STATUS: all who ask meanwhile share one, and are told of it within seconds', async () => {
      const started = join(rig.base, 'started');
      await modern(`echo $$ >>${started}; sleep 1000`);
      const network = await rig.open();
      const begun = Date.now();
      const answers = await Promise.all([network.readiness(), network.readiness()]);
      assert.ok(Date.now() - begun < 10_000, `${Date.now() - begun} ms`);
      for (const { ready, reason, message } of answers) {
        assert.deepEqual([ready, reason], [false, 'NetworkPluginNotReady']);
        assert.match(
          message,
          /plugin modern \(STATUS, network modern of .*10\.conflist\) failed: it did not end in time/,
        );
      }
      assert.match(await readFile(started, 'utf8'), /^\d+\n$/);
      await modern('exit 0');
      assert.equal((await network.readiness()).ready, true);
    });

    it('the daemon’s own network is not ready without iptables, which its plugins run', async () => {
      const { PATH } = process.env;
      const network = await rig.open();
      assert.equal((await network.readiness()).ready, true);
      try {
        process.env['PATH'] = rig.scripts;
        assert.match((await network.readiness()).message, /iptables, which the plugins of network a3s-box run/);
        await rig.script('iptables', 'exit 0');
        assert.equal((await network.readiness()).ready, true);
      } finally {
        Object.assign(process.env, { PATH });
      }
    });
  });
});
