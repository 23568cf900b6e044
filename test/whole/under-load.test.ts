import { loadedDaemons } from '../load/daemons.ts';
import { hitlessContract } from '../load/hitless.ts';

for (const loaded of loadedDaemons) hitlessContract(loaded);
