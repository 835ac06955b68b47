/** Which versions this daemon is made of; both files lie beside src/ in a checkout and beside dist/ in an installation. */
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const { version } = require('../package.json') as { readonly version: string };
const { libkrun } = require('../versions.json') as { readonly libkrun: string };

export const VERSIONS = { a3sBox: version, node: process.versions.node, libkrun } as const;
