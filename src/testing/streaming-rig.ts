/** The streaming server and the CRI server, with local processes in the guest's place, for crictl and other clients to speak to. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CriServer } from '../cri/server.ts';
import { StreamingServer } from '../cri/streaming/server.ts';
import type { ImageService } from '../image/image-service.ts';
import { openLog } from '../observe/log.ts';
import { Metrics } from '../observe/metrics.ts';
import { fakeRuntime } from './fake-cores.ts';
import { LocalProcesses } from './local-processes.ts';

const CRICTL = fileURLToPath(new URL('../../build/tools/crictl', import.meta.url));

export interface StreamingRig {
  readonly processes: LocalProcesses;
  readonly server: StreamingServer;
  /** Starts crictl. */
  crictl(...args: readonly string[]): ChildProcessWithoutNullStreams;
  /** The command line of crictl, for a shell. */
  readonly crictlLine: string;
  stop(): Promise<void>;
}

export async function streamingRig(): Promise<StreamingRig> {
  if (!existsSync(CRICTL)) throw new Error(`${CRICTL} is missing: run scripts/build-tools.sh`);
  const folder = await mkdtemp(join(tmpdir(), 'a3s-streams-'));
  const socket = join(folder, 'cri.sock');
  const log = openLog('silent');
  const processes = new LocalProcesses();
  const server = new StreamingServer(processes, log);
  await server.listen('127.0.0.1', 0);
  const cri = new CriServer(
    { runtime: fakeRuntime('RUNNING', 'READY'), images: fakeImages(folder), streaming: server, version: 'test' },
    { log, metrics: new Metrics() },
  );
  await cri.listen(socket);
  const options = ['--timeout', '60s', '-r', `unix://${socket}`, '-i', `unix://${socket}`];
  return {
    processes,
    server,
    crictl: (...args) => spawn(CRICTL, [...options, ...args]),
    crictlLine: [CRICTL, ...options].join(' '),
    stop: async () => {
      await Promise.all([server.stop(), cri.stop()]);
      await processes.stop();
      await rm(folder, { recursive: true });
    },
  };
}

function fakeImages(mountpoint: string): ImageService {
  const images: Partial<ImageService> = { usage: async () => ({ mountpoint, usedBytes: 0, inodesUsed: 0 }) };
  return images as ImageService;
}
