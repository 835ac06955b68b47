/** One daemon per folder: a lock that a SIGKILLed holder cannot leave behind. */
import { mkdir, stat } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { BoxError, errnoOf } from '../errors.ts';
import { answers } from './socket.ts';

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
    const name = await socketName(folder);
    // whoever connects only asks whether it is held
    const server = createServer((socket) => socket.destroy());
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
      server.listen(name, resolve);
    });
    return new FolderLock(server);
  }

  /** Whether somebody holds the folder, which must exist; nobody who takes it meanwhile is kept from it. */
  static async isHeld(folder: string): Promise<boolean> {
    return answers(await socketName(folder));
  }

  release(): void {
    this.#server.close();
  }
}

async function socketName(folder: string): Promise<string> {
  const { dev, ino } = await stat(folder);
  return `\0a3s-box-${dev}-${ino}`;
}
