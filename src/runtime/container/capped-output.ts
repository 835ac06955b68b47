/** Collects two streams up to a common number of bytes; what comes beyond is counted and dropped. */
export class CappedOutput {
  readonly #kept = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
  #room: number;

  constructor(cap: number) {
    this.#room = cap;
  }

  add(stream: 'stdout' | 'stderr', data: Buffer): void {
    const part = data.subarray(0, this.#room);
    this.#room -= part.length;
    if (part.length > 0) this.#kept[stream].push(part);
  }

  stdout(): Buffer {
    return Buffer.concat(this.#kept.stdout);
  }

  stderr(): Buffer {
    return Buffer.concat(this.#kept.stderr);
  }
}
