/** Runs one daemon under load as a separate process and prints an `UnderLoad` as JSON. Arguments: title, folder, renewals. */
import { loadedDaemons, loadedPeers } from './daemons.ts';
import { renewUnderLoad } from './under-load.ts';

const [, , title, folder = '', renewals] = process.argv;
const found = [...loadedDaemons, ...loadedPeers].find(({ daemon }) => daemon.title === title);
if (found === undefined) throw new Error(`no daemon is called ${title}`);
process.stdout.write(JSON.stringify(await renewUnderLoad(found.daemon, folder, Number(renewals))));
