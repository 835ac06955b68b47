import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import type { ContainerEventResponse__Output } from '../../src/cri/generated/runtime/v1/ContainerEventResponse.ts';
import { connectCri } from './harness/cri.ts';
import { until } from './harness/crictl.ts';
import { Heard } from './harness/events.ts';
import { CRICTL } from './harness/settings.ts';
import { useWorld } from './harness/suite.ts';

describe('container events', () => {
  const world = useWorld();

  it('tell everyone who listens of a pod’s whole life, with the state after each', async () => {
    const { crictl, folders } = world();
    const cri = connectCri(folders.socket);
    const [first, second] = await Promise.all([
      Heard.on(cri.runtime.getContainerEvents({})),
      Heard.on(cri.runtime.getContainerEvents({})),
    ]);
    const person = spawn(CRICTL, ['--config', folders.crictlConfig, 'events'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let printed = '';
    person.stdout.on('data', (data: Buffer) => {
      printed += data.toString();
    });

    const pod = await crictl.runPod('eventful');
    const { id: done } = await crictl.finish(pod, { name: 'done', command: ['sh', '-c', 'exit 3'] });
    const broken = await crictl.create(pod, { name: 'broken', command: ['/no/such/program'] });
    await crictl.fails('start', broken);
    const left = await crictl.start(pod, { name: 'left', command: ['sleep', '1000'] });
    await crictl.ok('rm', done);
    await crictl.removePod(pod);

    const expected = [
      `CREATED ${pod.id}`,
      `STARTED ${pod.id}`,
      `CREATED ${done}`,
      `STARTED ${done}`,
      `STOPPED ${done}`,
      `CREATED ${broken}`,
      `STOPPED ${broken}`,
      `CREATED ${left}`,
      `STARTED ${left}`,
      `DELETED ${done}`,
      `STOPPED ${left}`,
      `STOPPED ${pod.id}`,
      `DELETED ${broken}`,
      `DELETED ${left}`,
      `DELETED ${pod.id}`,
    ];
    await until('all events have come', async () => first.events.length === expected.length || undefined);
    assert.deepEqual(first.names(), expected);
    await until('the other one has them too', async () => second.events.length === expected.length || undefined);
    assert.deepEqual(second.names(), expected);

    for (const { createdAt, podSandboxStatus } of first.events) {
      assert.ok(Number(createdAt) > 0);
      assert.equal(podSandboxStatus?.id, pod.id);
    }
    const at = (name: string): ContainerEventResponse__Output | undefined => first.events[first.names().indexOf(name)];
    assert.equal(at(`STARTED ${pod.id}`)?.podSandboxStatus?.state, 'SANDBOX_READY');
    assert.equal(at(`STOPPED ${pod.id}`)?.podSandboxStatus?.state, 'SANDBOX_NOTREADY');
    const stopped = at(`STOPPED ${done}`)?.containersStatuses.find(({ id }) => id === done);
    assert.deepEqual([stopped?.state, stopped?.exitCode], ['CONTAINER_EXITED', 3]);
    const deleted = at(`DELETED ${done}`)?.containersStatuses.map(({ id }) => id);
    assert.deepEqual(deleted?.toSorted(), [broken, left].toSorted());

    await until('crictl has printed the last one', async () =>
      printed.split('CONTAINER_DELETED_EVENT').length > 4 ? true : undefined,
    );
    person.kill('SIGINT');
    await once(person, 'exit');
    assert.deepEqual([first.ended, second.ended], [undefined, undefined]);
    second.stream.cancel();
    first.stream.cancel();
    cri.close();
  });

  it('end when the daemon stops, which does not wait for their listeners', async () => {
    const { daemon, folders } = world();
    const cri = connectCri(folders.socket);
    const heard = await Heard.on(cri.runtime.getContainerEvents({}));
    const stopping = performance.now();
    assert.equal(await daemon.stop(), 0);
    assert.ok(performance.now() - stopping < 4500, 'it waited for its limit');
    await until('the stream has ended', async () => heard.ended);
    assert.match(heard.ended ?? '', /UNAVAILABLE/);
    cri.close();
    await world().restart();
  });
});
