/** Exec and attach over WebSocket: all channels exist from the start. */
import type { WebSocket } from 'ws';
import type { CommandProtocol } from '../protocols.ts';
import { bothEnded } from '../waiting.ts';
import { ChannelConnection, type ChannelProtocol } from '../websocket/channel-connection.ts';
import type { Command } from './command.ts';
import { converse } from './converse.ts';
import type { CommandOutcome } from './exec-status.ts';
import type { CommandChannels } from './run-command.ts';

/** k8s.io/apimachinery pkg/util/remotecommand. */
const STDIN = 0;
const STDOUT = 1;
const STDERR = 2;
const ERROR = 3;
const RESIZE = 4;

/** `stopping` fires when the daemon stops. Rejects if the client does not keep to the protocol. */
export function serveWebSocketCommand(
  ws: WebSocket,
  protocol: CommandProtocol & ChannelProtocol,
  command: Command,
  stopping: AbortSignal,
): Promise<CommandOutcome> {
  const connection = new ChannelConnection(ws, protocol);
  const { stdin, stdout, stderr, tty } = command.streams;
  const channels: CommandChannels = {
    ...(stdin ? { stdin: connection.channel(STDIN) } : {}),
    ...(stdout ? { stdout: connection.channel(STDOUT) } : {}),
    ...(stderr ? { stderr: connection.channel(STDERR) } : {}),
    ...(tty && protocol.resize ? { resize: connection.channel(RESIZE) } : {}),
    error: connection.channel(ERROR),
  };
  const leave = AbortSignal.any([connection.gone, stopping]);
  const conversation = async (): Promise<CommandOutcome> => {
    try {
      await connection.greet(lowestOutput(command));
      return await converse(command, channels, protocol.status, leave);
    } finally {
      await connection.end();
    }
  };
  return bothEnded(conversation(), connection.run());
}

function lowestOutput({ streams }: Command): number {
  if (streams.stdout) return STDOUT;
  return streams.stderr ? STDERR : ERROR;
}
