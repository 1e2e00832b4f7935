//! The addresses browsers are told.

use std::net::{IpAddr, SocketAddr};

use nix::{ifaddrs::getifaddrs, net::if_::InterfaceFlags};
use sfu::sdp::{Candidate, Protocol};

use super::MediaAddress;

/// Where a shard with this port is reached: over UDP, over TCP at the same port, and at that of the pages.
pub(super) fn candidates(address: &MediaAddress, port: u16, tcp: bool) -> Vec<Candidate> {
    let ips = addresses(address);
    let at = |protocol, port| move |ip: &IpAddr| Candidate { protocol, address: SocketAddr::new(*ip, port) };
    let mut all: Vec<Candidate> = ips.iter().map(at(Protocol::Udp, port)).collect();
    if tcp {
        all.extend(ips.iter().map(at(Protocol::Tcp, port)));
    }
    if let Some(web) = address.web.filter(|_| address.tcp) {
        let is_configured = !address.announce.is_empty();
        let reached = ips.iter().filter(|&&ip| reaches(ip, web.ip(), is_configured));
        all.extend(reached.map(at(Protocol::Tcp, web.port())));
    }
    all
}

/// Whether what listens on `bound` is reached at `announced`, as far as can be known from here: behind a NAT a configured
/// address need not be one of this machine.
fn reaches(announced: IpAddr, bound: IpAddr, is_configured: bool) -> bool {
    let same_family = announced.is_ipv4() == bound.is_ipv4();
    match bound {
        _ if bound.is_unspecified() => same_family || bound.is_ipv6(),
        _ if announced == bound => true,
        _ => is_configured && same_family && !bound.is_loopback() && !announced.is_loopback(),
    }
}

/// Configured addresses; else the one bound; else every address of this machine that a browser could use.
fn addresses(address: &MediaAddress) -> Vec<IpAddr> {
    let ips = if !address.announce.is_empty() {
        address.announce.clone()
    } else if address.bind.is_unspecified() {
        own_addresses(address.bind.is_ipv6())
    } else {
        vec![address.bind]
    };
    if ips.is_empty() {
        tracing::warn!("no address to announce for media; set media.announce to the address browsers reach");
    }
    ips
}

fn own_addresses(with_v6: bool) -> Vec<IpAddr> {
    let Ok(interfaces) = getifaddrs() else { return Vec::new() };
    let up = interfaces.filter(|interface| interface.flags.contains(InterfaceFlags::IFF_UP));
    let addresses = up.filter_map(|interface| {
        let storage = interface.address?;
        let v4 = storage.as_sockaddr_in().map(|v4| IpAddr::V4(v4.ip()));
        v4.or_else(|| storage.as_sockaddr_in6().map(|v6| IpAddr::V6(v6.ip())))
    });
    // Loopback goes last: a browser on the same machine still finds a way.
    let mut usable: Vec<IpAddr> =
        addresses.filter(|ip| with_v6 || ip.is_ipv4()).filter(|ip| !is_link_local(ip)).collect();
    usable.sort_by_key(|ip| (ip.is_loopback(), ip.is_ipv6()));
    usable.dedup();
    usable
}

fn is_link_local(ip: &IpAddr) -> bool {
    match ip {
        IpAddr::V4(v4) => v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(bind: &str, announce: &[&str], web: Option<&str>) -> Vec<String> {
        let address = MediaAddress {
            bind: bind.parse().unwrap(),
            port: 8000,
            shards: 1,
            announce: announce.iter().map(|ip| ip.parse().unwrap()).collect(),
            tcp: true,
            web: web.map(|web| web.parse().unwrap()),
        };
        let name = |candidate: Candidate| match candidate.protocol {
            Protocol::Udp => format!("udp {}", candidate.address),
            Protocol::Tcp => format!("tcp {}", candidate.address),
        };
        candidates(&address, 8000, true).into_iter().map(name).collect()
    }

    #[test]
    fn udp_comes_first_then_tcp_then_the_port_of_the_pages() {
        let both = ["udp 10.0.0.5:8000", "udp [2001:db8::5]:8000", "tcp 10.0.0.5:8000", "tcp [2001:db8::5]:8000"];
        let announce = ["10.0.0.5", "2001:db8::5"];
        assert_eq!(told("::", &announce, None), both);
        assert_eq!(told("::", &announce, Some("[::]:443"))[4..], ["tcp 10.0.0.5:443", "tcp [2001:db8::5]:443"]);
        assert_eq!(told("::", &announce, Some("0.0.0.0:443"))[4..], ["tcp 10.0.0.5:443"]);
    }

    #[test]
    fn the_port_of_the_pages_is_told_only_where_it_is_reached() {
        let rows: [(&str, &[&str], &str, &[&str]); 6] = [
            ("127.0.0.1", &[], "127.0.0.1:8080", &["tcp 127.0.0.1:8080"]),
            ("10.0.0.5", &[], "10.0.0.5:443", &["tcp 10.0.0.5:443"]),
            ("10.0.0.5", &[], "10.0.0.6:443", &[]),
            // Behind a proxy for the pages.
            ("0.0.0.0", &["203.0.113.7"], "127.0.0.1:8080", &[]),
            // Behind 1:1 NAT.
            ("0.0.0.0", &["203.0.113.7"], "10.0.0.5:443", &["tcp 203.0.113.7:443"]),
            ("::", &["2001:db8::7"], "10.0.0.5:443", &[]),
        ];
        for (bind, announce, web, expected) in rows {
            let all = told(bind, announce, Some(web));
            assert_eq!(all[2..], *expected, "{bind} {announce:?} {web}");
        }
    }

    #[test]
    fn what_listens_on_all_ipv6_is_announced_in_both_families() {
        let own = |bind: &str| told(bind, &[], None);
        assert!(own("::").contains(&"udp 127.0.0.1:8000".to_owned()));
        assert!(own("::").contains(&"tcp 127.0.0.1:8000".to_owned()));
        assert!(own("0.0.0.0").iter().all(|candidate| !candidate.contains('[')));
        let has_v6 = own_addresses(true).iter().any(IpAddr::is_ipv6);
        assert_eq!(own("::").iter().any(|candidate| candidate.starts_with("udp [")), has_v6);
    }
}
