//! The parts of the OCI runtime spec that this agent carries out (config.json, v1.2), and the `a3s.user` annotation.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::error::{Context, Error, Result};
use crate::process::seccomp::Filter;

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Spec {
    pub process: Process,
    pub root: Root,
    #[serde(default)]
    pub hostname: String,
    #[serde(default)]
    pub mounts: Vec<Mount>,
    pub linux: Linux,
    #[serde(default)]
    pub annotations: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Process {
    #[serde(default)]
    pub terminal: bool,
    pub args: Vec<String>,
    #[serde(default)]
    pub env: Vec<String>,
    pub cwd: String,
    #[serde(default)]
    pub capabilities: Capabilities,
    #[serde(default)]
    pub no_new_privileges: bool,
    pub oom_score_adj: Option<i32>,
    #[serde(default)]
    pub rlimits: Vec<Rlimit>,
    /// Not OCI's: the daemon compiles profiles, and sends the filter beside the spec.
    #[serde(skip)]
    pub seccomp: Option<Filter>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Capabilities {
    pub bounding: Vec<String>,
    pub effective: Vec<String>,
    pub permitted: Vec<String>,
    pub inheritable: Vec<String>,
    pub ambient: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Rlimit {
    #[serde(rename = "type")]
    pub kind: String,
    pub soft: u64,
    pub hard: u64,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Root {
    #[serde(default)]
    pub readonly: bool,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Mount {
    pub destination: String,
    #[serde(rename = "type", default)]
    pub kind: String,
    #[serde(default)]
    pub source: String,
    #[serde(default)]
    pub options: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Linux {
    #[serde(default)]
    pub namespaces: Vec<Namespace>,
    #[serde(default)]
    pub masked_paths: Vec<String>,
    #[serde(default)]
    pub readonly_paths: Vec<String>,
    #[serde(default)]
    pub resources: Resources,
    pub seccomp: Option<serde_json::Value>,
    /// Not OCI's: comes beside the spec.
    #[serde(skip)]
    pub all_devices: bool,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Namespace {
    #[serde(rename = "type")]
    pub kind: NamespaceKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NamespaceKind {
    Mount,
    Pid,
    Ipc,
    Uts,
    Cgroup,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Resources {
    pub memory: Memory,
    pub cpu: Cpu,
    pub pids: Option<Pids>,
    pub devices: Vec<DeviceRule>,
    pub unified: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Memory {
    pub limit: Option<i64>,
    pub swap: Option<i64>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Cpu {
    pub shares: Option<u64>,
    pub quota: Option<i64>,
    pub period: Option<u64>,
    pub cpus: Option<String>,
    pub mems: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Pids {
    pub limit: i64,
}

/// What may be done with a device, or with all that the absent fields leave open. Later rules win over earlier ones.
#[derive(Debug, Clone, Deserialize)]
pub struct DeviceRule {
    pub allow: bool,
    #[serde(rename = "type")]
    pub kind: Option<DeviceKind>,
    pub major: Option<u32>,
    pub minor: Option<u32>,
    /// Letters of `rwm`.
    pub access: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum DeviceKind {
    #[serde(rename = "b")]
    Block,
    #[serde(rename = "c")]
    Character,
}

/// Who the process runs as, to be resolved in the image.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RequestedUser {
    /// `name|uid[:group|gid]`; empty means root.
    pub user: String,
    pub group: Option<u32>,
    pub supplemental_groups: Vec<u32>,
    pub policy: GroupsPolicy,
}

/// Kubernetes' supplementalGroupsPolicy: whether the image's /etc/group adds groups.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
pub enum GroupsPolicy {
    #[default]
    Merge,
    Strict,
}

const USER_ANNOTATION: &str = "a3s.user";

impl Spec {
    /// Parses a spec and refuses what this agent would otherwise silently not enforce.
    pub fn parse(json: &[u8]) -> Result<Self> {
        let spec: Self = serde_json::from_slice(json).invalid("the OCI spec cannot be read")?;
        if spec.process.args.is_empty() {
            return Err(Error::invalid("the OCI spec has nothing to run"));
        }
        if spec.linux.seccomp.is_some() {
            return Err(Error::invalid(
                "a seccomp profile in the OCI spec is not enforced: the filter comes beside it",
            ));
        }
        Ok(spec)
    }

    pub fn requested_user(&self) -> Result<RequestedUser> {
        match self.annotations.get(USER_ANNOTATION) {
            None => Ok(RequestedUser::default()),
            Some(json) => serde_json::from_str(json).invalid("annotation a3s.user cannot be read"),
        }
    }

    /// Whether the container gets its own namespace of this kind instead of the sandbox's.
    pub fn owns(&self, kind: NamespaceKind) -> bool {
        self.linux.namespaces.iter().any(|namespace| namespace.kind == kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: &str = r#"{"process":{"args":["sh"],"cwd":"/"},"root":{"path":"rootfs"},
        "linux":{"namespaces":[{"type":"pid"}]},
        "annotations":{"a3s.user":"{\"user\":\"www-data\",\"supplementalGroups\":[7],\"policy\":\"Strict\"}"}}"#;

    #[test]
    fn reads_what_the_daemon_writes() {
        let spec = Spec::parse(PLAIN.as_bytes()).unwrap();
        let user = spec.requested_user().unwrap();
        assert_eq!((user.user.as_str(), user.policy), ("www-data", GroupsPolicy::Strict));
        assert!(spec.owns(NamespaceKind::Pid));
        assert!(!spec.owns(NamespaceKind::Ipc));
    }

    #[test]
    fn refuses_what_it_would_not_enforce() {
        let seccomp = PLAIN.replace("\"namespaces\"", "\"seccomp\":{},\"namespaces\"");
        assert!(Spec::parse(seccomp.as_bytes()).unwrap_err().message().contains("seccomp"));
        assert!(Spec::parse(b"{}").is_err());
        let idle = PLAIN.replace("[\"sh\"]", "[]");
        assert!(Spec::parse(idle.as_bytes()).unwrap_err().message().contains("nothing to run"));
    }
}
