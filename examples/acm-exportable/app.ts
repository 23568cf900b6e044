/** An exportable public certificate of ACM on every host with a tag. ACM renews it, and the renewal starts a rollout. */
import { App, Stack } from 'aws-cdk-lib';
import { CfnCertificate } from 'aws-cdk-lib/aws-certificatemanager';
import { Certferry, Target } from 'certferry/cdk';

const stack = new Stack(new App(), 'Certferry');
const certificate = new CfnCertificate(stack, 'Certificate', {
  domainName: 'app.example.com',
  validationMethod: 'DNS',
  certificateExport: 'ENABLED', // only an exportable certificate has a private key that ACM hands out
  tags: [{ key: 'certferry', value: 'true' }], // lets the stack's functions export it
});

const certferry = new Certferry(stack, 'Certferry', { runtime: 'host' });
certferry.addCertificate({
  name: 'app.example.com',
  source: { kind: 'acm', certificateArn: certificate.ref },
});
certferry.addTarget(
  Target.caddy('app', {
    certificate: 'app.example.com',
    host: { tags: { app: 'web' } },
    certPath: '/etc/caddy/tls/fullchain.pem',
    keyPath: '/etc/caddy/tls/privkey.pem',
    verify: { endpoint: '{host}:443', serverName: 'app.example.com', probeFrom: 'host' },
  }),
);
