/**
 * A secret with rotation: your rotation function requests a new certificate, and the new current version of the secret starts
 * a rollout. An operator approves it after the first wave.
 */
import { App, ArnFormat, Duration, Stack, Tags } from 'aws-cdk-lib';
import { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Certferry, Target } from 'certferry/cdk';

const stack = new Stack(new App(), 'Certferry');
const secret = new Secret(stack, 'Certificate', { secretName: 'certferry/shop.example.com' });
Tags.of(secret).add('certferry', 'true'); // lets the stack's functions read it
// your rotation function: it requests a certificate and stores it as the new version of the secret
const rotate = LambdaFunction.fromFunctionAttributes(stack, 'Rotate', {
  functionArn: stack.formatArn({
    service: 'lambda',
    resource: 'function',
    resourceName: 'rotate-certificate',
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  }),
  sameEnvironment: true,
});
secret.addRotationSchedule('Rotation', { rotationLambda: rotate, automaticallyAfter: Duration.days(30) });

const certferry = new Certferry(stack, 'Certferry', {
  runtime: 'host',
  notifications: { emails: ['ops@example.com'] },
});
certferry.addCertificate({
  name: 'shop.example.com',
  source: { kind: 'secretsmanager', secretId: secret.secretName },
  strategy: { waves: [1, '100%'], approvalAfterWave: 1 },
});
certferry.addTarget(
  Target.apache('shop', {
    certificate: 'shop.example.com',
    host: { tags: { app: 'shop' } },
    certPath: '/etc/apache2/tls/fullchain.pem',
    keyPath: '/etc/apache2/tls/privkey.pem',
    verify: { endpoint: '{host}:443', serverName: 'shop.example.com', probeFrom: 'host' },
    window: { days: ['sat', 'sun'], from: '02:00', to: '05:00', timeZone: 'Europe/Berlin' },
  }),
);
