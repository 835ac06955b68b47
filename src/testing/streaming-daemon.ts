/**
 * The rig of streaming-rig.ts in a process of its own, with the daemon's Node flags, so that its memory can be measured.
 * Prints crictl's command line when it serves; ends with its stdin.
 */
import { buffer } from 'node:stream/consumers';
import { streamingRig } from './streaming-rig.ts';

const rig = await streamingRig();
process.stdout.write(`${rig.crictlLine}\n`);
await buffer(process.stdin);
await rig.stop();
