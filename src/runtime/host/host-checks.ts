/** Can this machine run a VM? One sentence for each thing that is missing. */

import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access, open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { errnoOf, messageOf } from '../../errors.ts';
import { giveWay } from '../../priority.ts';
import { exists } from '../store/folder.ts';
import type { VmParts } from '../vm/vm.ts';

const PROBE_DEADLINE_MS = 30_000;
const KERNEL_LIBRARY = 'libkrunfw.so.5';
const probeSchema = z.object({ problem: z.string() });

type Parts = Pick<VmParts, 'libkrun' | 'kernelDir' | 'shimBundle'>;

export interface HostCheck {
  readonly name: 'kvm' | 'libkrun' | 'kernel' | 'guest-init';
  /** '' if all is well. */
  readonly problem: string;
}

/** All checks, measured now; libkrun that could be loaded once is not tried again while its file is the same (it takes a subprocess). */
export class HostChecks {
  readonly #parts: Parts;
  readonly #guestInit: string;
  #probed: { readonly version: string; readonly problem: Promise<string> } | undefined;

  constructor(parts: Parts, guestInit: string) {
    this.#parts = parts;
    this.#guestInit = guestInit;
  }

  async run(): Promise<readonly HostCheck[]> {
    const [kvm, libkrun, kernel, guestInit] = await Promise.all([
      kvmProblem(),
      this.#libkrunProblem(),
      missingFile(join(this.#parts.kernelDir, KERNEL_LIBRARY), 'guest kernel'),
      missingFile(this.#guestInit, 'guest-init'),
    ]);
    return [
      { name: 'kvm', problem: kvm },
      { name: 'libkrun', problem: libkrun },
      { name: 'kernel', problem: kernel },
      { name: 'guest-init', problem: guestInit },
    ];
  }

  async #libkrunProblem(): Promise<string> {
    const missing = await missingFile(this.#parts.libkrun, 'libkrun');
    if (missing !== '') return missing;
    const { mtimeMs, ino } = await stat(this.#parts.libkrun);
    const version = `${ino}:${mtimeMs}`;
    const probed = this.#probed?.version === version ? this.#probed : { version, problem: probeLibkrun(this.#parts) };
    this.#probed = probed;
    const problem = await probed.problem;
    // it may have been for want of memory or time, or amid an upgrade: the next one who asks tries again
    if (problem !== '' && this.#probed === probed) this.#probed = undefined;
    return problem;
  }
}

/**
 * /dev/kvm must open, and the processor's own module must be behind it: with `kvm_pvm` alone, opening works and a guest
 * kernel never boots.
 */
export async function kvmProblem(): Promise<string> {
  try {
    await (await open('/dev/kvm', constants.O_RDWR)).close();
  } catch (error) {
    switch (errnoOf(error)) {
      case 'ENOENT':
        return 'there is no /dev/kvm: load kvm_intel or kvm_amd, or enable nested virtualisation';
      case 'EACCES':
      case 'EPERM':
        return 'no permission for /dev/kvm: run as root or join its group';
      default:
        return `/dev/kvm cannot be opened: ${messageOf(error)}`;
    }
  }
  const [intel, amd, pvm] = await Promise.all(
    ['kvm_intel', 'kvm_amd', 'kvm_pvm'].map((name) => exists(`/sys/module/${name}`)),
  );
  if (intel === true || amd === true) return '';
  return pvm === true
    ? '/dev/kvm is backed by kvm_pvm, which opens but cannot run a guest kernel'
    : '/dev/kvm exists but neither kvm_intel nor kvm_amd is loaded';
}

async function missingFile(path: string, what: string): Promise<string> {
  try {
    await access(path, constants.R_OK);
    return '';
  } catch (error) {
    return `${what} ${path} cannot be read (${errnoOf(error) ?? 'unknown error'}): build it or name another in the configuration`;
  }
}

function probeLibkrun({ libkrun, shimBundle, kernelDir }: Parts): Promise<string> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [shimBundle, '--probe', libkrun],
      { timeout: PROBE_DEADLINE_MS, env: { LD_LIBRARY_PATH: kernelDir } },
      (error, stdout, stderr) => {
        const answer = parseProbe(stdout);
        if (answer !== undefined) resolve(answer === '' ? '' : `libkrun ${libkrun} cannot be used: ${answer}`);
        else
          resolve(`libkrun ${libkrun} cannot be loaded: ${stderr.trim().slice(-200) || error?.message || 'no answer'}`);
      },
    );
    giveWay(child);
  });
}

function parseProbe(stdout: string): string | undefined {
  try {
    return probeSchema.parse(JSON.parse(stdout)).problem;
  } catch {
    // no answer at all: the caller quotes stderr instead
    return undefined;
  }
}
