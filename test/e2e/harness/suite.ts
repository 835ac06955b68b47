/** What every file of end-to-end tests begins and ends with: a registry, a daemon, the image; and nothing left afterwards. */
import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { Crictl } from './crictl.ts';
import { Daemon, type Folders, makeFolders, removeFolders } from './daemon.ts';
import { giveImages, keepImages } from './kept-images.ts';
import { leftovers } from './leftovers.ts';
import { usePlainNetwork } from './plain-network.ts';
import { type Registry, startRegistry } from './registry.ts';
import { BUSYBOX } from './settings.ts';

export class World {
  readonly folders: Folders;
  readonly crictl: Crictl;
  readonly registry: Registry;
  daemon: Daemon;

  constructor(folders: Folders, registry: Registry, daemon: Daemon) {
    this.folders = folders;
    this.registry = registry;
    this.daemon = daemon;
    this.crictl = new Crictl(folders);
  }

  /** The next daemon on the same folders. */
  async restart(): Promise<void> {
    this.daemon = await Daemon.start(this.folders);
  }
}

/** The daemon's own network, or one that costs less. */
type Network = 'default' | 'plain';

/** Call once at the top of a test file; the world is there in every test of it. `settings` are lines of the daemon's configuration. */
export function useWorld(
  images: readonly string[] = [BUSYBOX],
  network: Network = 'plain',
  withFailpoints = false,
  settings: readonly string[] = [],
): () => World {
  let world: World | undefined;
  before(async () => {
    world = await setUp(images, network, withFailpoints, settings);
  });
  after(async () => {
    if (world !== undefined) await end(world);
  });
  return () => {
    assert.ok(world !== undefined, 'the world was not set up');
    return world;
  };
}

/** A world that cannot be set up takes its processes with it: they would keep the test run from ending. */
async function setUp(
  images: readonly string[],
  network: Network,
  withFailpoints: boolean,
  settings: readonly string[],
): Promise<World> {
  const registry = await startRegistry();
  let daemon: Daemon | undefined;
  try {
    const folders = await makeFolders(registry.address, withFailpoints, settings);
    if (network === 'plain') await usePlainNetwork(folders);
    const given = await giveImages(images, folders);
    daemon = await Daemon.start(folders);
    const world = new World(folders, registry, daemon);
    for (const image of images) await world.crictl.ok(...(given ? ['inspecti', '-q'] : ['pull']), image);
    if (!given) await keepImages(images, folders);
    return world;
  } catch (error) {
    await daemon?.stop();
    await registry.stop();
    throw error;
  }
}

/** Ends everything, whatever fails on the way; then nothing may be left. */
async function end({ crictl, daemon, folders, registry }: World): Promise<void> {
  try {
    const pods = (await crictl.ok('pods', '-q')).split('\n').filter((id) => id !== '');
    for (const id of pods) await crictl.ok('rmp', '-f', id);
  } finally {
    const code = await daemon.stop();
    await registry.stop();
    assert.equal(code, 0, daemon.log());
  }
  assert.deepEqual(await leftovers(folders), [], daemon.log());
  await removeFolders(folders);
}
