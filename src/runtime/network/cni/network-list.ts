/**
 * CNI network configuration (CNI spec 1.1, section 1): a conflist, or a single plugin's conf, which is a list of one. Pure.
 * The plugins' own keys stay as they were written: only the keys that a runtime must understand are checked.
 */
import { z } from 'zod';

/** Results of these versions have one shape (`ips` with `address`); 0.1.0 and 0.2.0 have another, and nobody writes them any more. */
export const CNI_VERSIONS = ['0.3.0', '0.3.1', '0.4.0', '1.0.0', '1.1.0'] as const;
export type CniVersion = (typeof CNI_VERSIONS)[number];

/** Spec section 1: a network name is used in file names, a plugin type is a file name. */
const networkName = z.string().regex(/^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/, { error: 'is no network name' });
const pluginType = z.string().regex(/^(?!\.{1,2}$)[^/\0]+$/, { error: 'is no file name of a plugin' });
/** libcni takes "true" as well as true. */
const flag = z.union([z.boolean(), z.enum(['true', 'false'])]).transform((value) => value === true || value === 'true');

const pluginSchema = z.looseObject({ type: pluginType, capabilities: z.record(z.string(), z.boolean()).optional() });
export type CniPlugin = z.infer<typeof pluginSchema>;
const ipamSchema = z.looseObject({ type: z.string().min(1) });

const listSchema = z.looseObject({
  name: networkName,
  cniVersion: z.string().optional(),
  cniVersions: z.array(z.string()).optional(),
  disableCheck: flag.optional(),
  disableGC: flag.optional(),
  plugins: z.array(pluginSchema).min(1, { error: 'names no plugin' }).max(32),
});
const confSchema = z.looseObject({ name: networkName, cniVersion: z.string().optional(), type: pluginType });

/** What stands in an attachment's record too, so that DEL uses the very list that ADD did. */
export const networkListSchema = z.object({
  name: networkName,
  cniVersion: z.enum(CNI_VERSIONS),
  disableCheck: z.boolean(),
  disableGc: z.boolean(),
  plugins: z.array(pluginSchema).min(1),
  /** The file it was read from, for people. */
  path: z.string(),
});
export type NetworkList = z.infer<typeof networkListSchema>;

/** Throws z.ZodError or SyntaxError for a text that is no usable configuration. */
export function parseNetworkList(text: string, path: string): NetworkList {
  const json: unknown = JSON.parse(text);
  const list = listSchema.parse(path.endsWith('.conflist') ? json : listOf(confSchema.parse(json)));
  return {
    name: list.name,
    cniVersion: versionOf(list.cniVersion, list.cniVersions ?? []),
    disableCheck: list.disableCheck ?? false,
    disableGc: list.disableGC ?? false,
    plugins: list.plugins,
    path,
  };
}

/** A conf file holds name and version beside the plugin's keys. */
function listOf(conf: z.infer<typeof confSchema>): unknown {
  const { name, cniVersion, ...plugin } = conf;
  return { name, cniVersion, plugins: [plugin] };
}

/** The newest version that the list and we know (section 1, `cniVersions`). */
function versionOf(single: string | undefined, several: readonly string[]): CniVersion {
  const written = [...several, ...(single === undefined ? [] : [single])];
  const known = CNI_VERSIONS.findLast((version) => written.includes(version));
  if (known !== undefined) return known;
  const said = written.length === 0 ? 'no cniVersion' : `cniVersion ${written.join(', ')}`;
  throw new z.ZodError([
    { code: 'custom', path: ['cniVersion'], message: `${said}: 0.3.0 to 1.1.0 are supported`, input: single },
  ]);
}

/** True if the list's version is `version` or later. */
export function atLeast({ cniVersion }: NetworkList, version: CniVersion): boolean {
  return CNI_VERSIONS.indexOf(cniVersion) >= CNI_VERSIONS.indexOf(version);
}

/** The section that says who gives the plugin's addresses; undefined if there is none. */
export function ipamOf({ ipam }: CniPlugin): z.infer<typeof ipamSchema> | undefined {
  return ipamSchema.safeParse(ipam).data;
}
