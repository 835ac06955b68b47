/**
 * The network that pods get: the first configuration by name in a folder, as kubelet's other runtimes choose it.
 *
 * The folder is read whenever somebody asks: kubelet does every few seconds, a pod when it is made, and a folder that is replaced
 * or mounted over cannot be missed that way. It is watched beside that (conf-watch.ts), so that a change shows in the log at once.
 */
import { open } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { z } from 'zod';
import { BoxError, messageOf } from '../../../errors.ts';
import { listFolder } from '../../store/folder.ts';
import { type NetworkList, parseNetworkList } from './network-list.ts';

const EXTENSIONS = ['.conf', '.conflist', '.json'];
const SIZE_LIMIT = 1024 * 1024;

/**
 * Undefined if the folder holds no configuration. NETWORK_NOT_READY if the first one is broken: the next one by name might be
 * a network that these pods must not be in.
 */
export async function loadNetwork(dir: string): Promise<NetworkList | undefined> {
  const [first] = (await listFolder(dir)).filter((name) => EXTENSIONS.includes(extname(name))).toSorted();
  if (first === undefined) return undefined;
  const path = join(dir, first);
  try {
    return parseNetworkList(await readCapped(path), path);
  } catch (cause) {
    throw new BoxError('NETWORK_NOT_READY', `CNI configuration ${path} cannot be used: ${problemOf(cause)}`, { cause });
  }
}

async function readCapped(path: string): Promise<string> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    if (size > SIZE_LIMIT) throw new RangeError(`it is larger than ${SIZE_LIMIT} bytes`);
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}

function problemOf(cause: unknown): string {
  if (!(cause instanceof z.ZodError)) return messageOf(cause);
  return cause.issues
    .map(({ path, message }) => [path.join('.'), message].filter((part) => part !== '').join(': '))
    .join('; ');
}
