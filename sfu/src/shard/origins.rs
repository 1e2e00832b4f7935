//! Which session a datagram belongs to, by where it came from.

use std::{collections::HashMap, net::SocketAddr};

use super::Place;
use crate::ice::{ConnectionId, Path};

/// The checked paths of all sessions. UDP and TCP have tables of their own: a peer may have the same address in both, and
/// a UDP datagram is found by its address alone.
#[derive(Default)]
pub(super) struct Origins {
    addresses: HashMap<SocketAddr, Place>,
    connections: HashMap<ConnectionId, Place>,
}

impl Origins {
    /// Whose path it is.
    pub(super) fn find(&self, path: &Path) -> Option<Place> {
        match &path.connection {
            None => self.addresses.get(&path.remote).copied(),
            Some(connection) => self.connections.get(connection).copied(),
        }
    }

    /// Whose connection it is.
    pub(super) fn holder(&self, connection: ConnectionId) -> Option<Place> {
        self.connections.get(&connection).copied()
    }

    /// Gives a path to a session, whoever had it.
    pub(super) fn insert(&mut self, path: &Path, place: Place) {
        match path.connection {
            None => self.addresses.insert(path.remote, place),
            Some(connection) => self.connections.insert(connection, place),
        };
    }

    /// Takes a path from a session, unless somebody else has it by now.
    pub(super) fn forget(&mut self, place: Place, path: &Path) {
        if self.find(path) == Some(place) {
            match path.connection {
                None => self.addresses.remove(&path.remote),
                Some(connection) => self.connections.remove(&connection),
            };
        }
    }
}
