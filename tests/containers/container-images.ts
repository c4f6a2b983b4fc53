/** Whether a container can run here through a Docker-compatible socket, and with which image. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { GenericContainer, getContainerRuntimeClient, ImageName } from 'testcontainers';
import { parse } from 'yaml';

const COMPOSE_FILE = fileURLToPath(new URL('../../docker-compose.yml', import.meta.url));
/** A pull of some 500 MB, ms; a registry that does not answer must not block the whole run. */
const PULL_TIMEOUT_MS = 180_000;

/** @returns the image that docker-compose.yml names for a service, with its tag */
export function officialImage(service: string): string {
  const { services } = parse(readFileSync(COMPOSE_FILE, 'utf8'), { merge: true }) as {
    services: Record<string, { image?: string }>;
  };
  const image = services[service]?.image;
  if (image === undefined) throw new Error(`docker-compose.yml has no image for ${service}`);
  return image;
}

/** Pulls an image that is not there. @returns why there can be no container of it, or null */
export async function imageUnavailable(image: string): Promise<string | null> {
  const client = await getContainerRuntimeClient().catch(() => null);
  if (client === null) return 'no Docker-compatible socket answers (DOCKER_HOST)';
  const name = ImageName.fromString(image);
  if (await client.image.exists(name).catch(() => false)) return null;
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error('the pull takes too long')), PULL_TIMEOUT_MS);
  try {
    await Promise.race([client.image.pull(name), late]);
    // The end of the stream alone is not a success.
    return (await client.image.exists(name)) ? null : `${image} was not pulled`;
  } catch (error) {
    return `${image} cannot be pulled: ${error instanceof Error ? error.message : String(error)}`;
  } finally {
    clearTimeout(timer);
  }
}

/** A container whose ports are published on loopback and not, as the library does, to the world. */
export class LoopbackContainer extends GenericContainer {
  /** @param port inside; @param hostPort on 127.0.0.1 */
  withLoopbackPort(port: number, hostPort: number): this {
    this.withExposedPorts({ container: port, host: hostPort });
    const bound = [{ HostIp: '127.0.0.1', HostPort: String(hostPort) }];
    this.hostConfig.PortBindings = { ...this.hostConfig.PortBindings, [`${port}/tcp`]: bound };
    return this;
  }
}
