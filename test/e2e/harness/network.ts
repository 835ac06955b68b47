/** What network tests need on the node: peers, an outside, a container with netpeer in it. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { realpath } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { ContainerOptions } from './crictl.ts';
import { run } from './run.ts';
import { untilServing } from './serving.ts';
import { NETPEER } from './settings.ts';

/** A container that serves netpeer's port, or just has it as /netpeer/netpeer. */
export async function peerContainer(name: string, port?: number): Promise<ContainerOptions> {
  const mounts = [{ container_path: '/netpeer', host_path: dirname(await realpath(NETPEER)), readonly: true }];
  const command = port === undefined ? ['sleep', '100000'] : ['/netpeer/netpeer', 'serve', String(port)];
  return { name, command, config: { mounts } };
}

export interface Server {
  stop(): Promise<void>;
}

/** netpeer on the node, in one of its namespaces if `netns` names one. Resolves when it listens. */
export async function nodePeer(port: number, netns?: string): Promise<Server> {
  const inside = netns === undefined ? [] : ['ip', 'netns', 'exec', netns];
  return serving([...inside, NETPEER, 'serve', String(port)]);
}

/** A command on the node that says "serving" when it does. */
export async function serving(command: readonly string[]): Promise<Server> {
  const [program = '', ...args] = command;
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  await untilServing(program, child, child.stdout, 'serving');
  return {
    stop: async () => {
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    },
  };
}

/** A command on the node that must succeed; its stdout without the last newline. */
export async function node(command: string, ...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await run(command, args);
  assert.equal(code, 0, `${command} ${args.join(' ')}: ${stderr}`);
  return stdout.replace(/\n$/, '');
}

export const OUTSIDE = {
  netns: 'outside',
  node4: '192.0.2.1',
  node6: '2001:db8::1',
  address4: '192.0.2.2',
  address6: '2001:db8::2',
};

/** A second machine behind a cable, which has no route back to pods: only what is masqueraded gets an answer. */
export async function makeOutside(): Promise<Server> {
  const { netns, node4, node6, address4, address6 } = OUTSIDE;
  await node('ip', 'netns', 'add', netns);
  await node('ip', 'link', 'add', 'cable', 'type', 'veth', 'peer', 'name', 'cable', 'netns', netns);
  for (const [at, four, six] of [
    [[], node4, node6],
    [['-n', netns], address4, address6],
  ] as const) {
    await node('ip', ...at, 'address', 'add', `${four}/24`, 'dev', 'cable');
    await node('ip', ...at, 'address', 'add', `${six}/64`, 'dev', 'cable', 'nodad');
    await node('ip', ...at, 'link', 'set', 'cable', 'up');
  }
  await node('ip', '-n', netns, 'link', 'set', 'lo', 'up');
  return {
    stop: async () => {
      await node('ip', 'link', 'delete', 'cable');
      await node('ip', 'netns', 'delete', netns);
    },
  };
}
