/** a3s-boxd: parse, wire, start, stop. */
import { stringify } from 'smol-toml';
import { parseCommandLine, USAGE } from './config/command-line.ts';
import { loadDaemonConfig, loadSettings } from './config/load.ts';
import { isBoxError } from './errors.ts';
import { VERSIONS } from './versions.ts';

const { a3sBox: version } = VERSIONS;

/** Returns the exit code. */
async function main(): Promise<number> {
  const { command, configFile, overrides } = parseCommandLine(process.argv.slice(2));
  switch (command) {
    case 'help':
      process.stdout.write(`${USAGE}\n`);
      return 0;
    case 'version':
      process.stdout.write(`a3s-boxd ${version}\n`);
      return 0;
    case 'config dump':
      process.stdout.write(`${stringify(await loadSettings(configFile, overrides))}\n`);
      return 0;
    case 'serve': {
      const config = await loadDaemonConfig(configFile, overrides);
      // everything heavy hangs below it: a wrong flag is told without loading that
      const { serve } = await import('./daemon/serve.ts');
      await serve(config, version);
      return 0;
    }
    case 'doctor':
    case 'doctor fix': {
      const config = await loadDaemonConfig(configFile, overrides);
      const { doctor } = await import('./doctor/doctor.ts');
      return doctor(config, command === 'doctor fix');
    }
    default:
      command satisfies never;
      return 1;
  }
}

try {
  process.exit(await main());
} catch (error) {
  // one sentence for what the operator can mend; the stack only for what we must
  const text = isBoxError(error) ? error.message : String(error instanceof Error ? error.stack : error);
  process.stderr.write(`a3s-boxd: ${text}\n`);
  process.exit(1);
}
