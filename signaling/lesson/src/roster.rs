//! Who holds a seat in this lesson: the lead first, then the points in their fixed order.

use protocol::{
    ParticipantId,
    message::{Participant, Presence, Role, VideoCodec},
};

use crate::{ConnectionId, PeerId, Plan, member::Member};

/// All seat-holders. The first is the lead.
#[derive(Debug)]
pub(crate) struct Roster {
    members: Vec<Member>,
    point_ids: Vec<ParticipantId>,
}

impl Roster {
    pub(crate) fn new(plan: &Plan) -> Self {
        let member = |party: &crate::Party, role| Member::new(party.id.clone(), party.name.clone(), role);
        let lead = member(&plan.master, Role::MasterTeacher);
        let points = plan.points.iter();
        Self {
            members: std::iter::once(lead).chain(points.map(|point| member(point, Role::ClassroomDevice))).collect(),
            point_ids: plan.points.iter().map(|p| p.id.clone()).collect(),
        }
    }

    /// Takes the parties of another plan; returns those that are in it no more.
    pub(crate) fn replan(&mut self, plan: &Plan) -> Vec<Member> {
        let mut before = std::mem::replace(self, Self::new(plan)).members;
        for member in &mut self.members {
            if let Some(at) = before.iter().position(|old| old.id == member.id && old.role == member.role) {
                *member = before.swap_remove(at).renamed(std::mem::take(&mut member.name));
            }
        }
        before
    }

    /// The lead teacher.
    pub(crate) fn lead(&self) -> &Member {
        &self.members[0]
    }

    /// The ids of the points, in their fixed order.
    pub(crate) fn point_ids(&self) -> &[ParticipantId] {
        &self.point_ids
    }

    /// All of them, in their order.
    pub(crate) fn members(&self) -> impl Iterator<Item = &Member> {
        self.members.iter()
    }

    /// The member with this id.
    pub(crate) fn member(&self, id: &ParticipantId) -> Option<&Member> {
        self.members.iter().find(|m| m.id == *id)
    }

    /// The member with this id, if it holds its seat in this role.
    pub(crate) fn seat_mut(&mut self, id: &ParticipantId, role: Role) -> Option<&mut Member> {
        self.members.iter_mut().find(|m| m.id == *id && m.role == role)
    }

    /// The point with this id.
    pub(crate) fn point(&self, id: &ParticipantId) -> Option<&Member> {
        self.member(id).filter(|m| m.role == Role::ClassroomDevice)
    }

    /// Whether this party is here; one without a seat never is.
    pub(crate) fn presence(&self, id: &ParticipantId) -> Presence {
        self.member(id).map_or(Presence::Absent, Member::presence)
    }

    /// Who is here.
    pub(crate) fn attendance(&self) -> impl Iterator<Item = (ParticipantId, Presence)> {
        self.members.iter().map(|member| (member.id.clone(), member.presence()))
    }

    /// The member that speaks through this connection.
    pub(crate) fn speaks_through(&self, connection: ConnectionId) -> Option<&Member> {
        self.members.iter().find(|m| m.connection == Some(connection))
    }

    /// The member that watches through this session.
    pub(crate) fn views_through(&self, peer: PeerId) -> Option<&Member> {
        self.members.iter().find(|m| m.viewing() == Some(peer))
    }

    /// The member whose media session this is.
    pub(crate) fn owner_mut(&mut self, peer: PeerId) -> Option<&mut Member> {
        self.members.iter_mut().find(|m| m.owns(peer))
    }

    /// Forgets all media sessions of this party and returns them.
    pub(crate) fn take_sessions(&mut self, id: &ParticipantId) -> Vec<PeerId> {
        let member = self.members.iter_mut().find(|m| m.id == *id);
        member.map(Member::take_sessions).unwrap_or_default()
    }

    /// The connection is gone.
    pub(crate) fn hang_up(&mut self, connection: ConnectionId) {
        for member in &mut self.members {
            if member.connection == Some(connection) {
                member.connection = None;
            }
        }
    }

    /// What each member that has said hello decodes.
    pub(crate) fn decoders(&self) -> impl Iterator<Item = &[VideoCodec]> + Clone {
        self.members.iter().filter_map(Member::decodes)
    }

    /// All of them as everyone sees them.
    pub(crate) fn seen(&self, codec: Option<VideoCodec>) -> Vec<Participant> {
        self.members.iter().map(|m| m.seen(codec)).collect()
    }
}
