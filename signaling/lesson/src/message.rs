//! What the clients ask for, and the rules of asking.

use access::{Action, allows};
use protocol::{
    ClientMessage, ParticipantId, ServerMessage, UtcMs,
    message::{Capabilities, Phase, Presence, Refusal},
};

use crate::{
    ConnectionId, Decoded, Effect, Happening, Lesson,
    limits::{MOST_PUPILS, PAGE_ID_LEN},
    rate::Pace,
};

/// Why a message is not carried out, and plain detail for developers.
pub(crate) type Refused = (Refusal, String);

impl Lesson {
    /// A client says something.
    pub fn handle_message(&mut self, from: ConnectionId, message: ClientMessage, now: UtcMs) {
        let request = kind(&message);
        if self.keeps_pace(from, request, now) {
            if let Err((reason, detail)) = self.carry_out(from, message, now) {
                self.refuse(from, request, reason, detail);
            }
            self.settle(now);
        }
    }

    /// A client says something that cannot be read; `detail` names the field at fault.
    pub fn handle_unreadable(&mut self, from: ConnectionId, detail: String, now: UtcMs) {
        if self.keeps_pace(from, "", now) {
            self.refuse(from, "", Refusal::Malformed, detail);
        }
    }

    /// Counts the message; false when it is dropped because there are too many.
    fn keeps_pace(&mut self, from: ConnectionId, request: &str, now: UtcMs) -> bool {
        match self.connections.pace(from, now) {
            Some(Pace::Fine) => true,
            Some(Pace::TooFast) => {
                self.refuse(from, request, Refusal::TooFast, String::new());
                false
            }
            Some(Pace::Hopeless) => {
                self.effects.push_back(Effect::CloseConnection(from));
                self.handle_disconnected(from, now);
                false
            }
            None => false,
        }
    }

    fn refuse(&mut self, to: ConnectionId, request: &str, reason: Refusal, detail: String) {
        let request = request.to_owned();
        self.tell(to, ServerMessage::Refused { request, reason, detail });
    }

    fn carry_out(&mut self, from: ConnectionId, message: ClientMessage, now: UtcMs) -> Result<(), Refused> {
        let Some(connection) = self.connections.get(from) else {
            return Ok(());
        };
        let (who, role, greeted) = (connection.who.clone(), connection.role, connection.greeted);
        if let ClientMessage::Hello { capabilities, page } = message {
            self.hello(from, capabilities, page, now);
            return Ok(());
        }
        if !greeted {
            return Err((Refusal::HelloFirst, String::new()));
        }
        if self.phase() == Phase::Ended {
            return Err((Refusal::Ended, String::new()));
        }
        if action_of(&message, &who).is_some_and(|action| !allows(role, action)) {
            return Err((Refusal::NotAllowed, String::new()));
        }
        match message {
            ClientMessage::Hello { .. } => {}
            ClientMessage::RaiseHand => {
                self.check_live()?;
                self.hands.raise(&who);
            }
            ClientMessage::LowerHand => self.hands.lower(&who),
            ClientMessage::GrantFloor { point } => self.grant_floor(point)?,
            ClientMessage::ReleaseFloor { point } => {
                if !self.floor.release(&point) {
                    return Err((Refusal::NotOnFloor, "point".into()));
                }
            }
            ClientMessage::StartCourseware => self.courseware.start(),
            ClientMessage::StopCourseware => self.courseware.stop(),
            ClientMessage::TurnWall { page } => {
                self.wall.turn(page, self.roster.point_ids().len());
            }
            ClientMessage::Headcount { count } => {
                if count > MOST_PUPILS {
                    return Err((Refusal::Malformed, "count".into()));
                }
                self.headcount(who, count, now);
            }
            ClientMessage::Received { frames_decoded, sound_ms, concealed_ms } => {
                if self.roster.point(&who).is_some() {
                    let decoded = Decoded { frames: frames_decoded, sound_ms, concealed_ms };
                    self.effects.push_back(Effect::Received { who, decoded });
                }
            }
            ClientMessage::Shows { pictures } => self.shows(from, pictures)?,
            ClientMessage::Line { report } => self.line_reported(from, report, now),
            ClientMessage::EndLesson => {
                if let Some(happening) = self.clock.end() {
                    self.moved_on(happening, now);
                }
            }
        }
        Ok(())
    }

    fn check_live(&self) -> Result<(), Refused> {
        match self.phase() {
            Phase::Live => Ok(()),
            _ => Err((Refusal::NotLive, String::new())),
        }
    }

    /// 到课人数: the lead and the point itself see it.
    fn headcount(&mut self, point: ParticipantId, count: u16, now: UtcMs) {
        let of_point = self.roster.member(&point).and_then(|member| member.connection);
        let to: Vec<ConnectionId> = self.roster.lead().connection.into_iter().chain(of_point).collect();
        self.journal(Some(point.clone()), Happening::Headcount(count), now);
        if !to.is_empty() {
            self.effects.push_back(Effect::Tell { to, message: ServerMessage::HeadcountChanged { point, count } });
        }
    }

    /// 点名: the point takes the floor seat, and its hand comes down.
    fn grant_floor(&mut self, point: ParticipantId) -> Result<(), Refused> {
        self.check_live()?;
        let member = self.roster.point(&point);
        let presence = member.ok_or((Refusal::UnknownParticipant, "point".to_owned()))?.presence();
        if matches!(presence, Presence::Absent | Presence::Lost) {
            return Err((Refusal::PointAbsent, "point".into()));
        }
        self.hands.lower(&point);
        self.floor.grant(point);
        Ok(())
    }

    fn hello(&mut self, from: ConnectionId, capabilities: Capabilities, page: Option<String>, now: UtcMs) {
        let Some((you, role)) = self.connections.get(from).map(|c| (c.who.clone(), c.role)) else {
            return;
        };
        let page = page.filter(|page| page.len() <= PAGE_ID_LEN);
        if let Some(member) = self.roster.seat_mut(&you, role)
            && let Some(old) = member.speaks_through(from, capabilities.decodes)
        {
            self.take_over(&you, old, page.as_deref(), now);
        }
        self.connections.greet(from, page);
        let lesson = Box::new(self.snapshot());
        self.tell(from, ServerMessage::Welcome { you, role, lesson, server_time: now });
        self.tell_pictures(from);
        if self.roster.lead().connection == Some(from) {
            self.tell_wall();
        }
    }

    /// `who` speaks through another connection from now on. The same page that reconnected keeps its media; a second
    /// device begins its own, and the first one's is closed.
    fn take_over(&mut self, who: &ParticipantId, old: ConnectionId, page: Option<&str>, now: UtcMs) {
        let before = self.connections.close(old).and_then(|c| c.page);
        let is_same_page = page.is_some() && before.as_deref() == page;
        if !is_same_page {
            self.tell(old, ServerMessage::Replaced);
            for peer in self.roster.take_sessions(who) {
                self.pictures.forget(peer);
                self.effects.push_back(Effect::ClosePeer(peer));
            }
            self.journal(Some(who.clone()), Happening::TakenOver, now);
        }
        self.effects.push_back(Effect::CloseConnection(old));
    }
}

/// `type` of a message, as it is on the wire.
fn kind(message: &ClientMessage) -> &'static str {
    match message {
        ClientMessage::Hello { .. } => "hello",
        ClientMessage::RaiseHand => "raise_hand",
        ClientMessage::LowerHand => "lower_hand",
        ClientMessage::GrantFloor { .. } => "grant_floor",
        ClientMessage::ReleaseFloor { .. } => "release_floor",
        ClientMessage::StartCourseware => "start_courseware",
        ClientMessage::StopCourseware => "stop_courseware",
        ClientMessage::TurnWall { .. } => "turn_wall",
        ClientMessage::Headcount { .. } => "headcount",
        ClientMessage::Received { .. } => "received",
        ClientMessage::Shows { .. } => "shows",
        ClientMessage::Line { .. } => "line",
        ClientMessage::EndLesson => "end_lesson",
    }
}

/// What `who` must be permitted to do for this message.
fn action_of(message: &ClientMessage, who: &ParticipantId) -> Option<Action> {
    Some(match message {
        ClientMessage::Hello { .. } => return None,
        ClientMessage::RaiseHand | ClientMessage::LowerHand => Action::RaiseHand,
        ClientMessage::GrantFloor { .. } => Action::GrantFloor,
        ClientMessage::ReleaseFloor { point } if point == who => Action::ReleaseOwnFloor,
        ClientMessage::ReleaseFloor { .. } => Action::ReleaseFloor,
        ClientMessage::StartCourseware | ClientMessage::StopCourseware => Action::ShareCourseware,
        ClientMessage::TurnWall { .. } => Action::TurnWall,
        ClientMessage::Headcount { .. } => Action::TellHeadcount,
        ClientMessage::Received { .. } | ClientMessage::Shows { .. } | ClientMessage::Line { .. } => Action::Watch,
        ClientMessage::EndLesson => Action::EndLesson,
    })
}
