//! Mount options as fstab and OCI write them → mount(2)'s flags and data.

/// What a mount's option list means.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct MountOptions {
    pub flags: libc::c_ulong,
    /// Propagation is a mount(2) call of its own.
    pub propagation: Option<libc::c_ulong>,
    /// What the file system itself is told.
    pub data: String,
}

/// Options that are no flags go to the file system as they are, as mount(8) does.
pub fn parse(options: &[String]) -> MountOptions {
    let mut parsed = MountOptions::default();
    let mut data = Vec::new();
    for option in options {
        match flag(option) {
            Some(Flag::Set(flag)) => parsed.flags |= flag,
            Some(Flag::Clear(flag)) => parsed.flags &= !flag,
            Some(Flag::Propagation(flag)) => parsed.propagation = Some(flag),
            None => data.push(option.as_str()),
        }
    }
    parsed.data = data.join(",");
    parsed
}

enum Flag {
    Set(libc::c_ulong),
    Clear(libc::c_ulong),
    Propagation(libc::c_ulong),
}

fn flag(option: &str) -> Option<Flag> {
    Some(match option {
        "bind" => Flag::Set(libc::MS_BIND),
        "rbind" => Flag::Set(libc::MS_BIND | libc::MS_REC),
        "ro" => Flag::Set(libc::MS_RDONLY),
        "rw" => Flag::Clear(libc::MS_RDONLY),
        "nosuid" => Flag::Set(libc::MS_NOSUID),
        "suid" => Flag::Clear(libc::MS_NOSUID),
        "nodev" => Flag::Set(libc::MS_NODEV),
        "dev" => Flag::Clear(libc::MS_NODEV),
        "noexec" => Flag::Set(libc::MS_NOEXEC),
        "exec" => Flag::Clear(libc::MS_NOEXEC),
        "noatime" => Flag::Set(libc::MS_NOATIME),
        "nodiratime" => Flag::Set(libc::MS_NODIRATIME),
        "relatime" => Flag::Set(libc::MS_RELATIME),
        "strictatime" => Flag::Set(libc::MS_STRICTATIME),
        "sync" => Flag::Set(libc::MS_SYNCHRONOUS),
        "private" => Flag::Propagation(libc::MS_PRIVATE),
        "rprivate" => Flag::Propagation(libc::MS_PRIVATE | libc::MS_REC),
        "slave" => Flag::Propagation(libc::MS_SLAVE),
        "rslave" => Flag::Propagation(libc::MS_SLAVE | libc::MS_REC),
        "shared" => Flag::Propagation(libc::MS_SHARED),
        "rshared" => Flag::Propagation(libc::MS_SHARED | libc::MS_REC),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(text: &str) -> MountOptions {
        parse(&text.split(',').map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn flags_data_and_propagation_are_told_apart() {
        let parsed = options("rbind,rprivate,ro,nosuid,mode=755,size=64k");
        assert_eq!(parsed.flags, libc::MS_BIND | libc::MS_REC | libc::MS_RDONLY | libc::MS_NOSUID);
        assert_eq!(parsed.propagation, Some(libc::MS_PRIVATE | libc::MS_REC));
        assert_eq!(parsed.data, "mode=755,size=64k");
    }

    #[test]
    fn the_last_word_counts() {
        assert_eq!(options("ro,rw").flags, 0);
        assert_eq!(options("rw,ro").flags, libc::MS_RDONLY);
        assert_eq!(options("noexec,exec,dev").flags, 0);
    }
}
