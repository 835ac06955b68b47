/** What a daemon that has been stopped may have left beside what its pods had (leftovers.ts): processes, files, interfaces. */
import { readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { storePaths } from '../../src/image/store/paths.ts';
import { listFolder } from '../../src/runtime/store/folder.ts';
import type { Folders } from '../e2e/harness/daemon.ts';
import { PLAIN_BRIDGE } from '../e2e/harness/plain-network.ts';
import { run } from '../e2e/harness/run.ts';

/** A line each. `veths` are the interfaces that were there before the first pod. */
export async function remains(folders: Folders, veths: readonly string[]): Promise<readonly string[]> {
  const links = (await podVeths()).filter((name) => !veths.includes(name));
  return [
    ...(await processes(folders)),
    ...links.map((name) => `interface ${name}`),
    ...(await unfinishedFiles(folders)),
    ...(await orphanLayers(folders)),
  ];
}

const linksSchema = z.array(z.looseObject({ ifname: z.string(), master: z.string().optional() }));

/** Host ends of pods' interfaces: those on the pods' bridge, and those on none. */
export async function podVeths(): Promise<readonly string[]> {
  const { stdout } = await run('ip', ['-json', 'link', 'show', 'type', 'veth']);
  return linksSchema
    .parse(JSON.parse(stdout))
    .filter(({ master }) => master === undefined || master === PLAIN_BRIDGE)
    .map(({ ifname }) => ifname);
}

/** Layer workers, plugins and whatever they have started: those with a path of this daemon's in their words, folder or environment. */
async function processes({ base }: Folders): Promise<readonly string[]> {
  const found: string[] = [];
  for (const pid of await readdir('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    const [words, environment, cwd] = await Promise.all([
      ifAlive(readFile(`/proc/${pid}/cmdline`, 'latin1')),
      ifAlive(readFile(`/proc/${pid}/environ`, 'latin1')),
      ifAlive(readlink(`/proc/${pid}/cwd`)),
    ]);
    if ([words, environment, cwd].some((each) => each.includes(base)))
      found.push(`process ${pid} ${words.replaceAll('\0', ' ').trim()}`);
  }
  return found;
}

/** A process may end while it is looked at: then it is no leftover. */
async function ifAlive(reading: Promise<string>): Promise<string> {
  try {
    return await reading;
  } catch {
    return '';
  }
}

/** Half written, or set aside because it could not be understood. */
async function unfinishedFiles({ root }: Folders): Promise<readonly string[]> {
  const names = await readdir(root, { recursive: true });
  return names.filter((name) => /\.(?:tmp|bad)$|^set-aside\/./.test(name)).map((name) => `file ${join(root, name)}`);
}

const imageSchema = z.looseObject({ layers: z.array(z.looseObject({ diffId: z.string() })) });

async function orphanLayers({ root }: Folders): Promise<readonly string[]> {
  const paths = storePaths(root);
  const used = new Set<string>();
  for (const name of await listFolder(paths.images)) {
    const { layers } = imageSchema.parse(JSON.parse(await readFile(join(paths.images, name), 'utf8')));
    for (const { diffId } of layers) used.add(diffId);
  }
  const stored = (await listFolder(paths.layers)).filter((name) => !used.has(`sha256:${name.split('.', 1)[0] ?? ''}`));
  return stored.map((name) => `layer without image ${name}`);
}
