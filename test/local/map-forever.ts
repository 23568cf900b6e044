// Run by redrive.test.ts as a process of its own: carries a wave until it is killed.
import { itemsFor, machineName, openMapHouse } from './small-map.ts';

const [folder = '', lambdas = '', ...ids] = process.argv.slice(2);
const house = await openMapHouse({ folder, lambdas, childrenAtOnce: 2 });
const input = await itemsFor(house.objects, ids);
await house.executions.run('wave', input, () => undefined, machineName);
