/**
 * `shim.cjs --probe LIBKRUN`: can libkrun be loaded here, and was it built with what a pod needs? One JSON line on stdout.
 * The daemon asks this way because FFI has no place in it.
 */
import { writeSync } from 'node:fs';
import { hasFeature } from './ffi/libkrun.ts';
import { openLibrary } from './ffi/native.ts';

/** krun_has_feature (libkrun.h). */
const FEATURES = { net: 0, blk: 1 } as const;
const STDOUT = 1;

export function probe(libkrun: string): number {
  const answer = loadAndAsk(libkrun);
  writeSync(STDOUT, `${JSON.stringify(answer)}\n`);
  return answer.problem === '' ? 0 : 1;
}

function loadAndAsk(libkrun: string): { readonly problem: string } {
  try {
    openLibrary(libkrun);
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
  const missing = Object.entries(FEATURES).filter(([, feature]) => hasFeature(feature) !== 1);
  return { problem: missing.length === 0 ? '' : `built without ${missing.map(([name]) => name).join(' and ')}` };
}
