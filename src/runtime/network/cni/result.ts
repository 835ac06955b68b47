/** What plugins print (CNI spec 1.1, section 5): a result or an error. Pure. */
import { z } from 'zod';

/** Go prints an empty list as null at times. */
const listOf = <T extends z.ZodType>(item: T) =>
  z
    .array(item)
    .nullish()
    .transform((items) => items ?? []);
const words = listOf(z.string());

const resultSchema = z.object({
  interfaces: listOf(z.object({ name: z.string(), mac: z.string().optional(), sandbox: z.string().optional() })),
  ips: listOf(z.object({ address: z.string(), gateway: z.string().optional(), interface: z.number().int().nullish() })),
  dns: z
    .object({ nameservers: words, domain: z.string().optional(), search: words, options: words })
    .nullish()
    .transform((dns) => dns ?? { nameservers: [], search: [], options: [] }),
});
export type CniResult = z.infer<typeof resultSchema>;

/** A result as it was printed: it goes on as `prevResult` and into the record without a change. */
export type RawResult = Readonly<Record<string, unknown>>;
export const rawResultSchema: z.ZodType<RawResult> = z.record(z.string(), z.unknown());

const errorSchema = z.object({ code: z.number().int(), msg: z.string(), details: z.string().optional() });
export type CniError = z.infer<typeof errorSchema>;

/** Undefined if it is no result. */
export function parseResult(raw: unknown): CniResult | undefined {
  return resultSchema.safeParse(raw).data;
}

/** Undefined if it is no JSON object. */
export function parseObject(text: string): RawResult | undefined {
  try {
    return rawResultSchema.safeParse(JSON.parse(text)).data;
  } catch {
    // not JSON: the caller quotes it
    return undefined;
  }
}

/** Undefined if it is no error object. */
export function parseError(text: string): CniError | undefined {
  return errorSchema.safeParse(parseObject(text)).data;
}

/** Addresses of the pod's first interface, in the plugins' order, without prefix lengths: kubelet knows one per family. */
export function podAddresses({ interfaces, ips }: CniResult, ifname: string): readonly string[] {
  const own = ips.filter(({ interface: index }) => {
    if (index === undefined || index === null) return true;
    return interfaces[index]?.name === ifname && (interfaces[index].sandbox ?? '') !== '';
  });
  return own.map(({ address }) => address.split('/', 1)[0] ?? '').filter((address) => address !== '');
}
