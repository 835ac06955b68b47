/** Flags over the file over the defaults. */
import { readFile } from 'node:fs/promises';
import { parse } from 'smol-toml';
import { z } from 'zod';
import { BoxError, errnoOf, messageOf } from '../errors.ts';
import { realFolder } from '../runtime/store/folder.ts';
import { type DaemonConfig, resolveSettings, type Settings, settingsSchema } from './schema.ts';

export const DEFAULT_CONFIG_FILE = '/etc/a3s-box/config.toml';

/** What the command line sets, by the keys of the file. */
export type Overrides = Partial<Record<keyof Settings, string>>;

/** The effective settings; CONFIG_INVALID names the key and where it stands. `file` undefined: the default one, if it is there. */
export async function loadSettings(file: string | undefined, overrides: Overrides): Promise<Settings> {
  const written = await readToml(file);
  return checked(() => settingsSchema.parse({ ...written, ...overrides }), file ?? DEFAULT_CONFIG_FILE);
}

/**
 * What the daemon and the doctor work with. Its folders are named as they really lie: so the kernel's tables of mounts and open
 * files name them, and two ways to write one folder must not make two marks.
 */
export async function loadDaemonConfig(file: string | undefined, overrides: Overrides): Promise<DaemonConfig> {
  const config = toDaemonConfig(await loadSettings(file, overrides), file);
  try {
    return { ...config, root: await realFolder(config.root), state: await realFolder(config.state) };
  } catch (cause) {
    throw new BoxError('CONFIG_INVALID', `root or state folder cannot be used: ${messageOf(cause)}`, { cause });
  }
}

export function toDaemonConfig(settings: Settings, file: string | undefined): DaemonConfig {
  return checked(() => resolveSettings(settings), file ?? DEFAULT_CONFIG_FILE);
}

async function readToml(file: string | undefined): Promise<Record<string, unknown>> {
  const path = file ?? DEFAULT_CONFIG_FILE;
  try {
    return parse(await readFile(path, 'utf8'));
  } catch (cause) {
    if (file === undefined && errnoOf(cause) === 'ENOENT') return {};
    const [firstLine] = messageOf(cause).split('\n');
    throw new BoxError('CONFIG_INVALID', `cannot read configuration ${path}: ${firstLine}`, { cause });
  }
}

function checked<T>(parseIt: () => T, path: string): T {
  try {
    return parseIt();
  } catch (cause) {
    if (!(cause instanceof z.ZodError)) throw cause;
    const issues = cause.issues.map((issue) =>
      issue.code === 'unrecognized_keys'
        ? `unknown key ${issue.keys.join(', ')}`
        : `${issue.path.join('.')}: ${issue.message}`,
    );
    throw new BoxError('CONFIG_INVALID', `configuration (${path} and flags): ${issues.join('; ')}`, { cause });
  }
}
