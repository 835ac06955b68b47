/** What a sandbox costs the host beyond the guest's own memory, from the kernel's books (proc_pid_smaps(5)). */
import { readFile, writeFile } from 'node:fs/promises';

const KIB_PER_MIB = 1024;
/** The guest's RAM is two pieces: 16 MiB below the kernel's image and the rest above it. No other anonymous piece is as large. */
const GUEST_RAM_MIN_KIB = 12 * KIB_PER_MIB;
/** The copy of the guest kernel's code (guest/krun/patches/krun-vmm-large-pages.patch): no other anonymous piece has this size. */
const KERNEL_CODE_KIB = 10 * KIB_PER_MIB;

export interface ShimMemory {
  /** Proportional set sizes, MiB. */
  readonly guestMiB: number;
  readonly kernelMiB: number;
  readonly ownMiB: number;
}

/** Splits a shim's PSS into guest RAM, the guest kernel's image (libkrunfw's, and the copy of its code), and its own. */
export async function shimMemory(pid: number): Promise<ShimMemory> {
  const sums = { guest: 0, kernel: 0, own: 0 };
  let kind: keyof typeof sums = 'own';
  for (const line of (await readFile(`/proc/${pid}/smaps`, 'utf8')).split('\n')) {
    const mapping = /^([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ \S+ \d+ *(.*)$/.exec(line);
    if (mapping !== null) kind = kindOf(mapping);
    const pss = /^Pss: +(\d+) kB/.exec(line);
    if (pss !== null) sums[kind] += Number(pss[1]);
  }
  return { guestMiB: sums.guest / KIB_PER_MIB, kernelMiB: sums.kernel / KIB_PER_MIB, ownMiB: sums.own / KIB_PER_MIB };
}

function kindOf([, from = '', to = '', access = '', file = '']: RegExpExecArray): 'guest' | 'kernel' | 'own' {
  if (file.includes('libkrunfw')) return 'kernel';
  const kib = (Number.parseInt(to, 16) - Number.parseInt(from, 16)) / KIB_PER_MIB;
  if (file !== '' || access !== 'rw-p') return 'own';
  if (kib === KERNEL_CODE_KIB) return 'kernel';
  return kib >= GUEST_RAM_MIN_KIB ? 'guest' : 'own';
}

/** Resident set of a process, MiB. */
export function residentMiB(pid: number): Promise<number> {
  return statusMiB(pid, 'VmRSS');
}

/** The largest resident set that each process has while `act` runs, beyond the one it began with, MiB (proc_pid_clear_refs(5)). */
export async function peakGrowthMiB(pids: readonly number[], act: () => Promise<void>): Promise<readonly number[]> {
  const resident = await Promise.all(pids.map(residentMiB));
  for (const pid of pids) await writeFile(`/proc/${pid}/clear_refs`, RESET_PEAK);
  await act();
  return Promise.all(pids.map(async (pid, index) => (await statusMiB(pid, 'VmHWM')) - (resident[index] ?? 0)));
}

const RESET_PEAK = '5';

async function statusMiB(pid: number, field: 'VmRSS' | 'VmHWM'): Promise<number> {
  const kib = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1];
  if (kib === undefined) throw new Error(`process ${pid} has no ${field}`);
  return Number(kib) / KIB_PER_MIB;
}
