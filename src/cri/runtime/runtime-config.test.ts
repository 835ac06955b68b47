import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { CgroupDriver } from '../../runtime/cgroup/cgroups.ts';
import type { Cores } from '../handler.ts';
import { runtimeConfig } from './runtime-config.ts';

it('kubelet is told the driver that the host has, and keeps its own where sandboxes have no cgroups', async () => {
  const answer = async (driver: CgroupDriver): Promise<unknown> => {
    const cores = { runtime: { cgroupDriver: () => driver } } as unknown as Cores;
    return runtimeConfig(cores)({}, new AbortController().signal);
  };
  assert.deepEqual(await answer('cgroupfs'), { linux: { cgroupDriver: 'CGROUPFS' } });
  assert.deepEqual(await answer('systemd'), { linux: { cgroupDriver: 'SYSTEMD' } });
  assert.deepEqual(await answer('none'), {});
});
