import { before, describe, it } from 'node:test';
import { until } from './harness/crictl.ts';
import { BUSYBOX } from './harness/settings.ts';
import { useWorld } from './harness/suite.ts';

const PRIVILEGED = { linux: { security_context: { privileged: true } } };
const HOUR_S = 3600;
/** An exec in an emulated guest takes its time. */
const CLOSE_S = 10;

describe('the guest’s clock', () => {
  // a beat every 6 s brings the host's
  const world = useWorld([BUSYBOX], 'plain', false, ['heartbeat_timeout = "18s"']);
  let id = '';
  before(async () => {
    const { crictl } = world();
    const pod = await crictl.runPod('clock', PRIVILEGED);
    id = await crictl.start(pod, { command: ['sleep', '1000'], config: PRIVILEGED });
  });

  const secondsAhead = async (): Promise<number> =>
    Number(await world().crictl.exec(id, 'date', '+%s')) - Date.now() / 1000;

  for (const [how, seconds] of [
    ['behind, as after a suspend', -HOUR_S],
    ['ahead', HOUR_S],
  ] as const) {
    it(`that is ${how}, is set to the host’s within a few beats`, async () => {
      const wrong = Math.round(Date.now() / 1000) + seconds;
      await world().crictl.exec(id, 'date', '-s', `@${wrong}`);
      await until('the clock is right', async () => Math.abs(await secondsAhead()) < CLOSE_S || undefined);
    });
  }
});
