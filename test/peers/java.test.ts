import { keytoolTests } from '../core/keystore/keytool-tests.ts';
import { fetched, keytoolOfJava25 } from './programs.ts';

keytoolTests('keystores and keytool of Java 25', keytoolOfJava25, [fetched(keytoolOfJava25)]);
