/** The daemon as operators run it: bin/a3s-boxd with folders of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { FAILPOINTS_VARIABLE } from '../../../src/failpoints/failpoint.ts';
import { DAEMON, DAEMON_START_MS, MIRRORED } from './settings.ts';

export interface Folders {
  readonly base: string;
  readonly root: string;
  readonly state: string;
  readonly socket: string;
  readonly registryConfig: string;
  /** crictl's configuration: this daemon, and a deadline for hangs only. */
  readonly crictlConfig: string;
  /** CNI configurations; empty at first, so that the daemon uses its own network. */
  readonly cniConfig: string;
  readonly configFile: string;
  /** Where failpoints are armed; undefined: the daemon has none. */
  readonly failpoints: string | undefined;
}

/** Both for hangs only: a test node is slow, and its processor may stand still for minutes while a guest boots. */
const CRICTL_TIMEOUT_S = 240;
const BOOT_TIMEOUT_S = 180;

/**
 * Fresh folders; every mirrored registry name leads to `registry` (an address, served by plain http). `settings` are lines of the
 * daemon's configuration.
 */
export async function makeFolders(
  registry: string,
  withFailpoints = false,
  settings: readonly string[] = [],
): Promise<Folders> {
  const base = await mkdtemp(join(tmpdir(), 'a3s-e2e-'));
  const folders: Folders = {
    base,
    root: join(base, 'root'),
    state: join(base, 'state'),
    socket: join(base, 'a3s.sock'),
    registryConfig: join(base, 'certs.d'),
    crictlConfig: join(base, 'crictl.yaml'),
    cniConfig: join(base, 'net.d'),
    configFile: join(base, 'config.toml'),
    failpoints: withFailpoints ? join(base, 'failpoints') : undefined,
  };
  const endpoint = `unix://${folders.socket}`;
  await writeFile(
    folders.crictlConfig,
    `runtime-endpoint: ${endpoint}\nimage-endpoint: ${endpoint}\ntimeout: ${CRICTL_TIMEOUT_S}\n`,
  );
  await mkdir(folders.cniConfig);
  if (folders.failpoints !== undefined) await mkdir(folders.failpoints);
  const own = [`cni_conf_dir = "${folders.cniConfig}"`, `boot_timeout = "${BOOT_TIMEOUT_S}s"`];
  await writeFile(folders.configFile, [...own, ...settings, ''].join('\n'));
  await mirrorTo(folders, registry);
  return folders;
}

/** Points the registry names at another server; the daemon reads this at each pull. */
export async function mirrorTo(folders: Folders, registry: string): Promise<void> {
  for (const name of MIRRORED) {
    const dir = join(folders.registryConfig, name);
    await mkdir(dir, { recursive: true });
    await writeFile(
      join(dir, 'hosts.toml'),
      `server = "http://${registry}"\n\n[host."http://${registry}"]\n  capabilities = ["pull", "resolve"]\n`,
    );
  }
}

export class Daemon {
  readonly folders: Folders;
  readonly #child: ChildProcess;
  readonly #log: string[] = [];

  private constructor(folders: Folders, child: ChildProcess) {
    this.folders = folders;
    this.#child = child;
  }

  /** Starts it and waits until it says that it serves. Rejects with its own words if it ends before. */
  static async start(folders: Folders, extra: readonly string[] = []): Promise<Daemon> {
    const args = ['--config', folders.configFile, '--listen', `unix://${folders.socket}`];
    args.push('--root', folders.root, '--state', folders.state);
    const child = spawn(
      DAEMON,
      [...args, '--registry-config', folders.registryConfig, '--log-level', 'debug', ...extra],
      {
        stdio: ['ignore', 'pipe', 'pipe'],
        // what makes tests load quicker is not the operators'
        env: {
          ...process.env,
          NODE_COMPILE_CACHE: undefined,
          ...(folders.failpoints && { [FAILPOINTS_VARIABLE]: folders.failpoints }),
        },
      },
    );
    const daemon = new Daemon(folders, child);
    await daemon.#serving();
    return daemon;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Everything it has printed, for a failing test. */
  log(): string {
    return this.#log.join('\n');
  }

  /** SIGTERM; resolves with the exit code. */
  async stop(): Promise<number | null> {
    return this.#end('SIGTERM');
  }

  /** Resolves with the signal that ended it, or null, when it has ended by itself. */
  async ended(): Promise<NodeJS.Signals | null> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) await once(this.#child, 'exit');
    return this.#child.signalCode;
  }

  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  async #end(signal: NodeJS.Signals): Promise<number | null> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return this.#child.exitCode;
    const exited = once(this.#child, 'exit');
    this.#child.kill(signal);
    await exited;
    return this.#child.exitCode;
  }

  #serving(): Promise<void> {
    return new Promise((resolve, reject) => {
      const fail = (why: string): void => reject(new Error(`${why}:\n${this.log()}`));
      const timer = setTimeout(() => fail('the daemon does not serve'), DAEMON_START_MS);
      this.#child.once('error', reject);
      this.#child.once('exit', (code, signal) => {
        clearTimeout(timer);
        fail(`the daemon ended (${code ?? signal})`);
      });
      for (const output of [this.#child.stdout, this.#child.stderr]) {
        if (output === null) throw new TypeError('the daemon was started without pipes');
        createInterface({ input: output }).on('line', (line) => {
          this.#log.push(line);
          if (!line.includes(`unix://${this.folders.socket}`) || output !== this.#child.stdout) return;
          clearTimeout(timer);
          resolve();
        });
      }
    });
  }
}

export async function removeFolders(folders: Folders): Promise<void> {
  await rm(folders.base, { recursive: true });
}
