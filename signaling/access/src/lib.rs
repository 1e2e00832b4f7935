//! Who may do what: one table of roles and actions, read by every part of the program and written nowhere else.
//!
//! Whether a person belongs to a lesson is not decided here; that is the lesson's roster.

use protocol::{ParticipantId, message::Role};

/// Something a person can ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// Learn who the bearer of the token is.
    ReadSelf,
    /// Publish into the lead seats of a lesson of one's own.
    PublishLead,
    /// Publish as a teaching point of a lesson.
    PublishPoint,
    /// Receive a lesson's sound and picture.
    Watch,
    /// Put up or take down the hand of one's own class.
    RaiseHand,
    /// Call on a teaching point.
    GrantFloor,
    /// Take the floor seat back from any point.
    ReleaseFloor,
    /// Give one's own floor seat back.
    ReleaseOwnFloor,
    /// Start and stop courseware.
    ShareCourseware,
    /// Turn the lead's wall of points.
    TurnWall,
    /// End the lesson for all.
    EndLesson,
    /// Play a recording.
    ReplayRecording,
    /// See which recordings there are.
    ListLibrary,
    /// See today's lessons.
    ListLessons,
    /// Read how the server does, in figures.
    ReadMetrics,
    /// Have files made of a recording.
    ExportRecording,
    /// Tell how many pupils of one's own class are there.
    TellHeadcount,
    /// See the timetable of any school.
    ReadTimetable,
    /// Edit and import the timetable, take changes back.
    EditTimetable,
    /// See whether the county's day will work, and settle what its server needs help with.
    RunTheDay,
    /// See who is ready for one's own lessons.
    ReadReadiness,
    /// Read the delivery report and the records behind it.
    ReadLedger,
    /// Add corrections to the delivery ledger.
    CorrectLedger,
    /// Follow lessons in a calendar of one's own.
    FollowFeed,
}

/// Every action, for tests and for tables shown to people.
pub const ACTIONS: [Action; 24] = [
    Action::ReadSelf,
    Action::PublishLead,
    Action::PublishPoint,
    Action::Watch,
    Action::RaiseHand,
    Action::GrantFloor,
    Action::ReleaseFloor,
    Action::ReleaseOwnFloor,
    Action::ShareCourseware,
    Action::TurnWall,
    Action::EndLesson,
    Action::ReplayRecording,
    Action::ListLibrary,
    Action::ListLessons,
    Action::ReadMetrics,
    Action::ExportRecording,
    Action::TellHeadcount,
    Action::ReadTimetable,
    Action::EditTimetable,
    Action::RunTheDay,
    Action::ReadReadiness,
    Action::ReadLedger,
    Action::CorrectLedger,
    Action::FollowFeed,
];

/// Every role.
pub const ROLES: [Role; 5] = [Role::MasterTeacher, Role::ClassroomDevice, Role::Researcher, Role::Student, Role::Admin];

/// The roles that may do `action`. This is the table.
pub const fn permitted(action: Action) -> &'static [Role] {
    use Role::{Admin, ClassroomDevice, MasterTeacher, Researcher};
    match action {
        Action::ReadSelf | Action::ReplayRecording | Action::ListLibrary => &ROLES,
        Action::ListLessons => &[MasterTeacher, ClassroomDevice, Researcher, Admin],
        Action::Watch => &[MasterTeacher, ClassroomDevice, Researcher, Admin],
        Action::ReadMetrics | Action::EditTimetable | Action::RunTheDay | Action::CorrectLedger => &[Admin],
        Action::ReadTimetable => &[MasterTeacher, Researcher, Admin],
        Action::ReadReadiness => &[MasterTeacher, Admin],
        Action::ReadLedger => &[Researcher, Admin],
        Action::FollowFeed => &[MasterTeacher, ClassroomDevice, Researcher, Admin],
        Action::ExportRecording => &[MasterTeacher, Researcher, Admin],
        Action::TellHeadcount | Action::PublishPoint | Action::RaiseHand | Action::ReleaseOwnFloor => {
            &[ClassroomDevice]
        }
        Action::PublishLead
        | Action::GrantFloor
        | Action::ReleaseFloor
        | Action::ShareCourseware
        | Action::TurnWall
        | Action::EndLesson => &[MasterTeacher],
    }
}

/// Whether `role` may do `action`.
pub fn allows(role: Role, action: Action) -> bool {
    permitted(action).contains(&role)
}

/// Whether someone of this role comes into a lesson unseen: may watch, holds no seat of it.
pub fn is_observer(role: Role) -> bool {
    allows(role, Action::Watch) && !allows(role, Action::PublishLead) && !allows(role, Action::PublishPoint)
}

/// A person or device that has proved who it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Stable id; the participant id in lessons, but for observers.
    pub id: ParticipantId,
    /// Name to show.
    pub name: String,
    /// School or office.
    pub organisation: String,
    /// Role.
    pub role: Role,
}

impl Person {
    /// Whether this person may do `action`.
    pub fn may(&self, action: Action) -> bool {
        allows(self.role, action)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The whole table again, by role: `M`aster teacher, classroom `D`evice, `R`esearcher, `S`tudent, `A`dmin.
    const EXPECTED: [(Action, &str); 24] = [
        (Action::ReadSelf, "MDRSA"),
        (Action::PublishLead, "M...."),
        (Action::PublishPoint, ".D..."),
        (Action::Watch, "MDR.A"),
        (Action::RaiseHand, ".D..."),
        (Action::GrantFloor, "M...."),
        (Action::ReleaseFloor, "M...."),
        (Action::ReleaseOwnFloor, ".D..."),
        (Action::ShareCourseware, "M...."),
        (Action::TurnWall, "M...."),
        (Action::EndLesson, "M...."),
        (Action::ReplayRecording, "MDRSA"),
        (Action::ListLibrary, "MDRSA"),
        (Action::ListLessons, "MDR.A"),
        (Action::ReadMetrics, "....A"),
        (Action::ExportRecording, "M.R.A"),
        (Action::TellHeadcount, ".D..."),
        (Action::ReadTimetable, "M.R.A"),
        (Action::EditTimetable, "....A"),
        (Action::RunTheDay, "....A"),
        (Action::ReadReadiness, "M...A"),
        (Action::ReadLedger, "..R.A"),
        (Action::CorrectLedger, "....A"),
        (Action::FollowFeed, "MDR.A"),
    ];

    #[test]
    fn every_role_may_do_exactly_what_the_table_says() {
        assert_eq!(EXPECTED.map(|(action, _)| action), ACTIONS);
        for (action, letters) in EXPECTED {
            for (role, letter) in ROLES.into_iter().zip(letters.chars()) {
                assert_eq!(allows(role, action), letter != '.', "{role:?} {action:?}");
            }
        }
    }

    #[test]
    fn a_student_only_replays_and_lists_the_library() {
        let may: Vec<Action> = ACTIONS.into_iter().filter(|&a| allows(Role::Student, a)).collect();
        assert_eq!(may, [Action::ReadSelf, Action::ReplayRecording, Action::ListLibrary]);
    }

    #[test]
    fn researchers_and_admins_come_unseen_and_others_do_not() {
        let unseen: Vec<Role> = ROLES.into_iter().filter(|&r| is_observer(r)).collect();
        assert_eq!(unseen, [Role::Researcher, Role::Admin]);
    }
}
