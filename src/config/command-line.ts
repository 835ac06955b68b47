/** The command line of a3s-boxd. */
import { parseArgs } from 'node:util';
import { BoxError, messageOf } from '../errors.ts';
import type { Overrides } from './load.ts';

export const USAGE = `usage: a3s-boxd [config dump | doctor [--fix]] [flags]

  doctor                 checks this host and what the daemon has left on it; exit code 1 if no pod could run
  --fix                  with doctor: removes what belongs to no sandbox

  --config FILE          TOML file (default /etc/a3s-box/config.toml, which need not exist)
  --listen unix://PATH   where CRI is served
  --root DIR             durable state: images, sandboxes
  --state DIR            volatile state: sockets, run files
  --registry-config DIR  folders HOST/hosts.toml: registry mirrors
  --log-level LEVEL      trace, debug, info, warn, error, fatal, silent
  --version, --help

Every key of the file is a line of \`a3s-boxd config dump\`.`;

export type Command = 'serve' | 'config dump' | 'doctor' | 'doctor fix' | 'version' | 'help';

export interface CommandLine {
  readonly command: Command;
  readonly configFile: string | undefined;
  readonly overrides: Overrides;
}

/** CONFIG_INVALID names what is not understood. */
export function parseCommandLine(args: readonly string[]): CommandLine {
  const { values, positionals } = parseFlags(args);
  const overrides: Overrides = {
    ...(values.listen === undefined ? {} : { listen: values.listen }),
    ...(values.root === undefined ? {} : { root: values.root }),
    ...(values.state === undefined ? {} : { state: values.state }),
    ...(values['registry-config'] === undefined ? {} : { registry_config: values['registry-config'] }),
    ...(values['log-level'] === undefined ? {} : { log_level: values['log-level'] }),
  };
  return { command: commandOf(positionals, values), configFile: values.config, overrides };
}

function commandOf(
  positionals: readonly string[],
  flags: { readonly help?: boolean; readonly version?: boolean; readonly fix?: boolean },
): Command {
  if (flags.help === true) return 'help';
  if (flags.version === true) return 'version';
  const words = positionals.join(' ');
  if (words === 'doctor') return flags.fix === true ? 'doctor fix' : 'doctor';
  if (flags.fix === true) throw new BoxError('CONFIG_INVALID', '--fix goes with doctor only');
  if (words === '') return 'serve';
  if (words === 'config dump') return words;
  throw new BoxError('CONFIG_INVALID', `unknown command ${JSON.stringify(words)}: see a3s-boxd --help`);
}

function parseFlags(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        config: { type: 'string' },
        listen: { type: 'string' },
        root: { type: 'string' },
        state: { type: 'string' },
        'registry-config': { type: 'string' },
        'log-level': { type: 'string' },
        fix: { type: 'boolean' },
        help: { type: 'boolean' },
        version: { type: 'boolean' },
      },
    });
  } catch (cause) {
    throw new BoxError('CONFIG_INVALID', `${messageOf(cause)}; see a3s-boxd --help`, { cause });
  }
}
