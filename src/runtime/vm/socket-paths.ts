/** The kernel bounds the length of a socket's path, and libkrun panics beyond it. */
import { BoxError } from '../../errors.ts';
import { MAX_SOCKET_PATH, type RunPaths } from '../paths.ts';

/** CONFIG_INVALID if one of a VM's sockets could not be bound. */
export function checkSocketPaths(paths: RunPaths): void {
  const sockets = [paths.readySocket, paths.controlSocket, paths.execSocket, paths.terminalSocket];
  const longest = sockets.toSorted((a, b) => b.length - a.length)[0] ?? '';
  if (Buffer.byteLength(longest) > MAX_SOCKET_PATH) {
    throw new BoxError(
      'CONFIG_INVALID',
      `socket path ${longest} is longer than ${MAX_SOCKET_PATH} bytes: use a shorter --state folder`,
    );
  }
}
