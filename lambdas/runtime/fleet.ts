import { createFleet } from '../services/fleet.ts';
import { clientsFor, ownClients } from './accounts.ts';
import { once } from './once.ts';

/** Hosts, in the stack's own account and in those that gave it a role. */
export const fleet = once(() => createFleet({ ...ownClients(), clientsFor }));
