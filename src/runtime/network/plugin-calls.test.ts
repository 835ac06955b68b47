import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { z } from 'zod';
import { sandboxConfig } from '../../testing/configs.ts';
import { NetworkRig } from '../../testing/network-rig.ts';
import { inNetworkWorld } from '../../testing/network-world.ts';
import { IFNAME } from './attachment-result.ts';

const never = new AbortController().signal;
const ADDRESS = '10.88.9.9/16';
/** What an ADD must do: an Ethernet interface, and a result that tells of it. */
const ADDS = `if [ $CNI_COMMAND = ADD ]; then nsenter --net=$CNI_NETNS sh -ec 'ip link add eth0 type veth peer name far; ip address add ${ADDRESS} dev eth0; ip link set eth0 up'; echo '{"cniVersion":"1.1.0","interfaces":[{"name":"eth0","sandbox":"'$CNI_NETNS'"}],"ips":[{"address":"${ADDRESS}","interface":0}]}'; fi`;

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
    const modern = async (body: string, capabilities: object = {}): Promise<void> => {
      await rig.script('modern', body);
      const plugins = [{ type: 'modern', capabilities }];
      await rig.configure('10.conflist', { cniVersion: '1.1.0', name: 'modern', plugins });
    };
    const asked = (): string => join(rig.base, 'asked');
    /** Keeps what it is given, by operation. */
    const keeps = (): string => `echo "$CNI_COMMAND $(cat)" >>${asked()}`;
    /** The configurations that it was given for this operation. */
    const given = async (command: string): Promise<readonly unknown[]> =>
      (await readFile(asked(), 'utf8'))
        .split('\n')
        .filter((line) => line.startsWith(`${command} `))
        .map((line) => JSON.parse(line.slice(command.length)));

    it('ADD and DEL have the pod, its namespace and its interface in their environment', async () => {
      await modern(`env | grep ^CNI_ >${rig.base}/$CNI_COMMAND; ${ADDS}`);
      const network = await rig.open();
      const place = rig.place();
      const metadata = { name: 'web', namespace: 'prod', uid: 'u-1', attempt: 2 };
      const { netns } = await network.attach(place, sandboxConfig({ metadata }), never);
      await network.detach(place);
      for (const command of ['ADD', 'DEL']) {
        const lines = (await readFile(join(rig.base, command), 'utf8')).trimEnd().split('\n');
        assert.deepEqual(lines.toSorted(), [
          `CNI_ARGS=IgnoreUnknown=1;K8S_POD_NAMESPACE=prod;K8S_POD_NAME=web;K8S_POD_INFRA_CONTAINER_ID=${place.sandboxId};K8S_POD_UID=u-1`,
          `CNI_COMMAND=${command}`,
          `CNI_CONTAINERID=${place.sandboxId}`,
          'CNI_IFNAME=eth0',
          `CNI_NETNS=${netns}`,
          `CNI_PATH=${rig.scripts}:/usr/lib/cni`,
        ]);
      }
    });

    it('bandwidth reaches the plugin that declares it, at ADD and at DEL', async () => {
      await modern(`${keeps()}; ${ADDS}`, { bandwidth: true });
      const network = await rig.open();
      const place = rig.place();
      const annotations = { 'kubernetes.io/ingress-bandwidth': '10M', 'kubernetes.io/egress-bandwidth': '3M' };
      await network.attach(place, sandboxConfig({ annotations }), never);
      await network.detach(place);
      for (const command of ['ADD', 'DEL']) {
        const [config] = z.array(z.object({ runtimeConfig: z.unknown() })).parse(await given(command));
        assert.deepEqual(config?.runtimeConfig, {
          bandwidth: {
            ingressRate: 10_000_000,
            ingressBurst: 0xffff_ffff,
            egressRate: 3_000_000,
            egressBurst: 0xffff_ffff,
          },
        });
      }
      assert.deepEqual(
        rig.logged.filter((line) => line.includes('annotations')),
        [],
      );
    });

    it('annotations that no plugin of the network declares are told of once', async () => {
      const network = await rig.open();
      const place = rig.place();
      const annotations = {
        'kubernetes.io/egress-bandwidth': '3M',
        'box.a3s.dev/pod-ips': '10.88.0.77/16',
        'box.a3s.dev/pod-mac': '02:00:00:00:00:0a',
        'example.org/mine': 'x',
      };
      await network.attach(place, sandboxConfig({ annotations }), never);
      await network.detach(place);
      const facts = {
        sandboxId: place.sandboxId,
        network: 'a3s-box',
        annotations: ['kubernetes.io/egress-bandwidth', 'box.a3s.dev/pod-ips', 'box.a3s.dev/pod-mac'],
      };
      assert.deepEqual(
        rig.logged.filter((line) => line.includes('annotations')),
        [
          `warn ${JSON.stringify(facts)} annotations of the pod ignored: no plugin of its network declares what they ask for`,
        ],
      );
    });

    it('GC names the live attachments, and those on record that nobody knows', async () => {
      await modern(`${keeps()}; [ $CNI_COMMAND != CHECK ] || exit 1; ${ADDS}`);
      const network = await rig.open({ gc: true });
      const [live, unknown] = [rig.place(), rig.place()];
      const attachment = await network.attach(live, sandboxConfig(), never);
      await network.attach(unknown, sandboxConfig(), never);
      const checked = rig.logs('not as CNI made it');
      await network.reconcile([{ place: live, attachment }], true);
      await checked;
      const [config] = z.array(z.object({ 'cni.dev/valid-attachments': z.unknown() })).parse(await given('GC'));
      assert.deepEqual(
        config?.['cni.dev/valid-attachments'],
        [live, unknown].map(({ sandboxId }) => ({ containerID: sandboxId, ifname: IFNAME })),
      );
      for (const place of [live, unknown]) await network.detach(place);
    });

    it('a plugin that hangs in DEL: detaching fails in time, keeps what it needs, and succeeds when asked again', async () => {
      const hangs = join(rig.base, 'hangs');
      await modern(`${keeps()}; if [ $CNI_COMMAND = DEL ] && [ -e ${hangs} ]; then sleep 1000; fi; ${ADDS}`);
      const network = await rig.open({ limits: { binDirs: [rig.scripts], timeoutMs: 2_000 } });
      const place = rig.place();
      const { netns } = await network.attach(place, sandboxConfig(), never);
      await writeFile(hangs, '');
      for (const tries of [1, 2]) {
        const begun = Date.now();
        const late = { reason: 'NETWORK_FAILED', message: /modern \(DEL, .*it did not end in time and was killed/ };
        await Promise.all([0, 1].map(() => assert.rejects(network.detach(place), late)));
        assert.ok(Date.now() - begun < 10_000, `${Date.now() - begun} ms`);
        assert.equal((await given('DEL')).length, tries);
        assert.ok(existsSync(netns));
        assert.equal((await rig.attachments()).length, 1);
      }
      await rm(hangs);
      await network.detach(place);
      assert.ok(!existsSync(netns));
    });

    it('STATUS decides on readiness; GC is not sent beside what may be attached meanwhile', async () => {
      await modern(
        `${keeps()}; [ $CNI_COMMAND != STATUS ] || [ ! -e ${rig.base}/down ] || { echo '{"code":50,"msg":"plugin not available"}'; exit 1; }`,
      );
      const network = await rig.open({ gc: true });
      assert.equal((await network.readiness()).ready, true);
      await writeFile(join(rig.base, 'down'), '');
      assert.match((await network.readiness()).message, /STATUS.*plugin not available \(code 50\)/);
      await network.reconcile([], false);
      assert.deepEqual(await given('GC'), []);
      await network.reconcile([], true);
      assert.equal((await given('GC')).length, 1);
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
