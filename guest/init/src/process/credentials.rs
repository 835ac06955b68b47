//! From the agent's root to what a container's process may be: capabilities, groups, user, no_new_privs, limits. The seccomp
//! filter comes after all of this, right before exec.

use std::collections::HashSet;
use std::str::FromStr;

use caps::{CapSet, Capability};
use nix::sys::resource::{Resource, setrlimit};
use nix::unistd::{Gid, Uid, setgroups, setresgid, setresuid};

use crate::error::{Context, Error, Result};
use crate::spec::{Capabilities, Process, Rlimit};
use crate::user::User;

/// Gives up what the process must not have. Order matters: each step needs rights that a later one takes away.
pub fn assume(process: &Process, user: &User) -> Result<()> {
    for limit in &process.rlimits {
        set_limit(limit)?;
    }
    let sets = parse(&process.capabilities)?;
    // with no_new_privs nothing could be regained by exec anyway; the bounding set keeps that true without it
    let bounding = caps::read(None, CapSet::Bounding).context("cannot read the bounding set")?;
    for capability in bounding.difference(&sets.bounding) {
        caps::drop(None, CapSet::Bounding, *capability).context("cannot shrink the bounding set")?;
    }
    caps::securebits::set_keepcaps(true).context("cannot keep capabilities over the change of user")?;
    let groups: Vec<Gid> = user.groups.iter().copied().map(Gid::from_raw).collect();
    setgroups(&groups).context("cannot set the groups")?;
    let (uid, gid) = (Uid::from_raw(user.uid), Gid::from_raw(user.gid));
    setresgid(gid, gid, gid).context("cannot set the group")?;
    setresuid(uid, uid, uid).context("cannot set the user")?;
    caps::securebits::set_keepcaps(false).context("cannot reset keepcaps")?;
    // exec computes what the program gets from the other sets (capabilities(7)), so that this ends with it
    let until_exec = process.seccomp.as_ref().filter(|_| !process.no_new_privileges).map(|_| Capability::CAP_SYS_ADMIN);
    apply(&sets, user.uid, until_exec)?;
    if process.no_new_privileges {
        nix::sys::prctl::set_no_new_privs().context("cannot set no_new_privs")?;
    }
    Ok(())
}

struct Sets {
    bounding: HashSet<Capability>,
    effective: HashSet<Capability>,
    permitted: HashSet<Capability>,
    inheritable: HashSet<Capability>,
    ambient: HashSet<Capability>,
}

fn parse(capabilities: &Capabilities) -> Result<Sets> {
    Ok(Sets {
        bounding: names(&capabilities.bounding)?,
        effective: names(&capabilities.effective)?,
        permitted: names(&capabilities.permitted)?,
        inheritable: names(&capabilities.inheritable)?,
        ambient: names(&capabilities.ambient)?,
    })
}

fn names(names: &[String]) -> Result<HashSet<Capability>> {
    names
        .iter()
        .map(|name| Capability::from_str(name).map_err(|_| Error::invalid(format!("unknown capability {name}"))))
        .collect()
}

/// A user other than root starts with nothing effective but what is ambient: exec computes the rest (capabilities(7)).
fn apply(sets: &Sets, uid: u32, until_exec: Option<Capability>) -> Result<()> {
    let what = "cannot set the capabilities";
    let effective = if uid == 0 { &sets.effective } else { &sets.ambient };
    let permitted = if uid == 0 { &sets.permitted } else { &sets.ambient };
    let effective = effective.intersection(&sets.permitted).copied().chain(until_exec).collect();
    caps::set(None, CapSet::Effective, &effective).context(what)?;
    caps::set(None, CapSet::Permitted, &permitted.iter().copied().chain(until_exec).collect()).context(what)?;
    caps::set(None, CapSet::Inheritable, &sets.inheritable).context(what)?;
    caps::set(None, CapSet::Ambient, &sets.ambient).context(what)
}

fn set_limit(limit: &Rlimit) -> Result<()> {
    let resource = resource(&limit.kind).ok_or_else(|| Error::invalid(format!("unknown limit {}", limit.kind)))?;
    setrlimit(resource, limit.soft, limit.hard).invalid(format!("limit {} was refused", limit.kind))
}

fn resource(name: &str) -> Option<Resource> {
    Some(match name {
        "RLIMIT_AS" => Resource::RLIMIT_AS,
        "RLIMIT_CORE" => Resource::RLIMIT_CORE,
        "RLIMIT_CPU" => Resource::RLIMIT_CPU,
        "RLIMIT_DATA" => Resource::RLIMIT_DATA,
        "RLIMIT_FSIZE" => Resource::RLIMIT_FSIZE,
        "RLIMIT_LOCKS" => Resource::RLIMIT_LOCKS,
        "RLIMIT_MEMLOCK" => Resource::RLIMIT_MEMLOCK,
        "RLIMIT_MSGQUEUE" => Resource::RLIMIT_MSGQUEUE,
        "RLIMIT_NICE" => Resource::RLIMIT_NICE,
        "RLIMIT_NOFILE" => Resource::RLIMIT_NOFILE,
        "RLIMIT_NPROC" => Resource::RLIMIT_NPROC,
        "RLIMIT_RSS" => Resource::RLIMIT_RSS,
        "RLIMIT_RTPRIO" => Resource::RLIMIT_RTPRIO,
        "RLIMIT_RTTIME" => Resource::RLIMIT_RTTIME,
        "RLIMIT_SIGPENDING" => Resource::RLIMIT_SIGPENDING,
        "RLIMIT_STACK" => Resource::RLIMIT_STACK,
        _ => return None,
    })
}
