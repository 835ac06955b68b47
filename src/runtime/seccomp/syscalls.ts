/** Names of system calls → what to compare in the filter, on the two architectures a guest's kernel runs programs of. */
import { X86_64_CALLS, X86_CALLS } from './syscall-numbers.ts';

export type Architecture = 'x86_64' | 'x86';

/** One way to make a system call: its number, and for a multiplexer the masked value of its first argument. */
export interface CallNumber {
  readonly number: number;
  readonly selector?: { readonly mask: bigint; readonly value: bigint };
}

const NUMBERS: Readonly<Record<Architecture, ReadonlyMap<string, number>>> = {
  x86_64: parseRuns(X86_64_CALLS),
  x86: parseRuns(X86_CALLS),
};

/** socketcall(2) of x86: position in the list + 1 is its first argument (linux/net.h). */
const SOCKET_CALLS: readonly string[] = (
  'socket bind connect listen accept getsockname getpeername socketpair send recv sendto recvfrom shutdown ' +
  'setsockopt getsockopt sendmsg recvmsg accept4 recvmmsg sendmmsg'
).split(' ');

/** ipc(2) of x86: the lower half of its first argument, the upper half is a version (linux/ipc.h). */
const IPC_CALLS: ReadonlyMap<string, bigint> = new Map([
  ['semop', 1n],
  ['semget', 2n],
  ['semctl', 3n],
  ['semtimedop', 4n],
  ['msgsnd', 11n],
  ['msgrcv', 12n],
  ['msgget', 13n],
  ['msgctl', 14n],
  ['shmat', 21n],
  ['shmdt', 22n],
  ['shmget', 23n],
  ['shmctl', 24n],
]);

/**
 * Every way to make the call. None if the architecture has no such call, which no profile's author can be blamed for. A
 * multiplexer hands its arguments over in memory, where no filter can see them.
 */
export function callNumbers(architecture: Architecture, name: string): readonly CallNumber[] {
  const number = NUMBERS[architecture].get(name);
  const direct = number === undefined ? [] : [{ number }];
  return architecture === 'x86' ? [...direct, ...multiplexed(name)] : direct;
}

function multiplexed(name: string): readonly CallNumber[] {
  const socketCall = BigInt(SOCKET_CALLS.indexOf(name) + 1);
  if (socketCall > 0n) return throughX86('socketcall', 0xffff_ffffn, socketCall);
  const ipcCall = IPC_CALLS.get(name);
  return ipcCall === undefined ? [] : throughX86('ipc', 0xffffn, ipcCall);
}

function throughX86(multiplexer: string, mask: bigint, value: bigint): readonly CallNumber[] {
  const number = NUMBERS.x86.get(multiplexer);
  return number === undefined ? [] : [{ number, selector: { mask, value } }];
}

function parseRuns(text: string): ReadonlyMap<string, number> {
  const numbers = new Map<string, number>();
  for (const line of text.trim().split('\n')) {
    const [first = '', ...names] = line.split(' ');
    names.forEach((name, index) => numbers.set(name, Number(first) + index));
  }
  return numbers;
}
