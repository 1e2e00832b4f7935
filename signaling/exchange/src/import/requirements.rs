//! Sheets of the periods a week that each grade must have of a subject.

use protocol::timetable::{Record, Requirement};

use super::{directory::Directory, headings::Column, places::contradicts, problems::Problems, table::Table};
use crate::{grammar::number::only_number, spelling::fold};

/// More periods a week than any timetable has.
const MOST_PERIODS: u32 = 50;

/// Reads requirements.
pub fn read_requirements(table: &Table<'_>, directory: &mut Directory, problems: &mut Problems) {
    for row in table.rows() {
        let grade = row.needed_name(Column::Grade, problems);
        let subject = row.needed_name(Column::Subject, problems);
        let Some(said) = row.needed(Column::PeriodsAWeek, problems) else { continue };
        let number = only_number(&fold(&said.text), "节课时/周每").filter(|number| *number <= MOST_PERIODS);
        let Some(periods) = number.and_then(|number| u8::try_from(number).ok()) else {
            problems.bad(&said, "2");
            continue;
        };
        let (Some(grade), Some(subject)) = (grade, subject) else { continue };
        let requirement = Requirement { grade: grade.tidy(), subject: subject.tidy(), periods };
        if let Some((Record::Requirement(other), at)) = directory.gather(Record::Requirement(requirement), row.place())
        {
            contradicts(&said, at, &other.periods.to_string(), problems);
        }
    }
}
