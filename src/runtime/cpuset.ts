/** Lists of processors or memory nodes (cpuset(7), "List format"): `0-3,5`. Pure. */
import { BoxError } from '../errors.ts';

const RANGE = /^(\d{1,6})(?:-(\d{1,6}))?$/;

/**
 * The part of the list that a VM with `count` of them has. kubelet names the node's: a list that allows some of the VM's allows
 * those; one that allows none cannot be kept. INVALID_REQUEST if it is no list, NOT_SUPPORTED if nothing is left.
 */
export function cpusetWithin(list: string, count: number, what: 'processor' | 'memory node'): string {
  const allowed = new Set<number>();
  for (const part of list.trim().split(',')) {
    const [, first, last = first] = RANGE.exec(part.trim()) ?? [];
    if (first === undefined || Number(first) > Number(last)) {
      throw new BoxError('INVALID_REQUEST', `${JSON.stringify(list)} is no cpuset: write it like 0-3,5`);
    }
    for (let number = Number(first); number <= Math.min(Number(last), count - 1); number += 1) allowed.add(number);
  }
  if (allowed.size === 0) {
    throw new BoxError(
      'NOT_SUPPORTED',
      `cpuset ${list} names no ${what} of the VM, which has ${count}: a microVM's cannot be pinned to the node's`,
    );
  }
  return [...allowed].toSorted((a, b) => a - b).join(',');
}
