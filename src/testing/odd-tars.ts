/** Runs odd tars through the layer code and describes what came out, one line per file. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe, test } from 'node:test';
import { isBoxError } from '../errors.ts';
import type { DirectoryNode, FsNode } from '../image/erofs/nodes.ts';
import { finishLayer } from '../image/layer/finish-layer.ts';
import { LayerBuilder } from '../image/layer/layer-builder.ts';
import { LayerTree } from '../image/layer/layer-tree.ts';
import { defaultLayerLimits, type LayerLimits } from '../image/layer/limits.ts';
import { TarReader } from '../image/tar/reader.ts';

const scratch = mkdtempSync(path.join(tmpdir(), 'odd-tars-'));
after(() => rmSync(scratch, { recursive: true, force: true }));

export const FSCK = '/usr/bin/fsck.erofs';

/** `path kind mode [uid:gid] [size|->target|maj:min] [+nlinks] [{xattrs}]`, hard links numbered by first sight. */
function describeTree(root: DirectoryNode): string[] {
  const lines: string[] = [];
  const seen = new Map<FsNode, string>();
  const visit = (directory: DirectoryNode, prefix: string): void => {
    for (const name of [...directory.children.keys()].sort()) {
      const node = directory.children.get(name);
      if (node === undefined) continue;
      const at = prefix + name;
      const first = seen.get(node);
      lines.push(first === undefined ? line(at, node) : `${at} = ${first}`);
      seen.set(node, first ?? at);
      if (node.kind === 'directory') visit(node, `${at}/`);
    }
  };
  const own = xattrText(root);
  if (own !== '') lines.push(`/${own}`);
  visit(root, '');
  return lines;
}

function xattrText({ attributes: { xattrs } }: FsNode): string {
  return xattrs.size === 0
    ? ''
    : ` {${[...xattrs].map(([name, value]) => `${name}=${value.toString('latin1')}`).join(' ')}}`;
}

function line(at: string, node: FsNode): string {
  const { mode, uid, gid } = node.attributes;
  const owner = uid === 0 && gid === 0 ? '' : ` ${uid}:${gid}`;
  const parts: Record<FsNode['kind'], () => string> = {
    directory: () => '',
    file: () => (node.kind === 'file' ? ` ${node.size}` : ''),
    symlink: () => (node.kind === 'symlink' ? ` ->${node.target}` : ''),
    char: () => ('major' in node ? ` ${node.major}:${node.minor}` : ''),
    block: () => ('major' in node ? ` ${node.major}:${node.minor}` : ''),
    fifo: () => '',
  };
  return `${at} ${node.kind} ${mode.toString(8)}${owner}${parts[node.kind]()}${xattrText(node)}`;
}

interface Outcome {
  readonly tree: readonly string[];
  readonly implied: readonly string[];
  readonly rootOpaque: boolean;
  readonly dropped: readonly string[];
}

function readLayer(tar: Buffer, limits: Partial<LayerLimits>, chunkSize: number): Outcome {
  const tree = new LayerTree({ ...defaultLayerLimits, ...limits }, { fileBlock: () => 1, targetBlock: () => 0 });
  const reader = new TarReader({ entry: (entry) => tree.add(entry), data: () => undefined });
  for (let at = 0; at < tar.length; at += chunkSize) reader.push(tar.subarray(at, at + chunkSize));
  reader.finish();
  const { impliedDirs, rootOpaque } = finishLayer(tree.result);
  return { tree: describeTree(tree.result.root), implied: impliedDirs, rootOpaque, dropped: tree.droppedXattrs };
}

/** The same bytes through the whole pipe: it must agree on success and failure; fsck.erofs is asked where it is installed. */
export function buildLayer(tar: Buffer, limits: Partial<LayerLimits>): void {
  const image = path.join(scratch, 'layer.erofs');
  const fd = openSync(image, 'w');
  try {
    const builder = new LayerBuilder(fd, { ...defaultLayerLimits, ...limits });
    builder.push(tar);
    builder.finish(Buffer.alloc(16, 1));
  } finally {
    closeSync(fd);
  }
  if (existsSync(FSCK)) execFileSync(FSCK, [image], { stdio: 'pipe' });
}

export interface OddTar {
  readonly name: string;
  readonly tar: Buffer;
  readonly limits?: Partial<LayerLimits>;
  readonly tree?: readonly string[];
  readonly implied?: readonly string[];
  readonly rootOpaque?: boolean;
  readonly dropped?: readonly string[];
  readonly error?: RegExp;
}

function check(odd: OddTar): void {
  const { tar, limits = {}, error } = odd;
  for (const chunkSize of [Math.max(tar.length, 1), 1, 511, 513]) {
    if (error === undefined) {
      const outcome = readLayer(tar, limits, chunkSize);
      assert.deepEqual(outcome, {
        tree: odd.tree,
        implied: odd.implied ?? [],
        rootOpaque: odd.rootOpaque ?? false,
        dropped: odd.dropped ?? [],
      });
    } else {
      assert.throws(
        () => readLayer(tar, limits, chunkSize),
        (thrown: unknown) => isBoxError(thrown, 'LAYER_INVALID', 'LAYER_LIMIT') && error.test(thrown.message),
      );
    }
  }
  if (error === undefined) buildLayer(tar, limits);
  else assert.throws(() => buildLayer(tar, limits), error);
}

/** One test per case. */
export function testOddTars(group: string, cases: readonly OddTar[]): void {
  describe(`odd tars: ${group}`, () => {
    for (const odd of cases) test(odd.name, () => check(odd));
  });
}

/** A name of `count` bytes. */
export function longName(count: number): string {
  return 'n'.repeat(count);
}
