/** The host's own resolv.conf, read when a pod asks for it. */
import { readFile } from 'node:fs/promises';
import { errnoOf } from '../../errors.ts';

const RESOLV_CONF = '/etc/resolv.conf';
/** Where systemd-resolved keeps the servers behind its stub on 127.0.0.53. */
const UPLINK = '/run/systemd/resolve/resolv.conf';

/** '' if the host has none. */
export async function hostResolvConf(): Promise<string> {
  const text = await read(RESOLV_CONF);
  return /^\s*nameserver\s+127\.0\.0\.5[34]\s*$/m.test(text) ? (await read(UPLINK)) || text : text;
}

async function read(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return '';
    throw error;
  }
}
