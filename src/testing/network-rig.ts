/** A CniNetwork with folders of its own, the real plugins, and scripts that stand in for broken ones. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { sweep, type Trace } from '../runtime/janitor/trace.ts';
import type { Log } from '../runtime/log.ts';
import { CniNetwork, type CniNetworkOptions } from '../runtime/network/cni-network.ts';
import type { NetworkPlace } from '../runtime/network/pod-network.ts';
import { NETNS_DIR, sandboxPaths } from '../runtime/paths.ts';
import { listFolder } from '../runtime/store/folder.ts';

const PLUGINS = '/usr/lib/cni';
const run = promisify(execFile);

export class NetworkRig {
  readonly base: string;
  readonly root: string;
  readonly state: string;
  readonly confDir: string;
  readonly scripts: string;
  /** Every line logged, as level, facts and message. */
  readonly logged: string[] = [];
  readonly #lines = new EventEmitter();
  readonly #log: Log = {
    debug: this.#line('debug'),
    info: this.#line('info'),
    warn: this.#line('warn'),
    error: this.#line('error'),
  };

  private constructor(base: string) {
    this.base = base;
    this.root = join(base, 'root');
    this.state = join(base, 'state');
    this.confDir = join(base, 'net.d');
    this.scripts = join(base, 'bin');
  }

  static async make(): Promise<NetworkRig> {
    const rig = new NetworkRig(await mkdtemp(join(tmpdir(), 'a3s-network-')));
    for (const dir of [rig.root, rig.state, rig.confDir, rig.scripts]) await mkdir(dir);
    return rig;
  }

  async remove(): Promise<void> {
    await rm(this.base, { recursive: true });
  }

  #line(level: string): (facts: object, message: string) => void {
    return (facts, message) => {
      this.logged.push(`${level} ${JSON.stringify(facts)} ${message}`);
      this.#lines.emit('line', message);
    };
  }

  /** What a daemon that knows no sandbox would do at its start. */
  async sweep(network: CniNetwork): Promise<readonly Trace[]> {
    return sweep(await network.traces(), this.#log);
  }

  /** What the next daemon on the same folders would have. */
  open(over: Partial<CniNetworkOptions> = {}, how: 'open' | 'inspect' = 'open'): Promise<CniNetwork> {
    const { root, state, confDir, scripts } = this;
    return CniNetwork[how]({
      root,
      state,
      confDir,
      limits: { binDirs: [scripts, PLUGINS], timeoutMs: 20_000 },
      defaultNetwork: { bridge: 'a3st0', subnets: ['10.88.0.0/16', 'fd00:a3:b0c5::/64'] },
      gc: false,
      log: this.#log,
      ...over,
    });
  }

  /** Resolves when a message with these words is logged. */
  logs(words: string): Promise<void> {
    return new Promise((resolve) => {
      this.#lines.on('line', (message: string) => {
        if (message.includes(words)) resolve();
      });
    });
  }

  place(): NetworkPlace {
    const sandboxId = randomBytes(32).toString('hex');
    return { sandboxId, netnsName: sandboxPaths(this.root, this.state, sandboxId).netnsName };
  }

  /** A plugin that is a shell script; `$CNI_COMMAND` says what is asked. */
  async script(name: string, body: string): Promise<void> {
    await writeFile(join(this.scripts, name), `#!/bin/sh\n${body}\n`, { mode: 0o755 });
  }

  /** A configuration in the folder the network reads. */
  async configure(file: string, content: unknown): Promise<void> {
    await writeFile(join(this.confDir, file), typeof content === 'string' ? content : JSON.stringify(content));
  }

  /** Namespaces, records, addresses and firewall rules that are left, one line each. */
  async leftovers(): Promise<readonly string[]> {
    const ipam = join(this.root, 'network', 'ipam', 'a3s-box');
    const [rules4, rules6] = await Promise.all([this.host('iptables-save'), this.host('ip6tables-save')]);
    return [
      ...(await listFolder(NETNS_DIR)).map((name) => `netns ${name}`),
      ...(await listFolder(join(this.root, 'network', 'attachments'))).map((name) => `record ${name}`),
      ...(await this.#leases(ipam)).map((name) => `address ${name}`),
      ...`${rules4}${rules6}`
        .split('\n')
        .filter((line) => /10\.88\.\d+\.\d+\/32|fd00:a3:\S+\/128|CNI-DN|CNI-[0-9a-f]{10}/.test(line)),
    ];
  }

  async host(command: string, ...args: readonly string[]): Promise<string> {
    return (await run(command, args)).stdout;
  }

  async #leases(dir: string): Promise<readonly string[]> {
    const names = await listFolder(dir);
    return names.filter((name) => name !== 'lock' && !name.startsWith('last_reserved_ip'));
  }

  async attachments(): Promise<readonly string[]> {
    return readdir(join(this.root, 'network', 'attachments'));
  }
}

/** Its own bridge by the real plugin, then a script. */
export function bridgeAnd(rig: NetworkRig, script: string, over: object = {}): unknown {
  return {
    cniVersion: '1.0.0',
    name: 'a3s-box',
    plugins: [
      {
        type: 'bridge',
        bridge: 'a3st1',
        isGateway: true,
        ipMasq: true,
        ipam: {
          type: 'host-local',
          dataDir: join(rig.root, 'network', 'ipam'),
          ranges: [[{ subnet: '10.88.0.0/16' }]],
          routes: [{ dst: '0.0.0.0/0' }],
        },
      },
      { type: script },
    ],
    ...over,
  };
}
