//! From the kernel's first call to a guest that can take containers.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;

use nix::sys::resource::{RLIM_INFINITY, Resource, setrlimit};
use serde::Deserialize;
use tokio_vsock::{VMADDR_CID_HOST, VsockAddr};

use crate::cgroup;
use crate::error::{Context, Error, Result};
use crate::sys;

const READY_PORT: u32 = 4087;
const BOOT_FILE: &str = "/boot.json";
const BOOT_FILE_LIMIT: u64 = 4096;
/// The daemon's scratch disk; ext4.
const SCRATCH_DISK: &str = "/dev/vda";

/// What the host tells this boot.
#[derive(Deserialize)]
pub struct BootConfig {
    pub version: u32,
    pub token: String,
}

/// What systemd lets a service raise its limit to; it must not be less than what a container's is set to.
const OPEN_FILES: u64 = 524_288;
const NO_FLAGS: libc::c_ulong = 0;
const HARDENED: libc::c_ulong = libc::MS_NOSUID | libc::MS_NODEV | libc::MS_NOEXEC;

/// source, target, type, flags, data
const MOUNTS: [(&str, &str, &str, libc::c_ulong, &str); 7] = [
    ("proc", "/proc", "proc", HARDENED, ""),
    ("sysfs", "/sys", "sysfs", HARDENED, ""),
    ("devtmpfs", "/dev", "devtmpfs", libc::MS_NOSUID, "mode=755"),
    ("tmpfs", "/run", "tmpfs", libc::MS_NOSUID | libc::MS_NODEV, "mode=755"),
    ("cgroup2", "/sys/fs/cgroup", "cgroup2", HARDENED, ""),
    ("rw", "/rw", "virtiofs", libc::MS_NOSUID | libc::MS_NODEV, ""),
    // the inode tables of a disk that lives no longer than its VM are not zeroed ahead: that is work for an idle guest, and space on the host
    (SCRATCH_DISK, "/scratch", "ext4", libc::MS_NOATIME, "noinit_itable"),
];

/// How the guest's kernel runs, each a file and its value.
const KERNEL: [(&str, &str); 3] = [
    // what it does by the clock though nothing has happened, half of what wakes an idle guest: looking for fragmented memory twice a
    // second, and bringing counters up to date every second
    ("/proc/sys/vm/compaction_proactiveness", "0"),
    ("/proc/sys/vm/stat_interval", "60"),
    // a round trip below 2^12 µs is one to a neighbour, to whom TCP sends large segments (kernel's ip-sysctl.rst); its own bound of
    // half a millisecond is for hosts, a guest's packets wait for exits as well
    ("/proc/sys/net/ipv4/tcp_tso_rtt_log", "12"),
];

/// Mounts the guest's world and reads what the host says.
pub fn prepare() -> Result<BootConfig> {
    for (source, target, kind, flags, data) in MOUNTS {
        match sys::mount(source, target, Some(kind), flags, data) {
            // the kernel may have mounted devtmpfs itself
            Err(error) if error.raw_os_error() == Some(libc::EBUSY) && kind == "devtmpfs" => {}
            result => result.context(format!("cannot mount {kind} at {target}"))?,
        }
    }
    sys::mount("none", "/", None, NO_FLAGS | libc::MS_REC | libc::MS_PRIVATE, "")
        .context("cannot make mounts private")?;
    fs::set_permissions("/scratch", fs::Permissions::from_mode(0o700)).context("cannot close /scratch")?;
    cgroup::enable_controllers()?;
    for (path, value) in KERNEL {
        fs::write(path, value).context(format!("cannot write {path}"))?;
    }
    stay_closed()?;
    raise_limits()?;
    stay_responsive()?;
    loopback_up()?;
    read_boot_file()
}

/// What the kernel gives its first process is too little for all that it starts: descriptors (each stream session costs about ten),
/// and processes of one user over all containers, whose own bound is the cgroup.
fn raise_limits() -> Result<()> {
    setrlimit(Resource::RLIMIT_NOFILE, OPEN_FILES, OPEN_FILES).context("cannot raise the limit of open files")?;
    setrlimit(Resource::RLIMIT_NPROC, RLIM_INFINITY, RLIM_INFINITY).context("cannot raise the limit of processes")
}

/// No process of a container can open what is behind /proc of the agent, or of its children before they run their programs, nor
/// trace them, unless it has CAP_SYS_PTRACE (process/birth.rs). The children inherit this; execve ends it.
fn stay_closed() -> Result<()> {
    nix::sys::prctl::set_dumpable(false).context("cannot close the agent to other processes")
}

/// Whatever the containers use up, the agent goes on answering: it is scheduled before them, and what it has in memory stays there
/// instead of being read again through virtiofs when memory is short. Its children get neither (sched(7), mlock(2)). The kernel
/// itself keeps process 1 from signals of containers and from the OOM killer.
fn stay_responsive() -> Result<()> {
    const FIRST: libc::c_int = -20;
    // SAFETY: the call takes no pointers.
    let raised = unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, FIRST) };
    sys::check(raised.into()).context("cannot raise the agent's priority")?;
    let parameters = libc::sched_param { sched_priority: 0 };
    // SAFETY: the parameters are read during the call.
    let reset =
        unsafe { libc::sched_setscheduler(0, libc::SCHED_OTHER | libc::SCHED_RESET_ON_FORK, &raw const parameters) };
    sys::check(reset.into()).context("cannot keep the agent's priority from its children")?;
    // SAFETY: the call takes no pointers; nothing of the process changes but that its pages stay.
    let locked = unsafe { libc::mlockall(libc::MCL_CURRENT | libc::MCL_FUTURE | libc::MCL_ONFAULT) };
    sys::check(locked.into()).map(|_| ()).context("cannot lock the agent's memory")
}

/// The file can be read once: a container that found its way to this root finds nothing.
fn read_boot_file() -> Result<BootConfig> {
    let mut json = String::new();
    fs::File::open(BOOT_FILE)
        .and_then(|file| file.take(BOOT_FILE_LIMIT).read_to_string(&mut json))
        .context(format!("cannot read {BOOT_FILE}"))?;
    let config: BootConfig = serde_json::from_str(&json).context(format!("cannot understand {BOOT_FILE}"))?;
    if config.version != 1 {
        return Err(Error::internal(format!("{BOOT_FILE} is of version {}, this agent knows 1", config.version)));
    }
    Ok(config)
}

fn loopback_up() -> Result<()> {
    // SAFETY: ifreq is plain data for which all zeros is valid; the name fits with its NUL.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    request.ifr_name[0] = b'l' as libc::c_char;
    request.ifr_name[1] = b'o' as libc::c_char;
    request.ifr_ifru.ifru_flags = (libc::IFF_UP | libc::IFF_RUNNING) as libc::c_short;
    let socket = std::net::UdpSocket::bind("0.0.0.0:0").context("cannot open a socket")?;
    // SAFETY: SIOCSIFFLAGS reads an ifreq, which outlives the call.
    let result =
        unsafe { libc::ioctl(std::os::fd::AsRawFd::as_raw_fd(&socket), libc::SIOCSIFFLAGS, &raw const request) };
    if result < 0 { Err(std::io::Error::last_os_error()).context("cannot bring up lo") } else { Ok(()) }
}

/// Tells the host, once, that this guest serves.
pub fn report_ready(token: &str, init_ns: i64) -> Result<()> {
    let ready_ns = sys::clock_ns(libc::CLOCK_BOOTTIME);
    let line = serde_json::json!({ "version": env!("CARGO_PKG_VERSION"), "token": token, "initNs": init_ns, "readyNs": ready_ns });
    let mut stream = vsock::VsockStream::connect(&VsockAddr::new(VMADDR_CID_HOST, READY_PORT))
        .context("cannot reach the host's ready port")?;
    stream.write_all(format!("{line}\n").as_bytes()).context("cannot tell the host that the guest is ready")
}
