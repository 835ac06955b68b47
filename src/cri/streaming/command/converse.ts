/** One command on one connection, once its streams are there. */

import { ended, written } from '../pump.ts';
import type { Command } from './command.ts';
import { type CommandOutcome, formatOutcome } from './exec-status.ts';
import { type CommandChannels, runCommand } from './run-command.ts';

/**
 * Runs the command, then tells its end on the error stream, which is the last thing that clients read. Tells the client's
 * leaving too, to nobody.
 */
export async function converse(
  command: Command,
  channels: CommandChannels,
  format: 'json' | 'text',
  leave: AbortSignal,
): Promise<CommandOutcome> {
  const outcome = await runCommand((signal) => command.open(signal), channels, leave);
  const told = command.tellsExitCode || outcome.kind === 'failed' ? outcome : { ...outcome, exitCode: 0 };
  const status = formatOutcome(told, format);
  if (status.length > 0) await written(channels.error, status);
  await ended(channels.error);
  return outcome;
}
