/** What the doctor can look at. Looking changes nothing, and shows no secret to anybody. */
import type { Api } from '../../connection/api.ts';
import type { Connection } from '../../connection/connection.ts';
import type { Environment, Installation } from '../../surroundings.ts';
import type { Finding } from './finding.ts';

export type Journal = {
  instance: string;
  /** Whether a running process has it. */
  isOwned: boolean;
};

export type Answer = { status: number; text: string; date: string | null };

export type Sight = {
  clock(): number;
  signal: AbortSignal;
  fetch: typeof fetch;
  environment: Environment;
  installation(): Promise<Installation>;
  connection(): Promise<Connection>;
  api(): Promise<Api>;
  /** As `26.1.0`. */
  nodeVersion: string;
  /** Of our own release. */
  version: string;
  /** Null: the system does not say. */
  openFilesMax(): number | null;
  /** Null: there is no such folder, nor one above it. */
  freeBytes(path: string): number | null;
  /** Who can use a file besides its owner; null: it is not there. */
  readersOf(path: string): 'everybody' | 'group' | 'nobody' | null;
  /** Whether a Tollgate runs on the data folder. */
  isRunning(data: string): boolean;
  portIsFree(host: string, port: number): Promise<boolean>;
  journals(data: string): readonly Journal[];
  /** What is wrong with the topics in Kafka; none where the log is embedded. */
  topicFaults(installation: Installation): Promise<readonly string[]>;
  /** GET of a page that needs no admin token. @throws Error if nobody answers */
  ask(url: string, token?: string): Promise<Answer>;
  profilesPath: string;
};

/** One look at a part: what it says, in the order in which people read it. */
export type Check = (sight: Sight) => Promise<Finding[]> | Finding[];
