//! The pod's interfaces: the VM's network cards named and set up as CNI made them on the host.

mod message;
mod socket;

use std::fs;
use std::net::IpAddr;

use crate::error::{Context, Error, Result};
use crate::network::message::{Prefix, RouteSpec};
use crate::network::socket::Socket;
use crate::proto::{NetworkInterface, Route};

const INTERFACES: &str = "/sys/class/net";

/// A card of this VM.
struct Card {
    index: u32,
    name: String,
    mac: String,
}

/// Names, MTU, addresses, neighbours, routes; up. Each request is acknowledged before the next.
pub fn configure(interfaces: &[NetworkInterface]) -> Result<()> {
    if interfaces.is_empty() {
        return Ok(());
    }
    let socket = Socket::open()?;
    let cards = cards()?;
    let pairs = interfaces.iter().map(|wanted| Ok((wanted, card_of(wanted, &cards)?))).collect::<Result<Vec<_>>>()?;
    // two cards may have each other's name: none keeps its own while they are renamed
    for (_, card) in &pairs {
        socket.request(&message::rename(card.index, &format!("a3s{}", card.index))).context("cannot rename a card")?;
    }
    for (wanted, card) in &pairs {
        set_up(&socket, wanted, card.index)?;
    }
    Ok(())
}

fn set_up(socket: &Socket, wanted: &NetworkInterface, index: u32) -> Result<()> {
    let name = &wanted.name;
    let refused = |what: &str| format!("{what} of interface {name} was refused");
    check_name(name)?;
    socket.request(&message::rename(index, name)).invalid(refused("the name"))?;
    if wanted.mtu > 0 {
        socket.request(&message::set_mtu(index, wanted.mtu)).invalid(refused(&format!("MTU {}", wanted.mtu)))?;
    }
    harden(name)?;
    socket.request(&message::set_up(index)).context(format!("cannot bring up {name}"))?;
    for address in &wanted.addresses {
        let prefix = parse_prefix(address)?;
        socket.request(&message::add_address(index, prefix)).invalid(refused(&format!("address {address}")))?;
    }
    for neighbour in &wanted.neighbours {
        let address = parse_address(&neighbour.address)?;
        let mac = message::parse_mac(&neighbour.mac)
            .ok_or_else(|| Error::invalid(format!("{:?} is no hardware address", neighbour.mac)))?;
        socket
            .request(&message::add_neighbour(index, address, mac))
            .invalid(refused(&format!("neighbour {}", neighbour.address)))?;
    }
    // a gateway must be on the link when its route comes
    let (on_link, beyond): (Vec<&Route>, Vec<&Route>) =
        wanted.routes.iter().partition(|route| route.gateway.is_empty());
    for route in on_link.into_iter().chain(beyond) {
        let spec = route_spec(route)?;
        socket.request(&message::add_route(index, &spec)).invalid(refused(&format!("route {}", route.destination)))?;
    }
    Ok(())
}

/// The network has assigned the addresses: no detection of duplicates, and no router advertisements, which any neighbour could
/// send (CVE-2020-10749).
fn harden(name: &str) -> Result<()> {
    for (key, value) in [("accept_dad", "0"), ("accept_ra", "0")] {
        let path = format!("/proc/sys/net/ipv6/conf/{name}/{key}");
        match fs::write(&path, value) {
            // a kernel without IPv6 has nothing to harden
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            result => result.context(format!("cannot write {path}"))?,
        }
    }
    Ok(())
}

fn cards() -> Result<Vec<Card>> {
    let mut cards = Vec::new();
    for entry in fs::read_dir(INTERFACES).context(format!("cannot list {INTERFACES}"))? {
        let entry = entry.context(format!("cannot list {INTERFACES}"))?;
        let read = |file: &str| {
            let path = entry.path().join(file);
            fs::read_to_string(&path)
                .map(|text| text.trim().to_owned())
                .context(format!("cannot read {}", path.display()))
        };
        let index = read("ifindex")?;
        cards.push(Card {
            index: index.parse().context(format!("{index:?} is no interface index"))?,
            name: entry.file_name().to_string_lossy().into_owned(),
            mac: read("address")?,
        });
    }
    Ok(cards)
}

fn card_of<'a>(wanted: &NetworkInterface, cards: &'a [Card]) -> Result<&'a Card> {
    cards.iter().find(|card| card.name != "lo" && card.mac.eq_ignore_ascii_case(&wanted.mac)).ok_or_else(|| {
        let there: Vec<String> = cards.iter().map(|card| format!("{} ({})", card.name, card.mac)).collect();
        Error::invalid(format!("no network card has the address {}: there are {}", wanted.mac, there.join(", ")))
    })
}

/// The name becomes part of a path; the kernel's own rule is as strict (dev_valid_name).
fn check_name(name: &str) -> Result<()> {
    let valid = !name.is_empty()
        && name.len() < libc::IFNAMSIZ
        && name != "."
        && name != ".."
        && !name.chars().any(|letter| letter == '/' || letter == ':' || letter.is_whitespace() || letter.is_control());
    if valid { Ok(()) } else { Err(Error::invalid(format!("{name:?} is no interface name"))) }
}

fn route_spec(route: &Route) -> Result<RouteSpec> {
    let optional = |text: &str| if text.is_empty() { Ok(None) } else { parse_address(text).map(Some) };
    Ok(RouteSpec {
        destination: parse_prefix(&route.destination)?,
        gateway: optional(&route.gateway)?,
        source: optional(&route.source)?,
        metric: route.metric,
        onlink: route.onlink,
    })
}

fn parse_prefix(text: &str) -> Result<Prefix> {
    Prefix::parse(text).ok_or_else(|| Error::invalid(format!("{text:?} is no address with a prefix length")))
}

fn parse_address(text: &str) -> Result<IpAddr> {
    text.parse().invalid(format!("{text:?} is no address"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_what_the_kernel_takes() {
        for name in ["eth0", "net1", "veth.12-a"] {
            check_name(name).unwrap();
        }
        for name in ["", ".", "..", "a/b", "../x", "a b", "a:1", "sixteen-letters-"] {
            assert!(check_name(name).is_err(), "{name}");
        }
    }

    #[test]
    fn routes_name_what_is_wrong() {
        let route = |destination: &str, gateway: &str| Route {
            destination: destination.to_owned(),
            gateway: gateway.to_owned(),
            ..Route::default()
        };
        assert!(route_spec(&route("::/0", "fe80::1")).unwrap().gateway.is_some());
        assert!(route_spec(&route("10.0.0.0/8", "")).unwrap().gateway.is_none());
        assert!(route_spec(&route("default", "")).unwrap_err().message().contains("default"));
        assert!(route_spec(&route("::/0", "nowhere")).unwrap_err().message().contains("nowhere"));
    }
}
