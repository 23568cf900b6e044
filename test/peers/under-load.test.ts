import { loadedPeers } from '../rigs/load/daemons.ts';
import { hitlessContract } from '../rigs/load/hitless.ts';

for (const loaded of loadedPeers) hitlessContract(loaded);
