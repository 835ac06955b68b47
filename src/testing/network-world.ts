/** Tests of real networks run in a network and mount namespace of their own: no bridge, rule or namespace of this machine is touched. */
import { spawn } from 'node:child_process';
import { it } from 'node:test';
import { fileURLToPath } from 'node:url';

const INSIDE = 'A3S_NETWORK_WORLD';

/**
 * Runs `tests` in that world: by starting the calling test file again, inside. Call it once, at the top of a file.
 * Needs root, iproute2, iptables and the CNI plugins.
 */
export function inNetworkWorld(fileUrl: string, tests: () => void): void {
  if (process.env[INSIDE] !== undefined) {
    tests();
    return;
  }
  it(`in a network of its own: ${fileURLToPath(fileUrl)}`, async () => {
    // /run is where namespaces and iptables' lock are
    const script = 'mount -t tmpfs none /run && ip link set lo up && exec "$@"';
    const { NODE_TEST_CONTEXT: _, ...env } = process.env;
    const node = [process.execPath, '--test', '--test-reporter=spec', fileURLToPath(fileUrl)];
    const child = spawn('unshare', ['--net', '--mount', 'sh', '-ec', script, 'sh', ...node], {
      env: { ...env, [INSIDE]: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const output: string[] = [];
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => output.push(String(chunk)));
    const code = await new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    if (code !== 0) throw new Error(`ended with ${String(code)}:\n${output.join('')}`);
  });
}
