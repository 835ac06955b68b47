/** One daemon per folder: a lock that a SIGKILLed holder cannot leave behind. */
import { mkdir, stat } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { BoxError, errnoOf } from '../errors.ts';

/**
 * Holds an abstract Unix socket named after the folder's device and inode: the kernel frees the name with the process,
 * and two ways to write one folder's path are one lock. While it is held the process stays alive: recovery may wait for
 * nothing but the end of somebody else's process, which the event loop does not count.
 */
export class FolderLock {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** SOCKET_TAKEN if another daemon holds the folder. */
  static async take(folder: string): Promise<FolderLock> {
    await mkdir(folder, { recursive: true, mode: 0o711 });
    const { dev, ino } = await stat(folder);
    const server = createServer();
    await new Promise<void>((resolve, reject) => {
      server.once('error', (cause) => {
        const taken = errnoOf(cause) === 'EADDRINUSE';
        reject(
          taken
            ? new BoxError(
                'SOCKET_TAKEN',
                `another a3s-boxd uses ${folder} already: stop it or use another --root and --state`,
                { cause },
              )
            : cause,
        );
      });
      server.listen(`\0a3s-box-${dev}-${ino}`, resolve);
    });
    return new FolderLock(server);
  }

  release(): void {
    this.#server.close();
  }
}
