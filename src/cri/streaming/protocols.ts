/** Which protocols are spoken, and which of a client's offers is taken. Pure. */
import type { ChannelProtocol } from './websocket/channel-connection.ts';

export interface CommandProtocol {
  /** How the end is told on the error stream: as a Kubernetes status (v4 on), or as text, which is empty for success. */
  readonly status: 'json' | 'text';
  /** Whether terminals can be resized. */
  readonly resize: boolean;
}

const V1_OR_V2: CommandProtocol = { status: 'text', resize: false };
const V3: CommandProtocol = { status: 'text', resize: true };
const V4: CommandProtocol = { status: 'json', resize: true };

/** Exec and attach over SPDY (k8s.io/apimachinery pkg/util/remotecommand). */
export const SPDY_COMMANDS: ReadonlyMap<string, CommandProtocol> = new Map([
  ['v4.channel.k8s.io', V4],
  ['v3.channel.k8s.io', V3],
  ['v2.channel.k8s.io', V1_OR_V2],
  ['channel.k8s.io', V1_OR_V2],
]);

const BINARY: ChannelProtocol = { encoding: 'binary', halfClose: false };
const BASE64: ChannelProtocol = { encoding: 'base64', halfClose: false };

/** Exec and attach over WebSocket; '' is a client that offers nothing. v5 is v4 with the close signal. */
export const WEBSOCKET_COMMANDS: ReadonlyMap<string, CommandProtocol & ChannelProtocol> = new Map([
  ['', { ...V1_OR_V2, ...BINARY }],
  ['channel.k8s.io', { ...V1_OR_V2, ...BINARY }],
  ['base64.channel.k8s.io', { ...V1_OR_V2, ...BASE64 }],
  ['v4.channel.k8s.io', { ...V4, ...BINARY }],
  ['v4.base64.channel.k8s.io', { ...V4, ...BASE64 }],
  ['v5.channel.k8s.io', { ...V4, encoding: 'binary', halfClose: true }],
]);

export const PORT_FORWARD = 'portforward.k8s.io';

/** Port forwarding over WebSocket: SPDY in a tunnel, or two channels for each port of the request. */
export const WEBSOCKET_FORWARDS: ReadonlyMap<string, 'tunnel' | ChannelProtocol> = new Map<
  string,
  'tunnel' | ChannelProtocol
>([
  [`SPDY/3.1+${PORT_FORWARD}`, 'tunnel'],
  ['', BINARY],
  ['v4.channel.k8s.io', BINARY],
  ['v4.base64.channel.k8s.io', BASE64],
]);

/** The client's first offer that is known; undefined if none is. */
export function chooseProtocol(offered: readonly string[], known: ReadonlyMap<string, unknown>): string | undefined {
  return offered.find((name) => known.has(name));
}
