/** The few lines a person sees when the daemon serves. */
import { fileURLToPath } from 'node:url';
import type { DaemonConfig } from '../config/schema.ts';
import type { RuntimeService } from '../runtime/runtime-service.ts';
import { exists } from '../runtime/store/folder.ts';

/** What `make run` built; an installation has crictl of its own. */
const BUILT_CRICTL = fileURLToPath(new URL('../../build/tools/crictl', import.meta.url));

export async function greet(config: DaemonConfig, version: string, runtime: RuntimeService): Promise<string> {
  const problems = (await runtime.conditions()).filter(({ status }) => !status);
  const crictl = `${(await exists(BUILT_CRICTL)) ? BUILT_CRICTL : 'crictl'} -r unix://${config.socket}`;
  return [
    `a3s-box ${version} serves CRI v1 on unix://${config.socket}`,
    `  state in ${config.root} and ${config.state}; kernel ${config.kernelDir}, ${config.libkrun}`,
    ...problems.map(({ type, message }) => `  not ${type}: ${message}`),
    'try:',
    `  ${crictl} info`,
    `  ${crictl} pull docker.io/library/busybox:latest`,
    `  ${crictl} pods`,
    '',
  ].join('\n');
}
