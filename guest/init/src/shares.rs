//! The host's folders, as virtiofs shows them.

use std::fs;
use std::io::ErrorKind;

/**
 * Lets go of a volume that the host has taken away: for each name that this guest knows, the VMM holds a descriptor open, and with
 * it what was mounted there. A name that is to be made is always looked up anew; the host says that it is gone, and the kernel
 * drops all it knew below it. Nothing is made: both shares are read-only where volumes begin.
 */
pub fn let_go(volume: &str) {
    match fs::create_dir(volume) {
        Err(error) if matches!(error.kind(), ErrorKind::ReadOnlyFilesystem | ErrorKind::AlreadyExists) => {}
        Err(error) => eprintln!("a3s-init: cannot let go of {volume}: {error}"),
        Ok(()) => eprintln!("a3s-init: {volume} is not read-only"),
    }
}
