import { createWhereabouts } from '../../services/fleet/whereabouts.ts';
import { createTargetWhereabouts } from '../delivery/gone-hosts.ts';
import { checkingClients } from './clients.ts';
import { catalogue } from './wiring.ts';

/** Recognises gone hosts, in a file of its own: only then is the client of EC2 loaded. */
export const targetWhereabouts = createTargetWhereabouts({
  catalogue: catalogue(),
  find: createWhereabouts(checkingClients),
});
