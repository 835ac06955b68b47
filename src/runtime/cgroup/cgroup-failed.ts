/** How a refusal of the host's becomes an error of ours. */
import { BoxError, messageOf } from '../../errors.ts';

/** CGROUP_FAILED with what was wanted, and what the doctor has to say on it. */
export async function failing(wanted: string, doctorSays: string, step: () => Promise<void>): Promise<void> {
  try {
    await step();
  } catch (cause) {
    throw new BoxError('CGROUP_FAILED', `${wanted}: ${messageOf(cause)}; a3s-boxd doctor says ${doctorSays}`, {
      cause,
    });
  }
}
