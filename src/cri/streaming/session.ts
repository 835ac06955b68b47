/** From an upgrade request to the session that it is for. */
import { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import type { RuntimeService } from '../../runtime/runtime-service.ts';
import type { Command } from './command/command.ts';
import { serveSpdyCommand } from './command/spdy-command.ts';
import { serveWebSocketCommand } from './command/websocket-command.ts';
import type { OpenPort } from './forward/forward.ts';
import { serveSpdyForward } from './forward/spdy-forward.ts';
import { MAX_WEBSOCKET_PORTS, serveWebSocketForward } from './forward/websocket-forward.ts';
import { listHeader, Refusal, switchToSpdy, type Upgrade, upgradeTo } from './http.ts';
import { IDLE_MS } from './limits.ts';
import { chooseProtocol, PORT_FORWARD, SPDY_COMMANDS, WEBSOCKET_COMMANDS, WEBSOCKET_FORWARDS } from './protocols.ts';
import type { StreamingRequest } from './streaming-request.ts';
import { acceptWebSocket } from './websocket/handshake.ts';
import { tunnel } from './websocket/tunnel.ts';

/** What sessions need of the runtime. */
export type Openers = Pick<RuntimeService, 'openExec' | 'openAttach' | 'openForward'>;

/** Runs the session that was asked for to its end; throws Refusal if the client's offers do not fit. */
export async function serveSession(
  asked: StreamingRequest,
  upgrade: Upgrade,
  openers: Openers,
  stopping: AbortSignal,
): Promise<unknown> {
  const transport = upgradeTo(upgrade.request);
  if (asked.kind === 'portforward') {
    const open: OpenPort = (port, signal) => openers.openForward(asked.sandboxId, port, signal);
    return transport === 'spdy'
      ? spdyForward(upgrade, open, stopping)
      : webSocketForward(upgrade, asked.ports, open, stopping);
  }
  const command = toCommand(asked, openers);
  return transport === 'spdy' ? spdyCommand(upgrade, command, stopping) : webSocketCommand(upgrade, command, stopping);
}

function toCommand(asked: Extract<StreamingRequest, { kind: 'exec' | 'attach' }>, openers: Openers): Command {
  const { containerId, streams } = asked;
  if (asked.kind === 'attach') {
    const open = (signal: AbortSignal) => openers.openAttach(containerId, streams, signal);
    return { streams, open, tellsExitCode: false };
  }
  const open = (signal: AbortSignal) => openers.openExec(containerId, asked.command, streams, signal);
  return { streams, open, tellsExitCode: true };
}

function spdyCommand(upgrade: Upgrade, command: Command, stopping: AbortSignal): Promise<unknown> {
  const { name, protocol } = spdyProtocol(upgrade, SPDY_COMMANDS);
  switchToSpdy(upgrade, name);
  return serveSpdyCommand(watched(upgrade), protocol, command, stopping);
}

function spdyForward(upgrade: Upgrade, open: OpenPort, stopping: AbortSignal): Promise<unknown> {
  const { name } = spdyProtocol(upgrade, new Map([[PORT_FORWARD, true]]));
  switchToSpdy(upgrade, name);
  return serveSpdyForward(watched(upgrade), open, stopping);
}

async function webSocketCommand(upgrade: Upgrade, command: Command, stopping: AbortSignal): Promise<unknown> {
  const { name, protocol } = webSocketProtocol(upgrade, WEBSOCKET_COMMANDS);
  const ws = await webSocket(upgrade, name);
  return serveWebSocketCommand(ws, protocol, command, stopping);
}

async function webSocketForward(
  upgrade: Upgrade,
  ports: readonly number[],
  open: OpenPort,
  stopping: AbortSignal,
): Promise<unknown> {
  const { name, protocol } = webSocketProtocol(upgrade, WEBSOCKET_FORWARDS);
  if (protocol === 'tunnel') return serveSpdyForward(tunnel(await webSocket(upgrade, name)), open, stopping);
  if (ports.length === 0 || ports.length > MAX_WEBSOCKET_PORTS) {
    throw new Refusal(
      400,
      `${name || 'this protocol'} needs 1 to ${MAX_WEBSOCKET_PORTS} ports in the PortForward request`,
    );
  }
  return serveWebSocketForward(await webSocket(upgrade, name), protocol, ports, open, stopping);
}

interface Chosen<T> {
  readonly name: string;
  readonly protocol: T;
}

function spdyProtocol<T>({ request }: Upgrade, known: ReadonlyMap<string, T>): Chosen<T> {
  const offered = listHeader(request, 'x-stream-protocol-version');
  if (offered.length === 0) throw new Refusal(400, 'name the protocol in X-Stream-Protocol-Version');
  return chosen(offered, known);
}

/** A client that offers nothing speaks ''. */
function webSocketProtocol<T>({ request }: Upgrade, known: ReadonlyMap<string, T>): Chosen<T> {
  const offered = listHeader(request, 'sec-websocket-protocol');
  return chosen(offered.length === 0 ? [''] : offered, known);
}

function chosen<T>(offered: readonly string[], known: ReadonlyMap<string, T>): Chosen<T> {
  const name = chooseProtocol(offered, known);
  const protocol = name === undefined ? undefined : known.get(name);
  if (name !== undefined && protocol !== undefined) return { name, protocol };
  const names = [...known.keys()].filter((name) => name !== '').join(', ');
  throw new Refusal(403, `none of ${offered.join(', ')} is spoken here: ${names}`, {
    'X-Accepted-Stream-Protocol-Versions': names,
  });
}

/** Rejects if ws has refused the request, with the answer sent. */
function webSocket(upgrade: Upgrade, protocol: string): Promise<WebSocket> {
  const { request, socket, head } = upgrade;
  return new Promise((resolve, reject) => {
    const refused = (): void => reject(new Error('the request is no valid WebSocket handshake'));
    socket.once('close', refused);
    acceptWebSocket(request, socket, head, protocol, (ws) => {
      socket.off('close', refused);
      // after the handshake, which takes a time limit away
      watched(upgrade);
      resolve(ws);
    });
  });
}

/** The socket, set up for a long conversation. */
function watched({ socket }: Upgrade): Upgrade['socket'] {
  if (socket instanceof Socket) {
    socket.setNoDelay(true);
    socket.setKeepAlive(true);
    socket.setTimeout(IDLE_MS, () => socket.destroy());
  }
  return socket;
}
