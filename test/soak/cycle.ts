/** One pod from its start to its removal, by a caller that is as patient as kubelet. */
import assert from 'node:assert/strict';
import { call } from '../e2e/harness/cri.ts';
import type { Folders } from '../e2e/harness/daemon.ts';
import { Life } from '../e2e/harness/life.ts';
import type { Chaos } from './chaos.ts';

/** A pod that has been killed so often was not killed by chance. */
const ATTEMPTS = 40;
const OPERATIONS = ['RunPodSandbox', 'CreateContainer', 'StartContainer'] as const;

/** Resolves with the number of attempts that a kill cut short. Rejects if the pod cannot be made, or not be removed. */
export async function cycle(folders: Folders, chaos: Chaos, number: number): Promise<number> {
  const life = new Life(folders, number);
  try {
    for (let cut = 0; ; cut += 1) {
      const failure = await attempt(life, chaos);
      await remove(life, chaos);
      if (failure === undefined) return cut;
      if (cut === ATTEMPTS) throw new Error(`${life.name} failed ${ATTEMPTS} times`, { cause: failure });
    }
  } finally {
    life.close();
  }
}

/** The failure, if there was one: whether it came of a kill is asked when the soak has ended. */
async function attempt(life: Life, chaos: Chaos): Promise<unknown> {
  try {
    for (const operation of OPERATIONS) {
      const [pod] = operation === 'RunPodSandbox' ? [] : life.ids;
      await chaos.incidents.watch(operation, life.name, pod, life.calls[operation]);
      chaos.incidents.tell(life.ids[0] ?? '');
      chaos.step();
    }
    await chaos.incidents.watch('ExecSync', life.name, life.ids[0], () => echo(life));
    chaos.step();
    return undefined;
  } catch (error) {
    return error;
  }
}

async function echo(life: Life): Promise<void> {
  const { runtime } = life.cri;
  const word = `word-${Math.random()}`;
  const said = await call(runtime.execSync.bind(runtime), {
    containerId: life.containerId,
    cmd: ['echo', word],
    timeout: '60',
  });
  assert.equal(said.stdout.toString(), `${word}\n`);
}

/** Until nothing of that name is listed any more, whatever was killed meanwhile. */
async function remove(life: Life, chaos: Chaos): Promise<void> {
  let failure: unknown;
  for (let attempts = 0; attempts < ATTEMPTS; attempts += 1) {
    try {
      const { runtime } = life.cri;
      const watch = <T>(operation: string, sandbox: string, work: () => Promise<T>): Promise<T> =>
        chaos.incidents.watch(operation, life.name, sandbox, work);
      const { items } = await watch('ListPodSandbox', '', () => call(runtime.listPodSandbox.bind(runtime), {}));
      const own = items.filter(({ metadata }) => metadata?.name === life.name);
      for (const { id } of own) {
        const request = { podSandboxId: id };
        chaos.incidents.tell(id);
        await watch('StopPodSandbox', id, () => call(runtime.stopPodSandbox.bind(runtime), request));
        chaos.step();
        await watch('RemovePodSandbox', id, () => call(runtime.removePodSandbox.bind(runtime), request));
      }
      return;
    } catch (error) {
      failure = error;
      await chaos.serving;
      life.reconnect();
    }
  }
  throw new Error(`${life.name} cannot be removed`, { cause: failure });
}
