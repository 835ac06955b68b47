//! Users and groups by the image's own /etc/passwd and /etc/group. The files are the image's: odd lines are skipped.

use crate::error::{Error, Result};
use crate::spec::{GroupsPolicy, RequestedUser};

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

/// Resolves a request; INVALID_ARGUMENT if it names a user or group the image does not have.
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
    let mut seen = std::collections::BTreeSet::new();
    groups.retain(|gid| seen.insert(*gid));
    let home = if entry.home.is_empty() { "/" } else { entry.home };
    Ok(User { uid: entry.uid, gid, groups, home: home.to_owned() })
}

/// A number need not stand in passwd: then its group is 0, as every runtime does.
fn find_user<'a>(user: &'a str, passwd: &'a str) -> Result<PasswdEntry<'a>> {
    let wanted = if user.is_empty() { "0" } else { user };
    let by_name = passwd_entries(passwd).find(|entry| entry.name == wanted);
    if let Some(entry) = by_name {
        return Ok(entry);
    }
    let Ok(uid) = wanted.parse::<u32>() else {
        return Err(Error::invalid(format!(
            "unable to find user {wanted}: no matching entry in the image's /etc/passwd"
        )));
    };
    let known = passwd_entries(passwd).find(|entry| entry.uid == uid);
    Ok(known.unwrap_or(PasswdEntry { name: "", uid, gid: 0, home: "" }))
}

fn find_group(name: &str, group: &str) -> Result<u32> {
    if let Some(entry) = group_entries(group).find(|entry| entry.name == name) {
        return Ok(entry.gid);
    }
    name.parse().map_err(|_| {
        Error::invalid(format!("unable to find group {name}: no matching entry in the image's /etc/group"))
    })
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
    fn a_name_made_of_digits_wins_over_the_number() {
        assert_eq!(resolve(&request("1000"), PASSWD, GROUP).unwrap().uid, 7);
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
}
