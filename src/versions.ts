/** Which versions this daemon is made of. */
import packageJson from '../package.json' with { type: 'json' };
import versions from '../versions.json' with { type: 'json' };

export const VERSIONS = {
  a3sBox: packageJson.version,
  node: process.versions.node,
  libkrun: versions.libkrun,
} as const;
