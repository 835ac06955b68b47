/** The host's own resolv.conf, read when a pod asks for it. */
import { readIfThere } from '../store/folder.ts';

const RESOLV_CONF = '/etc/resolv.conf';
/** Where systemd-resolved keeps the servers behind its stub on 127.0.0.53. */
const UPLINK = '/run/systemd/resolve/resolv.conf';

/** '' if the host has none. */
export async function hostResolvConf(): Promise<string> {
  const text = await readIfThere(RESOLV_CONF);
  return /^\s*nameserver\s+127\.0\.0\.5[34]\s*$/m.test(text) ? (await readIfThere(UPLINK)) || text : text;
}
