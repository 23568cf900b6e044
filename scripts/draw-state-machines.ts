/** Draws both state machines from their files into docs/images, for the README and docs/states.md. */
import { writeFileSync } from 'node:fs';
import { drawnMachines } from '../test/house/state-machine-images.ts';

for (const { file, svg } of drawnMachines()) writeFileSync(file, svg);
