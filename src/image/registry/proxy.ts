/**
 * Which requests go through a proxy. The variables are read by undici, but for what Go's programs add to them and nodes rely on
 * (golang.org/x/net/http/httpproxy): this machine is reached directly, and NO_PROXY may have CIDR blocks.
 */
import { BlockList, isIP } from 'node:net';
import { isLoopback } from './loopback.ts';

const proxyVariables = ['HTTP_PROXY', 'HTTPS_PROXY', 'http_proxy', 'https_proxy'] as const;

type Environment = Readonly<Record<string, string | undefined>>;

/** False where no proxy is to be asked; true leaves the names in NO_PROXY to undici's EnvHttpProxyAgent. */
export function mayUseProxy({ hostname }: URL, environment: Environment = process.env): boolean {
  const isSet = proxyVariables.some((name) => (environment[name] ?? '') !== '');
  return isSet && !isLoopback(hostname) && !isInNoProxyBlock(hostname, environment);
}

function isInNoProxyBlock(hostname: string, environment: Environment): boolean {
  const address = hostname.replace(/^\[(.+)\]$/, '$1');
  if (isIP(address) === 0) return false;
  const blocks = new BlockList();
  // The same of the two variables as undici takes.
  const entries = (environment['no_proxy'] ?? environment['NO_PROXY'] ?? '').split(/[,\s]/);
  for (const entry of entries) {
    const [net = '', prefix = ''] = entry.split('/');
    const length = /^[0-9]{1,3}$/.test(prefix) ? Number(prefix) : Number.POSITIVE_INFINITY;
    if (isIP(net) !== 0 && length <= (isIP(net) === 4 ? 32 : 128)) blocks.addSubnet(net, length, familyOf(net));
  }
  return blocks.check(address, familyOf(address));
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 4 ? 'ipv4' : 'ipv6';
}
