/** PullImage cut short at each of its steps: nothing is left, and the same pull succeeds. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { disableFailpoints, enableFailpoints } from '../failpoints/failpoint.ts';
import { failpoints } from '../failpoints/table.ts';
import { useImageRig } from '../testing/image-rig.ts';
import { archive, file } from '../testing/tar-builder.ts';

const never = new AbortController().signal;

describe('a pull that fails at', () => {
  const rig = useImageRig();
  let folder = '';
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'a3s-failpoints-'));
    await enableFailpoints(folder);
  });
  after(async () => {
    disableFailpoints();
    await rm(folder, { recursive: true });
  });

  for (const name of failpoints.PullImage) {
    test(name, async () => {
      const layers = [archive(file('one', Buffer.from('1'))), archive(file('two', Buffer.from('2')))];
      rig.registry.putImage('app:1', { layers });
      const reference = rig.ref('app:1');
      await writeFile(join(folder, name), 'error');
      await assert.rejects(rig.store.pull(reference, undefined, never), new RegExp(`failpoint ${name}`));
      // once the record is written the image is there, whatever its caller is told
      if (name === 'pull.recorded') assert.equal(rig.store.list().length, 1);
      else assert.deepEqual([rig.store.list(), rig.disk.files()], [[], []]);
      const { id } = await rig.store.pull(reference, undefined, never);
      assert.deepEqual(
        rig.store.list().map((image) => image.id),
        [id],
      );
      await rig.store.remove(reference);
      assert.deepEqual(rig.disk.files(), []);
    });
  }
});
