import { afterAll } from 'vitest';
import { keystoreStandIn } from '../rigs/keystore-server.ts';
import { stopTomcat, tomcatDaemon } from '../rigs/tomcat.ts';
import { connectorContract } from './connector.ts';
import { killedContract } from './killed.ts';

connectorContract(tomcatDaemon('PKCS12'));
killedContract(keystoreStandIn, { window: null });

afterAll(stopTomcat);
