/** Where the parts under test lie. `make e2e` builds them; nothing is looked for outside the checkout. */
import { fileURLToPath } from 'node:url';

const checkout = (path: string): string => fileURLToPath(new URL(`../../../${path}`, import.meta.url));

export const DAEMON = checkout('bin/a3s-boxd');
export const CRICTL = checkout('build/tools/crictl');
export const CRITEST = checkout('build/tools/critest');
/** The other end of a network test, static: runs on the node and in any container (test/netpeer). */
export const NETPEER = checkout('build/tools/netpeer');
/** containerd, its shim and runc (scripts/build-peer.sh). */
export const PEER = checkout('build/peer');
/** Storage of a docker-registry that holds the test images (scripts/build-test-images.sh). */
export const REGISTRY_DATA = checkout('build/test-images/registry');

/** Machines differ by a factor of forty (an emulated test node), so deadlines are for hangs only. */
export const DAEMON_START_MS = 180_000;
export const COMMAND_MS = 300_000;
export const EVENT_MS = 180_000;

/** bin/a3s-boxd's: for a test that must not wait longer than the daemon for a processor that VMs share with it. */
export const DAEMON_PRIORITY = -10;

/** Registries whose names the images carry; all are served by the local one. */
export const MIRRORED = ['docker.io', 'registry.k8s.io', 'gcr.io', 'k8s.gcr.io', 'public.ecr.aws'] as const;
export const BUSYBOX = 'docker.io/library/busybox:latest';
export const NGINX = 'docker.io/library/nginx:latest';
