//! Users and groups by the image's own /etc/passwd and /etc/group. The files are the image's: odd lines are skipped.

use std::collections::BTreeSet;

use crate::error::{Context, Error, Result};
use crate::spec::{GroupsPolicy, RequestedUser};

const NO_ID: u32 = u32::MAX;

/// Who a container's processes run as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    pub uid: u32,
    pub gid: u32,
    /// As `id -G` shows them: the primary group first, no repeats.
    pub groups: Vec<u32>,
    /// The home folder, `/` if the image knows none.
    pub home: String,
}

#[derive(Debug, PartialEq, Eq)]
struct PasswdEntry<'a> {
    name: &'a str,
    uid: u32,
    gid: u32,
    home: &'a str,
}

#[derive(Debug, PartialEq, Eq)]
struct GroupEntry<'a> {
    name: &'a str,
    gid: u32,
    members: Vec<&'a str>,
}

/// Resolves a request; INVALID_ARGUMENT if it names a user or group the image does not have, or an id that is none. Numbers are
/// ids, whatever the image calls its users: kubelet has judged the number (runAsNonRoot), not the image's idea of it.
pub fn resolve(request: &RequestedUser, passwd: &str, group: &str) -> Result<User> {
    let (user, own_group) = match request.user.split_once(':') {
        Some((user, group)) => (user, Some(group)),
        None => (request.user.as_str(), None),
    };
    let entry = find_user(user, passwd)?;
    let gid = match (request.group, own_group) {
        (Some(gid), _) => gid,
        (None, Some(name)) if !name.is_empty() => find_group(name, group)?,
        _ => entry.gid,
    };
    let mut groups = vec![gid];
    if request.policy == GroupsPolicy::Merge && !entry.name.is_empty() {
        groups.extend(memberships(entry.name, group));
    }
    groups.extend(&request.supplemental_groups);
    let mut seen = BTreeSet::new();
    groups.retain(|gid| seen.insert(*gid));
    // set*id(2) takes it as "unchanged", which is root
    if entry.uid == NO_ID || seen.contains(&NO_ID) {
        return Err(Error::invalid(format!("{NO_ID} is no user or group id")));
    }
    let home = if entry.home.is_empty() { "/" } else { entry.home };
    Ok(User { uid: entry.uid, gid, groups, home: home.to_owned() })
}

/// A number need not stand in passwd: then its group is 0, as every runtime does.
fn find_user<'a>(user: &'a str, passwd: &'a str) -> Result<PasswdEntry<'a>> {
    let found = match numeric(user)? {
        Some(uid) => {
            let known = passwd_entries(passwd).find(|entry| entry.uid == uid);
            Some(known.unwrap_or(PasswdEntry { name: "", uid, gid: 0, home: "" }))
        }
        None => passwd_entries(passwd).find(|entry| entry.name == user),
    };
    found.ok_or_else(|| {
        Error::invalid(format!("unable to find user {user}: no matching entry in the image's /etc/passwd"))
    })
}

fn find_group(name: &str, group: &str) -> Result<u32> {
    if let Some(gid) = numeric(name)? {
        return Ok(gid);
    }
    let found = group_entries(group).find(|entry| entry.name == name);
    let entry = found.ok_or_else(|| {
        Error::invalid(format!("unable to find group {name}: no matching entry in the image's /etc/group"))
    })?;
    Ok(entry.gid)
}

/// Digits alone (or nothing, which is root) are an id; one that is too large is none, and no name either.
fn numeric(text: &str) -> Result<Option<u32>> {
    match text {
        "" => Ok(Some(0)),
        digits if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            digits.parse().map(Some).invalid(format!("{digits} is no user or group id"))
        }
        _ => Ok(None),
    }
}

fn memberships<'a>(user: &'a str, group: &'a str) -> impl Iterator<Item = u32> + 'a {
    group_entries(group).filter(move |entry| entry.members.contains(&user)).map(|entry| entry.gid)
}

/// passwd(5): name:password:uid:gid:gecos:home:shell.
fn passwd_entries(passwd: &str) -> impl Iterator<Item = PasswdEntry<'_>> {
    passwd.lines().filter_map(|line| {
        let mut fields = line.trim().split(':');
        let name = fields.next()?;
        let uid = fields.nth(1)?.parse().ok()?;
        let gid = fields.next()?.parse().ok()?;
        let home = fields.nth(1).unwrap_or("");
        Some(PasswdEntry { name, uid, gid, home })
    })
}

/// group(5): name:password:gid:member,member…
fn group_entries(group: &str) -> impl Iterator<Item = GroupEntry<'_>> {
    group.lines().filter_map(|line| {
        let mut fields = line.trim().split(':');
        let name = fields.next()?;
        let gid = fields.nth(1)?.parse().ok()?;
        let members = fields.next().unwrap_or("").split(',').filter(|member| !member.is_empty()).collect();
        Some(GroupEntry { name, gid, members })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWD: &str =
        "root:x:0:0:root:/root:/bin/sh\nbroken\n:::\nwww-data:x:33:33::/var/www:/bin/false\n1000:x:7:8::/odd:\n";
    const GROUP: &str = "root:x:0:\nwww-data:x:33:\nextra:x:500:www-data,other\nbad:x:no:www-data\n";

    fn request(user: &str) -> RequestedUser {
        RequestedUser { user: user.to_owned(), ..RequestedUser::default() }
    }

    #[test]
    fn nobody_named_is_root() {
        let user = resolve(&request(""), PASSWD, GROUP).unwrap();
        assert_eq!(user, User { uid: 0, gid: 0, groups: vec![0], home: "/root".into() });
    }

    #[test]
    fn a_name_brings_its_groups_and_home() {
        let user = resolve(&request("www-data"), PASSWD, GROUP).unwrap();
        assert_eq!(user, User { uid: 33, gid: 33, groups: vec![33, 500], home: "/var/www".into() });
    }

    #[test]
    fn strict_takes_no_group_from_the_image() {
        let request =
            RequestedUser { policy: GroupsPolicy::Strict, supplemental_groups: vec![9, 33], ..request("www-data") };
        assert_eq!(resolve(&request, PASSWD, GROUP).unwrap().groups, vec![33, 9]);
    }

    #[test]
    fn an_unknown_number_is_fine_and_has_group_0() {
        let user = resolve(&request("4242"), PASSWD, GROUP).unwrap();
        assert_eq!((user.uid, user.gid, user.home.as_str()), (4242, 0, "/"));
    }

    #[test]
    fn a_number_is_an_id_even_if_a_user_is_called_so() {
        assert_eq!(resolve(&request("1000"), PASSWD, GROUP).unwrap().uid, 1000);
        assert_eq!(resolve(&request("1000"), "1000:x:0:0::/:", GROUP).unwrap().uid, 1000);
        assert_eq!(resolve(&request("1000:500"), PASSWD, "500:x:0:").unwrap().gid, 500);
    }

    #[test]
    fn what_the_kernel_would_not_take_as_an_id_is_refused() {
        for user in ["4294967295", "4294967296", "99999999999999999999", "0:4294967295", "evil", "0:evil"] {
            assert!(resolve(&request(user), "evil:x:4294967295:4::/:", "evil:x:4294967295:").is_err(), "{user}");
        }
        let asked = RequestedUser { supplemental_groups: vec![u32::MAX], ..request("0") };
        assert!(resolve(&asked, PASSWD, GROUP).is_err());
    }

    #[test]
    fn groups_by_name_and_number() {
        assert_eq!(resolve(&request("root:extra"), PASSWD, GROUP).unwrap().gid, 500);
        assert_eq!(resolve(&request("5:77"), PASSWD, GROUP).unwrap().gid, 77);
        let asked = RequestedUser { group: Some(3), ..request("5:77") };
        assert_eq!(resolve(&asked, PASSWD, GROUP).unwrap().gid, 3);
    }

    #[test]
    fn names_nobody_has_are_named_in_the_error() {
        assert!(resolve(&request("ghost"), PASSWD, GROUP).unwrap_err().message().contains("ghost"));
        assert!(resolve(&request("root:ghosts"), PASSWD, GROUP).unwrap_err().message().contains("ghosts"));
        assert!(resolve(&request("root"), "\u{0}::::::\n:", "").is_err());
    }

    /// A small generator (splitmix64): the same cases on every run.
    struct Cases(u64);

    impl Cases {
        fn next(&mut self) -> u64 {
            self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut mixed = self.0;
            mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            mixed ^ (mixed >> 31)
        }

        fn pick<'a>(&mut self, of: &[&'a str]) -> &'a str {
            of[(self.next() % of.len() as u64) as usize]
        }

        /// Lines of fields that are right, empty, odd, too large or too many.
        fn file(&mut self) -> String {
            const FIELDS: [&str; 14] =
                ["a", "b", "0", "7", "1000", "x", "", "-1", "4294967295", "4294967296", "a,b", "/home", "\u{0}", "ü"];
            let lines = self.next() % 6;
            (0..lines)
                .map(|_| (0..self.next() % 9).map(|_| self.pick(&FIELDS)).collect::<Vec<_>>().join(":") + "\n")
                .collect()
        }

        fn request(&mut self) -> RequestedUser {
            const NAMES: [&str; 10] = ["", "a", "b", "0", "7", "1000", "4294967295", "4294967296", "-1", "ghost"];
            let name = self.pick(&NAMES);
            let user = if self.next() % 2 == 0 { name.to_owned() } else { format!("{name}:{}", self.pick(&NAMES)) };
            let supplemental_groups = (0..self.next() % 4).map(|_| (self.next() % 10) as u32).collect();
            let policy = if self.next() % 2 == 0 { GroupsPolicy::Merge } else { GroupsPolicy::Strict };
            RequestedUser { user, supplemental_groups, policy, group: None }
        }
    }

    #[test]
    fn whatever_the_files_say_the_result_is_what_was_asked_for() {
        let mut cases = Cases(1);
        let mut resolved = 0;
        for _ in 0..20_000 {
            let (passwd, group, request) = (cases.file(), cases.file(), cases.request());
            let Ok(user) = resolve(&request, &passwd, &group) else { continue };
            resolved += 1;
            let context = format!("{request:?} of {passwd:?} and {group:?} is {user:?}");
            let (name, own_group) = request.user.split_once(':').unwrap_or((&request.user, ""));
            if name.is_empty() {
                assert_eq!(user.uid, 0, "{context}");
            } else if let Ok(uid) = name.parse::<u32>() {
                assert_eq!(user.uid, uid, "{context}");
            }
            if let Ok(gid) = own_group.parse::<u32>() {
                assert_eq!(user.gid, gid, "{context}");
            }
            assert!(user.uid != NO_ID && !user.groups.contains(&NO_ID), "{context}");
            assert_eq!(user.groups.first(), Some(&user.gid), "{context}");
            assert_eq!(user.groups.iter().collect::<BTreeSet<_>>().len(), user.groups.len(), "{context}");
            let wanted = |gid: &u32| *gid == user.gid || request.supplemental_groups.contains(gid);
            assert!(request.supplemental_groups.iter().all(|gid| user.groups.contains(gid)), "{context}");
            if request.policy == GroupsPolicy::Strict {
                assert!(user.groups.iter().all(wanted), "{context}");
            } else {
                let of_image = group_entries(&group).map(|entry| entry.gid).collect::<Vec<_>>();
                assert!(user.groups.iter().all(|gid| wanted(gid) || of_image.contains(gid)), "{context}");
            }
        }
        assert!(resolved > 5_000, "{resolved}");
    }
}
