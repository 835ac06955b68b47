/**
 * Carries one container's output from the guest's rings into its log file.
 *
 * INVARIANTS
 * - Bytes are acknowledged only after they were written to the file, so they are in the ring or in the file at any instant.
 * - The next chunk is read only after the last was written, over a connection of the container's own: a slow disk holds back
 *   this container and no other.
 * - What touches the file takes turns, so that a reopened log gets everything from one line on and the old file nothing more.
 */
import { BoxError, messageOf } from '../../errors.ts';
import type { LogChunk__Output } from '../../guest-client/generated/a3s/guest/v1/LogChunk.ts';
import type { LogsResponse__Output } from '../../guest-client/generated/a3s/guest/v1/LogsResponse.ts';
import { type GuestClient, type LogConnection, MAX_PIECE } from '../../guest-client/guest-client.ts';
import type { Log } from '../log.ts';
import { writeVolatile } from '../store/record-file.ts';
import { settlesWithin } from '../time.ts';
import { Turns } from '../turns.ts';
import { LineCutter, type StreamName } from './cri-lines.ts';
import { LogFile, type StreamOffsets } from './log-file.ts';
import type { LogPosition } from './log-position.ts';

/** How often the position is recorded: it bounds what a restart must count again. */
const RECORD_EVERY_BYTES = 1024 * 1024;
/** What a log's disk takes longer for does not return: it hangs. */
const DISK_LIMIT_MS = 20_000;

export interface LogPumpOptions {
  readonly guest: Pick<GuestClient, 'logs'>;
  readonly containerId: string;
  /** '' discards the output (CRI: no log path), which still must be read. */
  readonly logPath: string;
  readonly positionPath: string;
  readonly log: Log;
}

export class LogPump {
  /** Resolves when everything the container wrote is in the file, or when the guest is gone. */
  readonly drained: Promise<void>;
  readonly #connection: LogConnection;
  readonly #options: LogPumpOptions;
  readonly #cutters: Readonly<Record<StreamName, LineCutter>>;
  readonly #fileTurns = new Turns();
  #file: LogFile | undefined;
  #recordedSize: number;
  /** What lies below is in the file, or was lost for good. Only what writes the file moves it. */
  #stored: StreamOffsets;
  #ended = false;
  #lostChunks = 0;
  #written = 0;

  private constructor(options: LogPumpOptions, file: LogFile | undefined, from: StreamOffsets) {
    this.#options = options;
    this.#file = file;
    this.#cutters = { stdout: new LineCutter('stdout', from.stdout), stderr: new LineCutter('stderr', from.stderr) };
    this.#stored = from;
    this.#recordedSize = file?.size ?? 0;
    this.#connection = options.guest.logs();
    // the reading loop reports errors; one that comes after it has ended is no news
    this.#connection.stream.on('error', () => undefined);
    this.#connection.stream.write({
      open: {
        containerId: options.containerId,
        stdoutOffset: from.stdout.toString(),
        stderrOffset: from.stderr.toString(),
      },
    });
    this.drained = this.#run();
  }

  /**
   * Opens the log file (INVALID_REQUEST if that fails, DEADLINE if its disk does not answer) and begins with the container's first
   * byte, after what it may hold.
   */
  static async start(options: LogPumpOptions): Promise<LogPump> {
    const file = options.logPath === '' ? undefined : await openInTime(options);
    const pump = new LogPump(options, file, { stdout: 0n, stderr: 0n });
    try {
      await inTime(
        pump.#fileTurns.take(() => pump.#record()),
        options,
      );
    } catch (error) {
      // the next start has a pump of its own
      pump.stop();
      throw error;
    }
    return pump;
  }

  /**
   * The same for a container that has been written about: goes on where the file (or a rotated one) ends. A file that cannot be
   * opened or counted loses lines until it can be written, as any other.
   */
  static async resume(options: LogPumpOptions, recorded: LogPosition): Promise<LogPump> {
    const { file, offsets } = await resumeFile(options, recorded);
    const pump = new LogPump(options, file, offsets);
    await pump.#fileTurns.take(() => pump.#record());
    return pump;
  }

  /** How many chunks have been dealt with: a pump that is slow still counts on. */
  get written(): number {
    return this.#written;
  }

  /** Stops reading; what was not acknowledged stays in the guest. */
  stop(): void {
    this.#connection.stream.cancel();
  }

  /**
   * Opens the log anew at its path: when this resolves, nothing more goes to the file it was. CONTAINER_STATE (and no file) if
   * the log has ended; DEADLINE if a disk does not answer.
   */
  async reopen(): Promise<void> {
    await inTime(
      this.#fileTurns.take(() => this.#exchangeFile()),
      this.#options,
    );
  }

  async #exchangeFile(): Promise<void> {
    const { containerId, logPath } = this.#options;
    if (this.#ended) throw new BoxError('CONTAINER_STATE', `container ${containerId} has ended, and so has its log`);
    if (logPath === '') return;
    const old = this.#file;
    this.#file = await LogFile.open(logPath);
    await this.#record();
    await this.#close(old);
  }

  async #run(): Promise<void> {
    const { log, containerId } = this.#options;
    const { stream } = this.#connection;
    try {
      for await (const response of stream as AsyncIterable<LogsResponse__Output>) {
        if (response.chunk) await this.#take(response.chunk);
        else if (response.end) {
          await this.#write([...this.#cutters.stdout.end(), ...this.#cutters.stderr.end()]);
          stream.end();
        }
      }
    } catch (error) {
      log.debug({ containerId, error: messageOf(error) }, 'log stream ended early');
    } finally {
      await this.#fileTurns.take(() => this.#finish());
      this.#connection.close();
    }
  }

  async #finish(): Promise<void> {
    this.#ended = true;
    await this.#record();
    await this.#close(this.#file);
  }

  /** Some file systems (NFS over its quota) tell only now that a write has failed: nothing can be done about it any more. */
  async #close(file: LogFile | undefined): Promise<void> {
    const { log, containerId } = this.#options;
    try {
      await file?.close();
    } catch (error) {
      log.error({ containerId, logPath: file?.path, error: messageOf(error) }, 'container log was not closed well');
    }
  }

  async #take(chunk: LogChunk__Output): Promise<void> {
    requirePiece(this.#options.containerId, chunk);
    const name = chunk.stream === 'STDERR' ? 'stderr' : 'stdout';
    const cutter = this.#cutters[name];
    const offset = BigInt(chunk.offset);
    if (offset > cutter.received) this.#skip(name, offset);
    if (offset !== cutter.received) {
      throw new BoxError(
        'GUEST_ANSWER',
        `log of container ${this.#options.containerId} continues at ${offset}, not at ${cutter.received}`,
      );
    }
    await this.#write(cutter.push(chunk.data, BigInt(chunk.readAtNs)));
  }

  /** The bytes before `offset` had been acknowledged, and the file does not hold them any more: the disk was full, or emptied. */
  #skip(name: StreamName, offset: bigint): void {
    const { log, containerId, logPath } = this.#options;
    const cutter = this.#cutters[name];
    const missing = (offset - cutter.received).toString();
    log.warn({ containerId, logPath, stream: name, missing }, 'log continues after bytes that its file does not hold');
    cutter.skipTo(offset);
  }

  async #write(lines: readonly Buffer[]): Promise<void> {
    const { stdout, stderr } = this.#cutters;
    const upTo = { stdout: stdout.consumed, stderr: stderr.consumed };
    if (lines.length > 0) await this.#fileTurns.take(() => this.#append(lines, upTo));
    this.#written += 1;
    this.#connection.stream.write({
      ack: { stdoutOffset: upTo.stdout.toString(), stderrOffset: upTo.stderr.toString() },
    });
  }

  async #append(lines: readonly Buffer[], upTo: StreamOffsets): Promise<void> {
    await this.#appendOrLose(lines);
    this.#stored = upTo;
    if (this.#file !== undefined && this.#file.size - this.#recordedSize >= RECORD_EVERY_BYTES) await this.#record();
  }

  /** A log that cannot be written (disk full) loses lines but never stops the container. */
  async #appendOrLose(lines: readonly Buffer[]): Promise<void> {
    const { log, containerId, logPath } = this.#options;
    try {
      if (this.#file === undefined && logPath !== '') await this.#exchangeFile();
      await this.#file?.append(lines);
    } catch (error) {
      if (this.#lostChunks === 0)
        log.error({ containerId, logPath, error: messageOf(error) }, 'container log cannot be written: lines are lost');
      this.#lostChunks += 1;
      return;
    }
    if (this.#lostChunks > 0)
      log.warn(
        { containerId, logPath, chunks: this.#lostChunks },
        'container log can be written again: chunks were lost',
      );
    this.#lostChunks = 0;
  }

  /** While there is no file the last position stands: the next start counts from there what the file then holds. */
  async #record(): Promise<void> {
    if (this.#file === undefined && this.#options.logPath !== '') return;
    try {
      await this.#file?.measure();
      const position: LogPosition = {
        file: this.#file?.identity ?? '',
        size: this.#file?.size ?? 0,
        stdout: this.#stored.stdout.toString(),
        stderr: this.#stored.stderr.toString(),
      };
      this.#recordedSize = position.size;
      await writeVolatile(this.#options.positionPath, position);
    } catch (error) {
      this.#options.log.debug({ error: messageOf(error) }, 'log position not recorded');
    }
  }
}

/** DEADLINE if the log's disk does not answer in time: what it was asked to do it may still do, behind whoever waited. */
async function inTime(work: Promise<unknown>, { containerId, logPath }: LogPumpOptions): Promise<void> {
  if (await settlesWithin(work, DISK_LIMIT_MS)) return;
  throw new BoxError(
    'DEADLINE',
    `log ${logPath} of container ${containerId} has waited ${DISK_LIMIT_MS / 1000} s for its disk: look at that`,
  );
}

/** The log file; one that comes late is closed again. */
async function openInTime(options: LogPumpOptions): Promise<LogFile> {
  const opening = LogFile.open(options.logPath);
  try {
    await inTime(opening, options);
  } catch (error) {
    opening.then((file) => file.close()).catch(() => undefined);
    throw error;
  }
  return opening;
}

/** Cutting a chunk into lines costs a hundred times its bytes, and nothing else runs meanwhile: a longer one is not for us to cut. */
function requirePiece(containerId: string, { data }: LogChunk__Output): void {
  if (data.length <= MAX_PIECE) return;
  throw new BoxError(
    'GUEST_ANSWER',
    `log of container ${containerId} comes in a chunk of ${data.length} bytes, and ${MAX_PIECE} are the most`,
  );
}

/** No file if there is to be none, or none that can be had; the record then says how far the output has come. */
async function resumeFile(
  { logPath, containerId, log }: LogPumpOptions,
  recorded: LogPosition,
): Promise<{ readonly file: LogFile | undefined; readonly offsets: StreamOffsets }> {
  try {
    if (logPath !== '') return await LogFile.resume(logPath, recorded);
  } catch (error) {
    log.error({ containerId, logPath, error: messageOf(error) }, 'container log cannot be taken up again');
  }
  return { file: undefined, offsets: { stdout: BigInt(recorded.stdout), stderr: BigInt(recorded.stderr) } };
}
