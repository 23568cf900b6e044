import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { createWhereabouts } from '../../services/fleet/whereabouts.ts';
import { once } from '../../services/once.ts';
import { createCatalogue } from '../../services/registry/catalogue.ts';
import { createTargetWhereabouts } from '../delivery/target-whereabouts.ts';
import { checkingClients } from './clients.ts';
import { setting } from './environment.ts';

/** Recognises gone hosts, in a file of its own: only then is the client of EC2 loaded. */
export const targetWhereabouts = once(() =>
  createTargetWhereabouts({
    catalogue: createCatalogue(
      DynamoDBDocumentClient.from(new DynamoDBClient({})),
      setting('REGISTRY_TABLE'),
    ),
    find: createWhereabouts(checkingClients),
  }),
);
