/**
 * The shim: one process per sandbox, which becomes the VMM.
 *
 * INVARIANTS
 * - It installs no signal handlers: the main thread blocks in krun_start_enter, where a JS handler would only swallow SIGTERM.
 * - If the daemon dies before the whole configuration was sent, fd 3 ends early and the shim exits: it never runs unrecorded.
 * - After krun_start_enter nothing of JavaScript runs again; libkrun ends the process with the guest's exit code.
 */
import { readFileSync, writeFileSync, writeSync } from 'node:fs';
import { configureVm, enterVm, KrunError, openKrun } from './krun.ts';
import { probe } from './probe.ts';
import { SHIM_CONFIG_FD, SHIM_STATUS_FD, type ShimConfig, type ShimStatus } from './protocol.ts';

const EXIT_NO_CONFIG = 64;
const EXIT_FAILED = 65;
const OOM_SCORE = '/proc/self/oom_score_adj';

function report(status: ShimStatus): void {
  writeSync(SHIM_STATUS_FD, `${JSON.stringify(status)}\n`);
}

/** The document is the daemon's own, made by the same release: its presence as a whole is what needs checking. */
function readConfig(): ShimConfig | undefined {
  const text = readFileSync(SHIM_CONFIG_FD, 'utf8');
  return text.endsWith('\n') ? (JSON.parse(text) as ShimConfig) : undefined;
}

/** The daemon may be kept from the OOM killer (its unit asks for that); a VM, whose pod can be made anew, is not. */
function giveUpOomProtection(): void {
  if (Number(readFileSync(OOM_SCORE, 'utf8')) < 0) writeFileSync(OOM_SCORE, '0');
}

function main(): number {
  const [mode, libkrun] = process.argv.slice(2);
  return mode === '--probe' ? probe(libkrun ?? '') : runVm();
}

function runVm(): number {
  report({ phase: 'started', monotonicNs: process.hrtime.bigint().toString() });
  const config = readConfig();
  if (config === undefined) return EXIT_NO_CONFIG;
  try {
    giveUpOomProtection();
    openKrun(config.libkrun);
    const context = configureVm(config);
    report({ phase: 'enter', monotonicNs: process.hrtime.bigint().toString() });
    enterVm(context);
  } catch (error) {
    const call = error instanceof KrunError ? error.call : 'shim';
    report({ phase: 'failed', call, message: error instanceof Error ? error.message : String(error) });
  }
  return EXIT_FAILED;
}

process.exitCode = main();
