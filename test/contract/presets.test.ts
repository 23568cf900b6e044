import { mariadb } from '../daemons/mariadb.ts';
import { mosquitto } from '../daemons/mosquitto.ts';
import { postgresql } from '../daemons/postgresql.ts';
import { underContract } from '../daemons/preset-site.ts';
import { redis } from '../daemons/redis.ts';
import { connectorContract } from './connector.ts';

const daemons = [postgresql, mariadb, redis, mosquitto];
for (const daemon of daemons) connectorContract(underContract(daemon));
