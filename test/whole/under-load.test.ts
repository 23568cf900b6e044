import { loadedDaemons } from '../rigs/load/daemons.ts';
import { hitlessContract } from '../rigs/load/hitless.ts';

for (const loaded of loadedDaemons) hitlessContract(loaded);
