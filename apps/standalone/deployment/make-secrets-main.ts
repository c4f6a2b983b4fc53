/**
 * `npm run deploy:secrets [FOLDER]`: makes the files that docker-compose.yml hands out as secrets.
 * Existing files stay. The admin token is printed once, by the run that makes it (I12).
 */
import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { adminTokenWasShown } from '@tollgate/adapters/secrets/admin-tokens.ts';
import { openSecrets } from '@tollgate/adapters/secrets/file-secrets.ts';

/** The user of our images. Compose mounts a secret's file as it is, owner and mode included. */
const IMAGE_USER = 10_001;

const folder = process.argv[2] ?? join('deploy', 'secrets');
mkdirSync(folder, { recursive: true, mode: 0o700 });
// The mounted files are read by several users in containers; on this machine the folder guards them.
chmodSync(folder, 0o700);
const installation = join(folder, 'tollgate_secrets');
const { newAdminToken } = openSecrets(installation);
makeOnce('clickhouse_password', randomBytes(24).toString('base64url'));
// The simulator takes any key. For a real provider, put its key into this file by hand.
makeOnce('provider_api_key', 'sk-simulator');
makeOnce('metrics_token', randomBytes(24).toString('base64url'));
makeOnce('eventstoredb_connection_string', 'esdb://kurrentdb:2113?tls=false');
makeOnce('valkey_url', 'redis://valkey:6379');
const lines = [`secrets are in ${folder}`];
if (newAdminToken !== null) lines.push(`admin token, shown only now: ${newAdminToken}`);
if (process.getuid?.() === 0) chownSync(installation, IMAGE_USER, IMAGE_USER);
else lines.push(`now run: sudo chown ${IMAGE_USER}:${IMAGE_USER} ${installation}`);
process.stdout.write(`${lines.join('\n')}\n`, (error) => {
  if (!error && newAdminToken !== null) adminTokenWasShown(installation);
});

function makeOnce(name: string, value: string): void {
  try {
    writeFileSync(join(folder, name), `${value}\n`, { flag: 'wx', mode: 0o444 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}
