/**
 * The seccomp profile language: the OCI runtime spec's `linux.seccomp`, and what Docker's profiles add to it (`archMap`,
 * `includes`, `excludes`, `name`). Read as a file by everyone, so that nothing of it is believed.
 */
import { z } from 'zod';
import { BoxError } from '../../errors.ts';

const MAX_ERRNO = 4095;
const MAX_U64 = 2n ** 64n - 1n;

export const ACTIONS = [
  'SCMP_ACT_KILL',
  'SCMP_ACT_KILL_THREAD',
  'SCMP_ACT_KILL_PROCESS',
  'SCMP_ACT_TRAP',
  'SCMP_ACT_ERRNO',
  'SCMP_ACT_TRACE',
  'SCMP_ACT_ALLOW',
  'SCMP_ACT_LOG',
  'SCMP_ACT_NOTIFY',
] as const;

export const OPERATORS = [
  'SCMP_CMP_NE',
  'SCMP_CMP_LT',
  'SCMP_CMP_LE',
  'SCMP_CMP_EQ',
  'SCMP_CMP_GE',
  'SCMP_CMP_GT',
  'SCMP_CMP_MASKED_EQ',
] as const;

const FLAGS = [
  'SECCOMP_FILTER_FLAG_TSYNC',
  'SECCOMP_FILTER_FLAG_LOG',
  'SECCOMP_FILTER_FLAG_SPEC_ALLOW',
  'SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV',
] as const;

/** Go writes an empty list or object as null. */
function orEmpty<T extends z.ZodType>(schema: T) {
  return z
    .array(schema)
    .nullish()
    .transform((list) => list ?? []);
}

const u64 = z
  .union([z.int().nonnegative(), z.bigint().nonnegative()])
  .transform(BigInt)
  .refine((value) => value <= MAX_U64, 'must be below 2^64');
const errno = z.int().min(0).max(MAX_ERRNO).nullish();
const architecture = z.string().regex(/^SCMP_ARCH_[A-Z0-9_]+$/, 'must be one of SCMP_ARCH_…');

const argSchema = z.object({
  index: z.int().min(0).max(5),
  value: u64,
  valueTwo: u64.nullish().transform((value) => value ?? 0n),
  op: z.enum(OPERATORS),
});

const filterSchema = z.object({
  caps: orEmpty(z.string()),
  arches: orEmpty(z.string()),
  minKernel: z
    .string()
    .regex(/^\d+\.\d+/, 'must be a version such as 4.8')
    .nullish(),
});

const syscallSchema = z
  .object({
    name: z.string().nullish(),
    names: orEmpty(z.string().min(1)),
    action: z.enum(ACTIONS),
    errnoRet: errno,
    args: orEmpty(argSchema),
    includes: filterSchema.nullish(),
    excludes: filterSchema.nullish(),
  })
  .refine(({ name, names }) => !(name && names.length > 0), 'has both name and names: use names')
  .transform(({ name, names, ...rest }) => ({ ...rest, names: name ? [name] : names }))
  .refine(({ names }) => names.length > 0, 'names no system call');

const profileSchema = z
  .object({
    defaultAction: z.enum(ACTIONS),
    defaultErrnoRet: errno,
    architectures: orEmpty(architecture),
    archMap: orEmpty(z.object({ architecture, subArchitectures: orEmpty(architecture) })),
    flags: orEmpty(z.enum(FLAGS)),
    listenerPath: z.string().nullish(),
    syscalls: orEmpty(syscallSchema),
  })
  .refine(
    ({ architectures, archMap }) => architectures.length === 0 || archMap.length === 0,
    'has both architectures and archMap: use one of them',
  )
  .refine(
    ({ defaultAction, listenerPath, syscalls }) =>
      !listenerPath && ![defaultAction, ...syscalls.map(({ action }) => action)].includes('SCMP_ACT_NOTIFY'),
    'wants SCMP_ACT_NOTIFY: a listener on the host cannot answer for a guest',
  );

export type Profile = z.infer<typeof profileSchema>;
export type ProfileSource = z.input<typeof profileSchema>;
export type Syscall = Profile['syscalls'][number];
export type SyscallFilter = z.infer<typeof filterSchema>;
export type Argument = z.infer<typeof argSchema>;
export type Action = (typeof ACTIONS)[number];
export type Operator = (typeof OPERATORS)[number];
export type Flag = (typeof FLAGS)[number];

/** PROFILE_INVALID, with `name` and where in it; JSON's numbers are read exactly, up to 64 bits. */
export function parseProfile(name: string, text: string): Profile {
  let json: unknown;
  try {
    json = JSON.parse(text, exactNumbers);
  } catch (cause) {
    throw new BoxError('PROFILE_INVALID', `seccomp profile ${name} is not JSON: correct it`, { cause });
  }
  return checkProfile(name, json);
}

/** The same for a profile that is a value already. */
export function checkProfile(name: string, value: unknown): Profile {
  const checked = profileSchema.safeParse(value);
  if (checked.success) return checked.data;
  const [issue] = checked.error.issues;
  const where = issue === undefined || issue.path.length === 0 ? '' : `${issue.path.join('.')}: `;
  const what = issue?.message ?? 'it cannot be read';
  throw new BoxError('PROFILE_INVALID', `seccomp profile ${name} is invalid: ${where}${what}`, {
    cause: checked.error,
  });
}

/** A mask of 64 bits does not survive as a double. */
function exactNumbers(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value;
  const source = context?.source ?? '';
  return /^-?\d+$/.test(source) ? BigInt(source) : value;
}
