// Run by redrive.test.ts as a process of its own: runs a wave until it is killed.
import { itemsFor, machineName, openMapRig } from './small-map.ts';

const [folder = '', lambdas = '', ...ids] = process.argv.slice(2);
const rig = await openMapRig({ folder, lambdas, childrenAtOnce: 2 });
const input = await itemsFor(rig.objects, ids);
await rig.executions.run('wave', input, () => undefined, machineName);
