/** The daemon's socket path: probed, so that a stale file is taken over and a live daemon is not. */
import { mkdir, stat, unlink } from 'node:fs/promises';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import { BoxError, errnoOf } from '../errors.ts';
import { MAX_SOCKET_PATH } from '../runtime/paths.ts';

const FOLDER_MODE = 0o711;

/** Makes sure the path can be bound. SOCKET_TAKEN if somebody serves there or something else lies there; CONFIG_INVALID if it is too long. */
export async function claimSocket(path: string): Promise<void> {
  const length = Buffer.byteLength(path);
  if (length > MAX_SOCKET_PATH) {
    throw new BoxError(
      'CONFIG_INVALID',
      `socket path ${path} is ${length} bytes long, ${MAX_SOCKET_PATH} are possible: use a shorter --listen`,
    );
  }
  await mkdir(dirname(path), { recursive: true, mode: FOLDER_MODE });
  if (!(await isSocket(path))) return;
  if (await answers(path)) {
    throw new BoxError('SOCKET_TAKEN', `another process serves on ${path}: stop it or use another --listen`);
  }
  await unlink(path);
}

async function isSocket(path: string): Promise<boolean> {
  try {
    if ((await stat(path)).isSocket()) return true;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    throw error;
  }
  throw new BoxError('SOCKET_TAKEN', `${path} exists and is no socket: remove it or use another --listen`);
}

/** Whether somebody listens there. */
function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    // its queue is full of others who ask
    socket.once('error', (error) => resolve(errnoOf(error) === 'EAGAIN'));
  });
}
