import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { sandboxConfig } from '../../testing/configs.ts';
import { bridgeAnd, NetworkRig } from '../../testing/network-rig.ts';
import { inNetworkWorld } from '../../testing/network-world.ts';
import type { CniNetwork } from './cni-network.ts';
import type { NetworkAttachment, NetworkPlace } from './pod-network.ts';

const never = new AbortController().signal;

inNetworkWorld(import.meta.url, () => {
  describe('a sandbox’s network, with real plugins and no VM', () => {
    let rig: NetworkRig;
    beforeEach(async () => {
      rig = await NetworkRig.make();
    });
    afterEach(async () => {
      assert.deepEqual(await rig.leftovers(), []);
      await rig.remove();
    });
    const known = (place: NetworkPlace, attachment: NetworkAttachment | undefined) => [{ place, attachment }];

    it('the daemon’s own network: two addresses, a tap, frames redirected both ways; then nothing is left', async () => {
      const network = await rig.open();
      assert.deepEqual(await network.readiness(), { ready: true, reason: '', message: '' });
      const place = rig.place();
      const { ips, interfaces, netns } = await network.attach(place, sandboxConfig(), never);
      assert.match(ips.join(' '), /^10\.88\.\d+\.\d+ fd00:a3:b0c5::\w+$/);
      const [eth0, ...others] = interfaces;
      assert.ok(eth0 !== undefined);
      assert.deepEqual(others, []);
      assert.deepEqual([eth0.name, eth0.mtu, eth0.tap], ['eth0', 1500, 'tap0']);
      assert.ok(eth0.routes.some(({ destination, gateway }) => destination === '0.0.0.0/0' && gateway === '10.88.0.1'));
      assert.ok(eth0.routes.some(({ destination }) => destination === '::/0'));
      for (const [from, to] of [
        ['eth0', 'tap0'],
        ['tap0', 'eth0'],
      ] as const) {
        const filters = await rig.host('tc', '-n', place.netnsName, 'filter', 'show', 'dev', from, 'parent', 'ffff:');
        assert.match(filters, new RegExp(`Redirect to device ${to}`));
      }
      assert.ok(existsSync(netns));
      const [stats] = await network.stats(place.netnsName);
      assert.equal(stats?.name, 'eth0');
      await network.detach(place);
      await network.detach(place);
      assert.ok(!existsSync(netns));
    });

    it('its conflist is there to be read, and whoever only looks does not write it', async () => {
      await rig.open();
      const file = join(rig.state, 'cni', '10-a3s-box.conflist');
      const shown = await readFile(file, 'utf8');
      assert.match(shown, /"name":"a3s-box","plugins":\[{"type":"bridge","bridge":"a3st0"/);
      const other = { bridge: 'other0', subnets: ['10.99.0.0/16'] };
      const looked = await rig.open({ defaultNetwork: other }, 'inspect');
      assert.deepEqual(await looked.readiness(), { ready: true, reason: '', message: '' });
      assert.equal(await readFile(file, 'utf8'), shown);
    });

    it('CHECK finds what ADD made', async () => {
      const network = await rig.open();
      const place = rig.place();
      await network.attach(place, sandboxConfig(), never);
      assert.equal(await network.check(place), true);
      await rig.host('ip', '-n', place.netnsName, 'route', 'delete', 'default');
      await assert.rejects(network.check(place), { reason: 'NETWORK_FAILED', message: /CHECK/ });
      await network.detach(place);
    });

    it('host ports are rules while the sandbox lives', async () => {
      const network = await rig.open();
      const place = rig.place();
      const portMappings = [
        { protocol: 'UDP' as const, containerPort: 53, hostPort: 5353, hostIp: '' },
        { protocol: 'SCTP' as const, containerPort: 99, hostPort: 9999, hostIp: '' },
        { protocol: 'TCP' as const, containerPort: 80, hostPort: 8080, hostIp: '192.0.2.7' },
      ];
      const { ips } = await network.attach(place, sandboxConfig({ portMappings }), never);
      const rules = await rig.host('iptables-save', '-t', 'nat');
      assert.match(rules, new RegExp(`udp.*5353.*DNAT.*${ips[0]}:53`));
      assert.match(rules, new RegExp(`sctp.*9999.*DNAT.*${ips[0]}:99`));
      assert.match(rules, new RegExp(`-d 192\\.0\\.2\\.7/32.*tcp.*8080.*DNAT.*${ips[0]}:80`));
      await network.detach(place);
    });

    it('after a reboot, without the namespace, the addresses come back all the same', async () => {
      const place = rig.place();
      await (await rig.open()).attach(place, sandboxConfig(), never);
      await rig.host('ip', 'netns', 'delete', place.netnsName);
      await rig.host('iptables', '-t', 'nat', '-F');
      await rig.host('ip6tables', '-t', 'nat', '-F');
      for (const tool of ['iptables', 'ip6tables']) await rig.host(tool, '-t', 'nat', '-X');
      await (await rig.open()).detach(place);
    });

    it('a configuration that appears is used at once; the first by name counts; a broken one is no reason to take another', async () => {
      const network = await rig.open();
      await rig.configure('20-mine.conflist', bridgeAnd(rig, 'tuning'));
      const place = rig.place();
      const { interfaces } = await network.attach(place, sandboxConfig(), never);
      assert.deepEqual(interfaces[0]?.addresses.length, 1);
      await rig.configure('10-broken.conflist', '{"name": "x", ');
      const { ready, reason, message } = await network.readiness();
      assert.deepEqual([ready, reason], [false, 'NetworkPluginNotReady']);
      assert.match(message, /10-broken\.conflist cannot be used: .*JSON/);
      await assert.rejects(network.attach(rig.place(), sandboxConfig(), never), { reason: 'NETWORK_NOT_READY' });
      await rig.configure('05-missing.conf', { cniVersion: '1.0.0', name: 'm', type: 'no-such-plugin' });
      assert.match((await network.readiness()).message, /no-such-plugin is in none of .*containernetworking-plugins/);
      await network.detach(place);
      const without = await rig.open({ defaultNetwork: undefined, confDir: join(rig.base, 'nothing') });
      assert.match((await without.readiness()).message, /no CNI configuration in .*nothing/);
    });

    describe('plugins that misbehave', () => {
      const attachFails = async (over = {}): Promise<Error> => {
        const network = await rig.open(over);
        const place = rig.place();
        const error = await network.attach(place, sandboxConfig(), never).then(
          () => assert.fail('it succeeded'),
          (cause: unknown) => cause,
        );
        await network.detach(place);
        assert.ok(error instanceof Error);
        return error;
      };

      it('one that fails after others: its words and its stderr are quoted, the others’ work is undone', async () => {
        await rig.script(
          'fails',
          'cat >/dev/null; [ $CNI_COMMAND = ADD ] || exit 0; echo deep trouble >&2; echo \'{"cniVersion":"1.0.0","code":77,"msg":"no room","details":"at all"}\'; exit 1',
        );
        await rig.configure('10.conflist', bridgeAnd(rig, 'fails'));
        const { message } = await attachFails();
        assert.match(
          message,
          /CNI plugin fails \(ADD, network a3s-box of .*10\.conflist\) failed for sandbox [0-9a-f]{64}/,
        );
        assert.match(message, /no room; at all \(code 77\); stderr: deep trouble/);
      });

      it('host-local that is killed before an address has its owner: the address is free again', async () => {
        const dir = join(rig.root, 'network', 'ipam', 'a3s-box');
        await rig.script(
          'host-local',
          `[ $CNI_COMMAND = ADD ] || exec /usr/lib/cni/host-local; mkdir -p ${dir}; touch ${dir}/lock ${dir}/10.88.0.9; kill -KILL $$`,
        );
        assert.match((await attachFails()).message, /signal: killed/);
        assert.ok(existsSync(join(dir, 'lock')));
        assert.ok(!existsSync(join(dir, '10.88.0.9')));
      });

      describe('a process that it leaves running when its ADD is cut short', () => {
        const dels = (): string => join(rig.base, 'dels');
        /** In its own session, as no group's kill and no parent's death reaches it. DEL notes whether it runs then. */
        const leaves = (end: string): string =>
          `config=$(cat); if [ $CNI_COMMAND = ADD ]; then setsid sleep 60 >/dev/null 2>&1 & echo $! >${rig.base}/$CNI_CONTAINERID; ${end}; fi; ` +
          `if grep -q sleep /proc/$(cat ${rig.base}/$CNI_CONTAINERID)/cmdline; then echo runs; else echo gone; fi >>${dels()}`;
        const start = async (end: string): Promise<CniNetwork> => {
          await rig.script('leaves', leaves(end));
          await rig.configure('10.conflist', bridgeAnd(rig, 'leaves'));
          return rig.open();
        };

        it('is gone before its DEL, in the daemon that sent the ADD', async () => {
          const network = await start('kill -KILL $$');
          const place = rig.place();
          await assert.rejects(network.attach(place, sandboxConfig(), never), /leaves .*it ended with SIGKILL/);
          await network.detach(place);
          assert.equal(await readFile(dels(), 'utf8'), 'gone\n');
          assert.ok(rig.logged.some((line) => line.includes('killed what an ADD had left running')));
        });

        it('is gone before its DEL, in the next daemon', async () => {
          const network = await start('exit 1');
          await assert.rejects(network.attach(rig.place(), sandboxConfig(), never), /leaves/);
          assert.deepEqual(await rig.sweep(await rig.open()), []);
          assert.equal(await readFile(dels(), 'utf8'), 'gone\n');
        });

        it('is no other than that: a helper that a whole ADD has left is the plugin’s own', async () => {
          const network = await start(`printf '%s' "$config" | sed 's/.*"prevResult"://; s/}$//'; exit 0`);
          const place = rig.place();
          await network.attach(place, sandboxConfig(), never);
          await network.detach(place);
          assert.equal(await readFile(dels(), 'utf8'), 'runs\n');
          process.kill(Number(await readFile(join(rig.base, place.sandboxId), 'utf8')), 'SIGKILL');
        });
      });

      it('one that prints garbage', async () => {
        await rig.script('garbage', 'cat >/dev/null; [ $CNI_COMMAND = ADD ] || exit 0; echo "<html>"');
        await rig.configure('10.conflist', bridgeAnd(rig, 'garbage'));
        assert.match((await attachFails()).message, /garbage .*it printed no result: "<html>/);
      });

      it('one that prints without end', async () => {
        await rig.script('endless', 'cat >/dev/null; [ $CNI_COMMAND = ADD ] || exit 0; yes');
        await rig.configure('10.conflist', bridgeAnd(rig, 'endless'));
        assert.match((await attachFails()).message, /endless .*more than 1048576 bytes/);
      });

      it('one that hangs is killed with its children at the deadline', async () => {
        const pid = join(rig.base, 'pid');
        await rig.script(
          'hangs',
          `cat >/dev/null; [ $CNI_COMMAND = ADD ] || exit 0; sleep 1000 & echo $! >${pid}; wait`,
        );
        await rig.configure('10.conflist', bridgeAnd(rig, 'hangs'));
        const limits = { binDirs: [rig.scripts, '/usr/lib/cni'], timeoutMs: 3_000 };
        assert.match((await attachFails({ limits })).message, /hangs .*did not end in time and was killed/);
        const child = (await readFile(pid, 'utf8')).trim();
        const state = await readFile(`/proc/${child}/stat`, 'utf8').then(
          (stat) => stat.split(' ')[2],
          () => 'gone',
        );
        assert.match(state ?? '', /^(gone|Z)$/);
      });

      it('a caller that gives up ends it too', async () => {
        await rig.script('hangs', 'cat >/dev/null; [ $CNI_COMMAND = ADD ] || exit 0; sleep 1000');
        await rig.configure('10.conflist', bridgeAnd(rig, 'hangs'));
        const network = await rig.open();
        const place = rig.place();
        const stop = AbortSignal.timeout(1_000);
        await assert.rejects(network.attach(place, sandboxConfig(), stop), { reason: 'CANCELLED' });
        await network.detach(place);
      });

      it('one whose DEL fails: the sandbox stays on record and is released once another ADD succeeds', async () => {
        await rig.script(
          'moody',
          `config=$(cat); [ $CNI_COMMAND = ADD ] && { printf '%s' "$config" | sed 's/.*"prevResult"://; s/}$//'; exit 0; }; [ ! -e ${rig.base}/mood ] || { echo '{"code":1,"msg":"not now"}'; exit 1; }`,
        );
        await rig.configure('10.conflist', bridgeAnd(rig, 'moody'));
        const network = await rig.open();
        const [first, second] = [rig.place(), rig.place()];
        await network.attach(first, sandboxConfig(), never);
        await writeFile(join(rig.base, 'mood'), '');
        await assert.rejects(network.detach(first), { reason: 'NETWORK_FAILED', message: /moody \(DEL.*not now/ });
        assert.equal((await rig.attachments()).length, 1);
        await rm(join(rig.base, 'mood'));
        await network.attach(second, sandboxConfig(), never);
        await network.detach(first);
        await network.detach(second);
        assert.ok(rig.logged.some((line) => line.includes('network of a failed sandbox released')));
      });
    });

    describe('several interfaces', () => {
      const more = (names: readonly string[]): string =>
        // ptp by the real plugin under other names, as Multus calls its delegates
        `config=$(cat); for name in ${names.join(' ')}; do echo '{"cniVersion":"1.0.0","name":"more","type":"ptp","ipam":{"type":"host-local","dataDir":"${rig.root}/network/ipam","subnet":"10.9'"\${name#net}"'.0.0/16"}}' | CNI_IFNAME=$name /usr/lib/cni/ptp >/dev/null || exit 1; done; [ $CNI_COMMAND != ADD ] || printf '%s' "$config" | sed 's/.*"prevResult"://; s/}$//'`;

      it('each gets a tap; eth0 comes first', async () => {
        await rig.script('more', more(['net1', 'net2']));
        await rig.configure('10.conflist', bridgeAnd(rig, 'more'));
        const network = await rig.open();
        const place = rig.place();
        const { interfaces } = await network.attach(place, sandboxConfig(), never);
        assert.deepEqual(
          interfaces.map(({ name, tap }) => [name, tap]),
          [
            ['eth0', 'tap0'],
            ['net1', 'tap1'],
            ['net2', 'tap2'],
          ],
        );
        assert.equal((await network.stats(place.netnsName)).length, 3);
        await network.detach(place);
      });

      it('more than a VM can have are refused by name', async () => {
        await rig.script('more', more(['net1', 'net2', 'net3', 'net4']));
        await rig.configure('10.conflist', bridgeAnd(rig, 'more'));
        const network = await rig.open();
        const place = rig.place();
        await assert.rejects(network.attach(place, sandboxConfig(), never), /5 network interfaces .*net4.*can have 4/);
        await network.detach(place);
      });
    });

    it('a network record that the disk does not give out is not taken for a broken one', async () => {
      const network = await rig.open();
      const place = rig.place();
      const record = join(rig.root, 'network', 'attachments', `${place.sandboxId}.json`);
      await mkdir(record, { recursive: true });
      await assert.rejects(network.detach(place), { code: 'EISDIR' });
      assert.ok(existsSync(record));
      await rm(record, { recursive: true });
    });

    describe('at start', () => {
      it('what a dead daemon left goes: half-made, finished, namespaces without a record, addresses without one', async () => {
        await rig.script('fails', 'cat >/dev/null; [ $CNI_COMMAND = ADD ] || exit 0; exit 3');
        const first = await rig.open();
        await first.attach(rig.place(), sandboxConfig(), never);
        const lost = rig.place();
        await first.attach(lost, sandboxConfig(), never);
        await rm(join(rig.root, 'network', 'attachments', `${lost.sandboxId}.json`));
        await rig.host('ip', 'netns', 'exec', lost.netnsName, 'ip', 'link', 'delete', 'eth0');
        const bare = rig.place();
        await rig.host('ip', 'netns', 'add', bare.netnsName);
        await rig.configure('10.conflist', bridgeAnd(rig, 'fails'));
        await assert.rejects(first.attach(rig.place(), sandboxConfig(), never), /fails/);
        await rm(join(rig.confDir, '10.conflist'));
        const half = join(rig.root, 'network', 'attachments', `${rig.place().sandboxId}.json.tmp`);
        await writeFile(half, '{"versi');
        const next = await rig.open();
        assert.deepEqual(await rig.sweep(next), []);
        assert.ok(!existsSync(half));
        for (const kind of ['network record', 'network namespace', 'address']) {
          const removed = rig.logged.some((line) => line.includes(`"${kind}"`) && line.includes('leftover removed'));
          assert.ok(removed, `${kind}: ${rig.logged.join('\n')}`);
        }
        await flushLost(rig);
      });

      it('a running sandbox keeps its network, and gets a lost redirection back', async () => {
        const place = rig.place();
        const attachment = await (await rig.open()).attach(place, sandboxConfig(), never);
        await rig.host('tc', '-n', place.netnsName, 'qdisc', 'delete', 'dev', 'eth0', 'ingress');
        await rig.host('ip', '-n', place.netnsName, 'route', 'delete', 'default');
        const next = await rig.open();
        const checked = rig.logs('not as CNI made it');
        await next.reconcile(known(place, attachment), true);
        await checked;
        assert.ok(rig.logged.some((line) => line.includes('redirection between a pod and its network restored')));
        const filters = await rig.host('tc', '-n', place.netnsName, 'filter', 'show', 'dev', 'eth0', 'parent', 'ffff:');
        assert.match(filters, /tap0/);
        await next.detach(place);
      });
    });

    it('several at once on a host that has no chains and no bridge yet', async () => {
      await flushLost(rig);
      const network = await rig.open({ defaultNetwork: { bridge: 'a3st9', subnets: ['10.88.0.0/16'] } });
      const places = [rig.place(), rig.place(), rig.place(), rig.place()];
      await Promise.all(places.map((place) => network.attach(place, sandboxConfig(), never)));
      await Promise.all(places.map((place) => network.detach(place)));
      await rig.host('ip', 'link', 'delete', 'a3st9');
    });

    it('50 networks without VMs, ten of them given up half-way and five abandoned: the IPAM store is empty', async () => {
      const network = await rig.open();
      const one = async (index: number): Promise<void> => {
        const place = rig.place();
        const halfWay = index % 5 === 0;
        const abandoned = index % 10 === 1;
        // from before the first plugin to after the last
        const signal = halfWay ? AbortSignal.timeout(1 + index * 12) : never;
        const outcome = await network.attach(place, sandboxConfig(), signal).then(
          () => 'made',
          () => 'given up',
        );
        assert.ok(halfWay || outcome === 'made');
        if (!abandoned) await network.detach(place);
      };
      for (let index = 0; index < 50; index += 5) {
        await Promise.all([0, 1, 2, 3, 4].map((offset) => one(index + offset)));
      }
      assert.equal((await rig.attachments()).length, 5);
      await rig.sweep(await rig.open());
    });
  });
});

/** Rules of a sandbox whose record and interface are both lost can be found by nobody; the test takes them away itself. */
async function flushLost(rig: NetworkRig): Promise<void> {
  for (const tool of ['iptables', 'ip6tables']) {
    for (const table of ['nat', 'filter']) await rig.host(tool, '-t', table, '-F');
    for (const table of ['nat', 'filter']) await rig.host(tool, '-t', table, '-X');
  }
}
