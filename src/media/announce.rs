//! The addresses browsers are told.

use std::net::{IpAddr, SocketAddr};

use nix::{ifaddrs::getifaddrs, net::if_::InterfaceFlags};

use super::MediaAddress;

/// Configured addresses; else the one bound; else every address of this machine that a browser could use.
pub(super) fn candidates(address: &MediaAddress, port: u16) -> Vec<SocketAddr> {
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
    ips.into_iter().map(|ip| SocketAddr::new(ip, port)).collect()
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
