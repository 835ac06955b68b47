/** Local processes behind the interface that the guest's have: the other end for tests of streaming. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { constants } from 'node:os';
import type { Duplex } from 'node:stream';
import { BoxError } from '../errors.ts';
import type { ProcessStreams, StreamRequest, TerminalSize } from '../runtime/streams.ts';

export interface LocalProcess {
  readonly child: ChildProcess;
  readonly sizes: TerminalSize[];
  /** Resolves when it was given up. */
  readonly closed: Promise<void>;
}

export class LocalProcesses {
  /** Everything that was started, in order. */
  readonly started: LocalProcess[] = [];
  /** What openAttach attaches to. */
  attachCommand: readonly string[] = ['sh'];

  async openExec(_id: string, command: readonly string[], request: StreamRequest): Promise<ProcessStreams> {
    return this.#start(command, request, (child) => killGroup(child));
  }

  async openAttach(_id: string, request: StreamRequest): Promise<ProcessStreams> {
    return this.#start(this.attachCommand, request, () => undefined);
  }

  async openForward(_id: string, port: number, signal: AbortSignal): Promise<Duplex> {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    try {
      await once(socket, 'connect', { signal });
    } catch (error) {
      socket.destroy();
      throw error;
    }
    return socket;
  }

  /** Kills what is left. */
  async stop(): Promise<void> {
    const left = this.started.filter(({ child }) => child.exitCode === null && child.signalCode === null);
    await Promise.all(
      left.map(async ({ child }) => {
        const exit = once(child, 'exit');
        killGroup(child);
        await exit;
      }),
    );
  }

  async #start(
    command: readonly string[],
    request: StreamRequest,
    giveUp: (child: ChildProcess) => void,
  ): Promise<ProcessStreams> {
    const [program = '', ...args] = command;
    const pipe = (wanted: boolean): 'pipe' | 'ignore' => (wanted ? 'pipe' : 'ignore');
    const stdio = [pipe(request.stdin), pipe(request.stdout), pipe(request.stderr)];
    const child = spawn(program, args, { stdio, detached: true });
    try {
      await once(child, 'spawn');
    } catch (cause) {
      throw new BoxError('EXEC_FAILED', `cannot execute ${program}`, { cause });
    }
    const closed = Promise.withResolvers<void>();
    const sizes: TerminalSize[] = [];
    this.started.push({ child, sizes, closed: closed.promise });
    return {
      ...(child.stdin === null ? {} : { stdin: child.stdin }),
      ...(child.stdout === null ? {} : { stdout: child.stdout }),
      ...(child.stderr === null ? {} : { stderr: child.stderr }),
      resize: (size) => void sizes.push(size),
      exited: exitCode(child),
      close: () => {
        giveUp(child);
        closed.resolve();
      },
    };
  }
}

async function exitCode(child: ChildProcess): Promise<number> {
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  return code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
}

function killGroup({ pid, exitCode, signalCode }: ChildProcess): void {
  if (pid !== undefined && exitCode === null && signalCode === null) process.kill(-pid, 'SIGKILL');
}
