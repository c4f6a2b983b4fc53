/**
 * The jars of a real Apache Kafka, from Maven Central through this machine's own Maven. They are
 * kept in the user's cache folder, so a machine fetches them once (45 jars, 45 MB).
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

const KAFKA_VERSION = '4.4.0';
const LOG4J_BINDING_VERSION = '2.25.5';
/** A cold fetch takes about 8 s; a slow mirror is given this long, ms. */
const FETCH_TIMEOUT_MS = 300_000;
const JAVA_MAJOR_MIN = 17;

const POM = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>dev.tollgate</groupId><artifactId>kafka-jars</artifactId><version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    <dependency>
      <groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId>
      <version>${KAFKA_VERSION}</version>
    </dependency>
    <dependency>
      <groupId>org.apache.logging.log4j</groupId><artifactId>log4j-slf4j-impl</artifactId>
      <version>${LOG4J_BINDING_VERSION}</version>
    </dependency>
  </dependencies>
</project>
`;

function cacheFolder(): string {
  const cache = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  return join(cache, 'tollgate');
}

function jarsFolder(): string {
  return join(cacheFolder(), `kafka-${KAFKA_VERSION}`);
}

/** @returns why no broker can run here and how to fix that, or null if one can */
export function kafkaUnavailable(): string | null {
  const java = spawnSync('java', ['-version'], { encoding: 'utf8' });
  const major = Number.parseInt(/version "(\d+)/.exec(java.stderr ?? '')?.[1] ?? '0', 10);
  if (major < JAVA_MAJOR_MIN) {
    const found = major === 0 ? 'there is none' : `this is Java ${major}`;
    return `Kafka needs Java ${JAVA_MAJOR_MIN} or later, ${found}: apt-get install openjdk-17-jre-headless`;
  }
  if (existsSync(jarsFolder())) return null;
  if (spawnSync('mvn', ['--version']).status === 0) return null;
  return 'fetching the jars of Kafka needs Maven: apt-get install maven';
}

/**
 * Fetches the jars unless they are there already; several processes may do so at once.
 *
 * @returns the folder of the jars
 * @throws Error with Maven's message if they cannot be fetched
 */
export function kafkaJars(): string {
  const jars = jarsFolder();
  if (existsSync(jars)) return jars;
  mkdirSync(cacheFolder(), { recursive: true });
  const work = mkdtempSync(join(cacheFolder(), 'fetching-'));
  try {
    writeFileSync(join(work, 'pom.xml'), POM);
    const goal = [
      'dependency:copy-dependencies',
      '-DincludeScope=runtime',
      '-DoutputDirectory=lib',
    ];
    const maven = spawnSync('mvn', ['-B', '-q', '-ntp', ...goal], {
      cwd: work,
      encoding: 'utf8',
      timeout: FETCH_TIMEOUT_MS,
    });
    if (maven.status !== 0) {
      const said = `${maven.error?.message ?? ''} ${maven.stdout} ${maven.stderr}`.trim();
      throw new Error(`Maven did not fetch Kafka ${KAFKA_VERSION}: ${said}`);
    }
    keep(join(work, 'lib'), jars);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return jars;
}

/** The whole folder or nothing: another process may have been quicker, and then its copy stays. */
export function keep(made: string, kept: string): void {
  try {
    renameSync(made, kept);
  } catch (error) {
    if (!existsSync(kept)) throw error;
    rmSync(made, { recursive: true });
  }
}
