/**
 * The only import of ffi-rs. A wrong descriptor here aborts the process, so nothing but the shim may load this module.
 *
 * SAFETY, for every binding made with `bind`:
 * - the C signature is that of libkrun.h 1.19; each parameter is one of the four kinds below, nothing else is passed;
 * - strings are copied by ffi-rs into NUL-terminated memory that lives for the call; libkrun copies them before it returns;
 * - buffers are passed in place: whoever binds a function that keeps the pointer must keep the Buffer reachable;
 * - all calls are made on the main thread, which blocks in them.
 */
import { DataType, load, open } from 'ffi-rs';

const LIBRARY = 'krun';

const dataTypes = {
  u8: DataType.U8,
  u32: DataType.U32,
  u64: DataType.U64,
  i32: DataType.I32,
  bool: DataType.Boolean,
  string: DataType.String,
  buffer: DataType.U8Array,
} as const;

interface ParameterTypes {
  readonly u8: number;
  readonly u32: number;
  readonly u64: number;
  readonly i32: number;
  readonly bool: boolean;
  readonly string: string;
  readonly buffer: Buffer;
}
type Kind = keyof ParameterTypes;
type Values<K extends readonly Kind[]> = { readonly [I in keyof K]: ParameterTypes[K[I]] };

/** Loads the shared library; throws if the file or one of its own dependencies is missing. */
export function openLibrary(path: string): void {
  open({ library: LIBRARY, path });
}

/** One C function returning int32. */
export function bind<const K extends readonly Kind[]>(
  funcName: string,
  kinds: K,
): (...values: Values<K> & readonly ParameterTypes[Kind][]) => number {
  const paramsType = kinds.map((kind) => dataTypes[kind]);
  return (...values) =>
    load({ library: LIBRARY, funcName, retType: DataType.I32, paramsType, paramsValue: [...values] });
}
