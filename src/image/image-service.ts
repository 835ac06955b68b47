/** What src/cri and src/runtime need from the image store. Every method throws BoxError. */

/** The parts of an OCI image config that a container needs. */
export interface ImageConfig {
  readonly user: string;
  readonly env: readonly string[];
  readonly entrypoint: readonly string[];
  readonly cmd: readonly string[];
  readonly workingDir: string;
  readonly stopSignal: string;
  readonly labels: Readonly<Record<string, string>>;
}

export interface Image {
  /** The config digest, `sha256:<hex>`. */
  readonly id: string;
  readonly repoTags: readonly string[];
  readonly repoDigests: readonly string[];
  /** Bytes its layers take on disk plus its config; never 0. */
  readonly size: number;
  readonly config: ImageConfig;
  /** Bottom first. */
  readonly diffIds: readonly string[];
  readonly pinned: boolean;
}

/** One layer as guest-init needs it (guest.proto `Layer`). */
export interface LinkedLayer {
  /** File name below the directory given to linkLayers. */
  readonly name: string;
  readonly impliedDirs: readonly string[];
  readonly rootOpaque: boolean;
}

export interface RegistryAuth {
  readonly username: string;
  readonly password: string;
  readonly serverAddress: string;
  readonly identityToken: string;
  readonly registryToken: string;
}

export interface ImageFsUsage {
  /** A directory on the store's device. */
  readonly mountpoint: string;
  readonly usedBytes: number;
  readonly inodesUsed: number;
}

export interface ImageService {
  /** Answered from memory. */
  list(): readonly Image[];
  /** By name, name:tag, name@digest, id or unique id prefix of 12 or more characters. */
  find(reference: string): Image | undefined;
  /** Pulls for linux/amd64; layers already here are not fetched again. */
  pull(reference: string, auth: RegistryAuth | undefined, signal: AbortSignal): Promise<Image>;
  /** Removes the image with every tag and digest; unknown: nothing to do. */
  remove(reference: string): Promise<void>;
  usage(): Promise<ImageFsUsage>;
  /** Hard-links the image's layer files into `dir` (bottom first), so that removing the image cannot take them away. */
  linkLayers(imageId: string, dir: string): Promise<readonly LinkedLayer[]>;
}
