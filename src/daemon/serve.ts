/** The daemon's life: claim, recover, serve, stop. */
import { once } from 'node:events';
import type { DaemonConfig } from '../config/schema.ts';
import { CriServer } from '../cri/server.ts';
import { StreamingServer } from '../cri/streaming/server.ts';
import { enableFailpoints, FAILPOINTS_VARIABLE } from '../failpoints/failpoint.ts';
import { openImageStore } from '../image/open-image-store.ts';
import { type Logger, openLog } from '../observe/log.ts';
import { Metrics } from '../observe/metrics.ts';
import { openRuntime } from '../runtime/open-runtime.ts';
import { greet } from './greeting.ts';
import { FolderLock } from './lock.ts';
import { claimSocket } from './socket.ts';

/** The socket is for root and its group from its first moment on. */
const SOCKET_UMASK = 0o117;

/** Serves until SIGTERM or SIGINT; the VMs run on. Throws BoxError if it cannot start. */
export async function serve(config: DaemonConfig, version: string): Promise<void> {
  const stopped = Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT')]);
  const log = openLog(config.logLevel);
  await openFailpoints(log);
  const locks = [await FolderLock.take(config.root), await FolderLock.take(config.state)];
  await claimSocket(config.socket);
  const images = await openImageStore({ root: config.root, registryConfigDir: config.registryConfig, log });
  const runtime = await Promise.race([openRuntime({ ...config, images, log }), stopped.then(() => undefined)]);
  if (runtime === undefined) {
    log.info('stopped before the daemon served: VMs run on');
    return;
  }
  const streaming = new StreamingServer(runtime, log);
  await streaming.listen(config.streaming.address, config.streaming.port);
  const metrics = new Metrics();
  metrics.gauge('a3s_box_boots_running', 'VMs that are booting.', () => runtime.boots().running);
  metrics.gauge(
    'a3s_box_boots_waiting',
    'Sandboxes that wait for their turn to be prepared or to boot.',
    () => runtime.boots().waiting,
  );
  const server = new CriServer({ runtime, images, streaming, version }, { log, metrics });
  const umask = process.umask(SOCKET_UMASK);
  await server.listen(config.socket);
  process.umask(umask);
  log.info({ socket: config.socket, root: config.root, version }, 'serving');
  process.stdout.write(await greet(config, version, runtime));

  const [signal] = await stopped;
  log.info({ signal }, 'stopping: VMs run on');
  await Promise.all([server.stop(), streaming.stop()]);
  await runtime.close();
  await images.close();
  for (const lock of locks) await lock.release();
}

/** For tests only: no flag and no configuration file can turn them on. */
async function openFailpoints(log: Logger): Promise<void> {
  const folder = process.env[FAILPOINTS_VARIABLE];
  if (folder === undefined) return;
  await enableFailpoints(folder);
  log.warn({ folder }, 'failpoints are on: this daemon is under test');
}
