/**
 * Carries one container's output from the guest's rings into its log file.
 *
 * INVARIANTS
 * - Bytes are acknowledged only after they were written to the file, so they are in the ring or in the file at any instant.
 * - The next chunk is read only after the last was written: a slow disk holds back this container and no other.
 */
import type { ClientDuplexStream } from '@grpc/grpc-js';
import { BoxError, messageOf } from '../../errors.ts';
import type { LogChunk__Output } from '../../guest-client/generated/a3s/guest/v1/LogChunk.ts';
import type { LogsRequest } from '../../guest-client/generated/a3s/guest/v1/LogsRequest.ts';
import type { LogsResponse__Output } from '../../guest-client/generated/a3s/guest/v1/LogsResponse.ts';
import type { GuestClient } from '../../guest-client/guest-client.ts';
import type { Log } from '../log.ts';
import { writeVolatile } from '../store/record-file.ts';
import { LineCutter } from './cri-lines.ts';
import { LogFile } from './log-file.ts';
import type { LogPosition } from './log-position.ts';

/** How often the position is recorded: it bounds what a restart must count again. */
const RECORD_EVERY_BYTES = 1024 * 1024;

export interface LogPumpOptions {
  readonly guest: GuestClient;
  readonly containerId: string;
  /** '' discards the output (CRI: no log path), which still must be read. */
  readonly logPath: string;
  readonly positionPath: string;
  readonly position: LogPosition;
  readonly log: Log;
}

export class LogPump {
  /** Resolves when everything the container wrote is in the file, or when the guest is gone. */
  readonly drained: Promise<void>;
  readonly #stream: ClientDuplexStream<LogsRequest, LogsResponse__Output>;
  readonly #options: LogPumpOptions;
  readonly #file: LogFile | undefined;
  readonly #stdout: LineCutter;
  readonly #stderr: LineCutter;
  #recordedSize: number;
  #failing = false;
  #written = 0;

  private constructor(options: LogPumpOptions, file: LogFile | undefined, from: { stdout: bigint; stderr: bigint }) {
    this.#options = options;
    this.#file = file;
    this.#stdout = new LineCutter('stdout', from.stdout);
    this.#stderr = new LineCutter('stderr', from.stderr);
    this.#recordedSize = file?.size ?? 0;
    this.#stream = options.guest.logs();
    // the reading loop reports errors; one that comes after it has ended is no news
    this.#stream.on('error', () => undefined);
    this.#stream.write({
      open: {
        containerId: options.containerId,
        stdoutOffset: from.stdout.toString(),
        stderrOffset: from.stderr.toString(),
      },
    });
    this.drained = this.#run();
  }

  /** Opens the log file (INVALID_REQUEST if that fails) and starts pumping. */
  static async start(options: LogPumpOptions): Promise<LogPump> {
    const file = options.logPath === '' ? undefined : await LogFile.open(options.logPath);
    const { position } = options;
    const from = (await file?.position(position)) ?? {
      stdout: BigInt(position.stdout),
      stderr: BigInt(position.stderr),
    };
    return new LogPump(options, file, from);
  }

  /** How many chunks have been dealt with: a pump that is slow still counts on. */
  get written(): number {
    return this.#written;
  }

  /** Stops reading; what was not acknowledged stays in the guest. */
  stop(): void {
    this.#stream.cancel();
  }

  async #run(): Promise<void> {
    const { log, containerId } = this.#options;
    try {
      for await (const response of this.#stream as AsyncIterable<LogsResponse__Output>) {
        if (response.chunk) await this.#take(response.chunk);
        else if (response.end) {
          await this.#write([...this.#stdout.end(), ...this.#stderr.end()]);
          this.#stream.end();
        }
      }
    } catch (error) {
      log.debug({ containerId, error: messageOf(error) }, 'log stream ended early');
    } finally {
      await this.#record();
      await this.#file?.close();
    }
  }

  async #take(chunk: LogChunk__Output): Promise<void> {
    const cutter = chunk.stream === 'STDERR' ? this.#stderr : this.#stdout;
    const offset = BigInt(chunk.offset);
    if (offset !== cutter.received) {
      throw new BoxError(
        'GUEST_ANSWER',
        `log of container ${this.#options.containerId} continues at ${offset}, not at ${cutter.received}`,
      );
    }
    await this.#write(cutter.push(chunk.data, BigInt(chunk.readAtNs)));
  }

  async #write(lines: readonly Buffer[]): Promise<void> {
    if (lines.length > 0) await this.#append(lines);
    this.#written += 1;
    this.#stream.write({
      ack: { stdoutOffset: this.#stdout.consumed.toString(), stderrOffset: this.#stderr.consumed.toString() },
    });
    if (this.#file !== undefined && this.#file.size - this.#recordedSize >= RECORD_EVERY_BYTES) await this.#record();
  }

  /** A log that cannot be written (disk full) loses lines but never stops the container. */
  async #append(lines: readonly Buffer[]): Promise<void> {
    try {
      await this.#file?.append(lines);
      this.#failing = false;
    } catch (error) {
      const { log, containerId, logPath } = this.#options;
      if (!this.#failing)
        log.error({ containerId, logPath, error: messageOf(error) }, 'container log cannot be written: lines are lost');
      this.#failing = true;
    }
  }

  async #record(): Promise<void> {
    const position: LogPosition = {
      size: this.#file?.size ?? 0,
      stdout: this.#stdout.consumed.toString(),
      stderr: this.#stderr.consumed.toString(),
    };
    this.#recordedSize = position.size;
    try {
      await writeVolatile(this.#options.positionPath, position);
    } catch (error) {
      this.#options.log.debug({ error: messageOf(error) }, 'log position not recorded');
    }
  }
}
