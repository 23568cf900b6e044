import { loadedPeers } from '../load/daemons.ts';
import { hitlessContract } from '../load/hitless.ts';

for (const loaded of loadedPeers) hitlessContract(loaded);
