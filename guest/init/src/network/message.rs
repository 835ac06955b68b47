//! Route netlink messages (rtnetlink(7)) byte by byte: the few that a pod's interfaces need. No system calls here.

use std::net::IpAddr;

/// rtattr(3): length and type in front of each value, padded to four bytes.
const ATTRIBUTE_HEADER: usize = 4;
pub const HEADER: usize = 16;
/// The kernel's answer to a request: `struct nlmsgerr` starts with the negative errno.
pub const NLMSG_ERROR: u16 = 2;

const NLM_F_REQUEST: u16 = 0x1;
const NLM_F_ACK: u16 = 0x4;
const NLM_F_REPLACE: u16 = 0x100;
const NLM_F_CREATE: u16 = 0x400;

const RTM_NEWLINK: u16 = 16;
const RTM_NEWADDR: u16 = 20;
const RTM_NEWROUTE: u16 = 24;
const RTM_NEWNEIGH: u16 = 28;

const IFLA_IFNAME: u16 = 3;
const IFLA_MTU: u16 = 4;
const IFA_ADDRESS: u16 = 1;
const IFA_LOCAL: u16 = 2;
const IFA_BROADCAST: u16 = 4;
const IFA_FLAGS: u16 = 8;
const RTA_DST: u16 = 1;
const RTA_OIF: u16 = 4;
const RTA_GATEWAY: u16 = 5;
const RTA_PRIORITY: u16 = 6;
const RTA_PREFSRC: u16 = 7;
const NDA_DST: u16 = 1;
const NDA_LLADDR: u16 = 2;

const IFA_F_NODAD: u32 = 0x02;
const IFA_F_NOPREFIXROUTE: u32 = 0x200;
const RT_TABLE_MAIN: u8 = 254;
const RTPROT_BOOT: u8 = 3;
const RTN_UNICAST: u8 = 1;
const RT_SCOPE_UNIVERSE: u8 = 0;
const RT_SCOPE_LINK: u8 = 253;
const RTNH_F_ONLINK: u32 = 4;
const NUD_PERMANENT: u16 = 0x80;

/// An address and how many of its bits name the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Prefix {
    pub address: IpAddr,
    pub length: u8,
}

impl Prefix {
    /// `10.0.0.1/24`; None if it is none.
    pub fn parse(text: &str) -> Option<Self> {
        let (address, length) = text.split_once('/')?;
        let address: IpAddr = address.parse().ok()?;
        let length: u8 = length.parse().ok()?;
        (length <= if address.is_ipv4() { 32 } else { 128 }).then_some(Self { address, length })
    }

    /// IPv4's broadcast address; none for a host's or a link of two (RFC 3021).
    fn broadcast(self) -> Option<IpAddr> {
        match self.address {
            IpAddr::V4(address) if self.length < 31 => {
                Some(IpAddr::V4((u32::from(address) | (u32::MAX >> self.length)).into()))
            }
            _ => None,
        }
    }
}

/// What a route message says.
#[derive(Debug, Clone, Copy)]
pub struct RouteSpec {
    pub destination: Prefix,
    pub gateway: Option<IpAddr>,
    pub source: Option<IpAddr>,
    pub metric: u32,
    pub onlink: bool,
}

/// A request under construction: header, family's own structure, attributes.
struct Message(Vec<u8>);

impl Message {
    fn new(kind: u16, flags: u16) -> Self {
        let mut bytes = vec![0; 4];
        bytes.extend(kind.to_ne_bytes());
        bytes.extend((NLM_F_REQUEST | NLM_F_ACK | flags).to_ne_bytes());
        // sequence number and port: one request at a time on a socket of its own needs neither
        bytes.extend([0; 8]);
        Self(bytes)
    }

    fn bytes(mut self, bytes: &[u8]) -> Self {
        self.0.extend(bytes);
        self
    }

    fn attribute(mut self, kind: u16, value: &[u8]) -> Self {
        // every value here is a few bytes long
        self.0.extend(((ATTRIBUTE_HEADER + value.len()) as u16).to_ne_bytes());
        self.0.extend(kind.to_ne_bytes());
        self.0.extend(value);
        self.0.resize(self.0.len().next_multiple_of(4), 0);
        self
    }

    fn address(self, kind: u16, address: Option<IpAddr>) -> Self {
        match address {
            None => self,
            Some(IpAddr::V4(address)) => self.attribute(kind, &address.octets()),
            Some(IpAddr::V6(address)) => self.attribute(kind, &address.octets()),
        }
    }

    fn finish(mut self) -> Vec<u8> {
        let length = self.0.len() as u32;
        self.0[..4].copy_from_slice(&length.to_ne_bytes());
        self.0
    }
}

fn family(address: IpAddr) -> u8 {
    (if address.is_ipv4() { libc::AF_INET } else { libc::AF_INET6 }) as u8
}

/// `struct ifinfomsg`
fn link(index: u32, flags: u32, change: u32) -> Message {
    Message::new(RTM_NEWLINK, 0)
        .bytes(&[0; 4])
        .bytes(&index.to_ne_bytes())
        .bytes(&flags.to_ne_bytes())
        .bytes(&change.to_ne_bytes())
}

/// A new name; the link must be down.
pub fn rename(index: u32, name: &str) -> Vec<u8> {
    let mut value = name.as_bytes().to_vec();
    value.push(0);
    link(index, 0, 0).attribute(IFLA_IFNAME, &value).finish()
}

pub fn set_mtu(index: u32, mtu: u32) -> Vec<u8> {
    link(index, 0, 0).attribute(IFLA_MTU, &mtu.to_ne_bytes()).finish()
}

pub fn set_up(index: u32) -> Vec<u8> {
    let up = libc::IFF_UP as u32;
    link(index, up, up).finish()
}

/// `struct ifaddrmsg`; no route comes with the address.
pub fn add_address(index: u32, prefix: Prefix) -> Vec<u8> {
    let address = Some(prefix.address);
    Message::new(RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE)
        .bytes(&[family(prefix.address), prefix.length, 0, RT_SCOPE_UNIVERSE])
        .bytes(&index.to_ne_bytes())
        .address(IFA_LOCAL, address)
        .address(IFA_ADDRESS, address)
        .address(IFA_BROADCAST, prefix.broadcast())
        .attribute(IFA_FLAGS, &(IFA_F_NODAD | IFA_F_NOPREFIXROUTE).to_ne_bytes())
        .finish()
}

/// `struct rtmsg`, into the main table.
pub fn add_route(index: u32, route: &RouteSpec) -> Vec<u8> {
    // scopes are IPv4's; IPv6 ignores them
    let scope = if route.gateway.is_none() { RT_SCOPE_LINK } else { RT_SCOPE_UNIVERSE };
    let flags = if route.onlink { RTNH_F_ONLINK } else { 0 };
    let mut message = Message::new(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE)
        .bytes(&[family(route.destination.address), route.destination.length, 0, 0])
        .bytes(&[RT_TABLE_MAIN, RTPROT_BOOT, scope, RTN_UNICAST])
        .bytes(&flags.to_ne_bytes());
    if route.destination.length > 0 {
        message = message.address(RTA_DST, Some(route.destination.address));
    }
    message = message.address(RTA_GATEWAY, route.gateway).address(RTA_PREFSRC, route.source);
    if route.metric > 0 {
        message = message.attribute(RTA_PRIORITY, &route.metric.to_ne_bytes());
    }
    message.attribute(RTA_OIF, &index.to_ne_bytes()).finish()
}

/// `struct ndmsg`, permanent.
pub fn add_neighbour(index: u32, address: IpAddr, mac: [u8; 6]) -> Vec<u8> {
    Message::new(RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE)
        .bytes(&[family(address), 0, 0, 0])
        .bytes(&index.to_ne_bytes())
        .bytes(&NUD_PERMANENT.to_ne_bytes())
        .bytes(&[0, RTN_UNICAST])
        .address(NDA_DST, Some(address))
        .attribute(NDA_LLADDR, &mac)
        .finish()
}

/// `aa:bb:cc:dd:ee:ff`; None if it is none.
pub fn parse_mac(text: &str) -> Option<[u8; 6]> {
    let bytes: Vec<u8> = text
        .split(':')
        .map(|part| {
            (part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_hexdigit()))
                .then(|| u8::from_str_radix(part, 16).ok())
                .flatten()
        })
        .collect::<Option<_>>()?;
    bytes.try_into().ok()
}

/// The errno in an acknowledgement (0: done); None if the message is something else.
pub fn acknowledged(message: &[u8]) -> Option<i32> {
    let kind = u16::from_ne_bytes(message.get(4..6)?.try_into().ok()?);
    let code = i32::from_ne_bytes(message.get(HEADER..HEADER + 4)?.try_into().ok()?);
    (kind == NLMSG_ERROR).then_some(-code)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prefix(text: &str) -> Prefix {
        Prefix::parse(text).unwrap()
    }

    #[test]
    fn prefixes_have_an_address_and_a_length_that_fits() {
        assert_eq!(prefix("10.0.0.1/24"), Prefix { address: "10.0.0.1".parse().unwrap(), length: 24 });
        assert_eq!(prefix("::/0").length, 0);
        for text in ["10.0.0.1", "10.0.0.1/33", "fd00::/129", "x/8", "10.0.0.1/-1", "10.0.0.1/24/3", ""] {
            assert_eq!(Prefix::parse(text), None, "{text}");
        }
    }

    #[test]
    fn broadcast_is_the_last_address_of_a_network() {
        assert_eq!(prefix("10.88.0.2/16").broadcast(), Some("10.88.255.255".parse().unwrap()));
        for text in ["10.0.0.1/32", "10.0.0.0/31", "fd00::1/64"] {
            assert_eq!(prefix(text).broadcast(), None, "{text}");
        }
        assert_eq!(prefix("1.2.3.4/0").broadcast(), Some("255.255.255.255".parse().unwrap()));
    }

    #[test]
    fn macs_have_six_bytes() {
        assert_eq!(parse_mac("02:0a:ff:00:10:9c"), Some([2, 10, 255, 0, 16, 156]));
        for text in
            ["", "02:0a:ff:00:10", "02:0a:ff:00:10:9c:01", "2:0a:ff:00:10:9c", "zz:0a:ff:00:10:9c", "+1:0a:ff:00:10:9c"]
        {
            assert_eq!(parse_mac(text), None, "{text}");
        }
    }

    #[test]
    fn messages_say_their_length_and_are_padded() {
        let route = RouteSpec {
            destination: prefix("0.0.0.0/0"),
            gateway: "10.0.0.1".parse().ok(),
            source: None,
            metric: 7,
            onlink: true,
        };
        for message in [
            rename(2, "eth0"),
            rename(2, "net10"),
            set_mtu(2, 1400),
            set_up(2),
            add_address(2, prefix("10.0.0.2/16")),
            add_address(2, prefix("fd00::2/64")),
            add_route(2, &route),
            add_neighbour(2, "fd00::1".parse().unwrap(), [1, 2, 3, 4, 5, 6]),
        ] {
            assert_eq!(message.len() % 4, 0);
            assert_eq!(u32::from_ne_bytes(message[..4].try_into().unwrap()) as usize, message.len());
        }
    }

    #[test]
    fn a_default_route_names_no_destination() {
        let route =
            |text: &str| RouteSpec { destination: prefix(text), gateway: None, source: None, metric: 0, onlink: false };
        let default = add_route(3, &route("0.0.0.0/0"));
        let subnet = add_route(3, &route("10.0.0.0/8"));
        assert_eq!(subnet.len(), default.len() + 8);
        assert_eq!(default[HEADER + 1], 0);
        assert_eq!(subnet[HEADER + 1], 8);
        assert_eq!(default[HEADER + 6], RT_SCOPE_LINK);
    }

    #[test]
    fn acknowledgements_carry_an_errno() {
        let mut answer = vec![36, 0, 0, 0];
        answer.extend(NLMSG_ERROR.to_ne_bytes());
        answer.extend([0; 10]);
        answer.extend((-libc::EEXIST).to_ne_bytes());
        assert_eq!(acknowledged(&answer), Some(libc::EEXIST));
        assert_eq!(acknowledged(&answer[..17]), None);
        answer[4] = 16;
        assert_eq!(acknowledged(&answer), None);
    }
}
