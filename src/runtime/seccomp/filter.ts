/** The seccomp filter of a container: which profile, read, resolved and compiled. */
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { LRUCache } from 'lru-cache';
import { BoxError, messageOf } from '../../errors.ts';
import type { ContainerSecurity } from '../model.ts';
import { encode } from './bpf.ts';
import { compile } from './compile.ts';
import { defaultProfile } from './default-profile.ts';
import { type Profile, parseProfile } from './profile.ts';
import { type Environment, resolveProfile } from './resolve.ts';

/** The field's largest profiles have some 20 KiB. */
const PROFILE_LIMIT = 1024 * 1024;

const defaultFilters = new LRUCache<string, SeccompFilter>({ max: 64 });

export interface SeccompFilter {
  /** An array of struct sock_filter. */
  readonly program: Buffer;
  /** SECCOMP_FILTER_FLAG_ values. */
  readonly flags: number;
}

/** undefined: none. PROFILE_INVALID if a profile file cannot be read, understood or compiled. */
export async function seccompFilter(
  { privileged, seccomp }: Pick<ContainerSecurity, 'privileged' | 'seccomp'>,
  environment: Environment,
): Promise<SeccompFilter | undefined> {
  if (privileged) return undefined;
  switch (seccomp.type) {
    case 'Unconfined':
      return undefined;
    case 'RuntimeDefault':
      return defaultFilter(environment);
    case 'Localhost':
      return filterOf(seccomp.path, parseProfile(seccomp.path, await readProfile(seccomp.path)), environment);
  }
}

/** Nearly every container has one of a few sets of capabilities. */
function defaultFilter(environment: Environment): SeccompFilter {
  const key = [environment.kernel, ...environment.capabilities].join(' ');
  const known = defaultFilters.get(key);
  if (known !== undefined) return known;
  const filter = filterOf('RuntimeDefault', defaultProfile(), environment);
  defaultFilters.set(key, filter);
  return filter;
}

function filterOf(name: string, profile: Profile, environment: Environment): SeccompFilter {
  const resolved = resolveProfile(profile, environment);
  return { program: encode(compile(name, resolved)), flags: resolved.flags };
}

async function readProfile(path: string): Promise<string> {
  try {
    // without waiting for the writer of a FIFO
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
    try {
      const stats = await file.stat();
      if (stats.isFile() && stats.size <= PROFILE_LIMIT) return await file.readFile('utf8');
    } finally {
      await file.close();
    }
  } catch (cause) {
    throw new BoxError('PROFILE_INVALID', `seccomp profile ${path} cannot be read: ${messageOf(cause)}`, { cause });
  }
  throw new BoxError('PROFILE_INVALID', `seccomp profile ${path} must be a file of at most ${PROFILE_LIMIT} bytes`);
}
